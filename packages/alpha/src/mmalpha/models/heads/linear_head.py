"""Linear classification head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from engine.model import BaseModule
from mmalpha.registry import MODELS
from mmalpha.structures import DataSample

_INIT = dict(type="engine.Normal", layer="Linear", std=0.01)


@MODELS.register_module()
class LinearClsHead(BaseModule):
    """One linear layer from features to the scores of the classes.

    The probabilities of the classes are a softmax, or where the loss treats each class by itself
    (`use_sigmoid`), as binary cross entropy does, a sigmoid of each.

    Args:
        num_classes: How many classes there are.
        in_channels: Channels of the features. An `ImageClassifier` says them where its neck or
            backbone does.
        loss: The loss, or its config; None means cross entropy.
        norm: Whether a layer normalization comes before the layer, as in a ConvNeXt.
        init_cfg: As in `BaseModule`; None means a normal distribution of standard deviation 0.01.

    Raises:
        ValueError: If `num_classes` is not positive, or is 1 although the loss compares classes, or
            nothing says the channels.
    """

    default_loss = "mmalpha.CrossEntropyLoss"

    def __init__(
        self,
        num_classes: int,
        in_channels: int | None = None,
        loss: Mapping[str, Any] | nn.Module | None = None,
        norm: bool = False,
        init_cfg: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        super().__init__(_INIT if init_cfg is None else init_cfg)
        if num_classes < 1:
            raise ValueError(f"num_classes is at least 1; got {num_classes}")
        if in_channels is None:
            raise ValueError(
                f"{type(self).__name__} needs in_channels, since what comes before it does not "
                "tell its channels in `out_channels`"
            )
        self.num_classes = num_classes
        self.norm: nn.Module = nn.LayerNorm(in_channels, 1e-6) if norm else nn.Identity()
        self.fc: nn.Linear = nn.Linear(in_channels, num_classes)
        given = loss or dict(type=self.default_loss)
        self.loss_module: nn.Module = given if isinstance(given, nn.Module) else MODELS.build(given)
        if num_classes == 1 and not self.use_sigmoid:
            raise ValueError(
                f"num_classes is 1, and {type(self.loss_module).__name__} compares classes: there "
                "is nothing to learn. Use 2 classes, or a loss of each class by itself, "
                "dict(type='BinaryCrossEntropyLoss')"
            )

    @property
    def use_sigmoid(self) -> bool:
        """Whether the probability of a class is a sigmoid, by the loss."""
        is_binary = isinstance(self.loss_module, nn.BCEWithLogitsLoss)
        return bool(getattr(self.loss_module, "use_sigmoid", is_binary))

    def scores(self, feats: Sequence[Tensor]) -> Tensor:
        """Return the probabilities of the classes, `(N, num_classes)` of float32.

        Args:
            feats: As in `forward`.
        """
        logits: Tensor = self(feats).float()
        return logits.sigmoid() if self.use_sigmoid else logits.softmax(1)

    def forward(self, feats: Sequence[Tensor]) -> Tensor:
        """Score the classes.

        Args:
            feats: Vectors `(N, C)`, one tensor for each level; the last one counts.

        Returns:
            Logits `(N, num_classes)`.

        Raises:
            ValueError: If the features have other channels than `in_channels`, or are no vectors.
        """
        last = feats[-1]
        if last.ndim != 2 or last.shape[1] != self.fc.in_features:
            hint = "; neck=dict(type='GlobalAveragePooling') makes vectors of maps"
            raise ValueError(
                f"{type(self).__name__} takes vectors (N, {self.fc.in_features}), by its "
                f"in_channels; what comes before it gives {tuple(last.shape)}"
                f"{hint if last.ndim == 4 else ''}"
            )
        return cast("Tensor", self.fc(self.norm(last)))

    def loss(
        self, feats: Sequence[Tensor], data_samples: Sequence[DataSample]
    ) -> dict[str, Tensor]:
        """Compute the loss of a batch.

        Args:
            feats: As in `forward`.
            data_samples: N data samples with their `gt_label` or `gt_score`.
        """
        return {"loss": self.loss_module(self(feats).float(), targets_of(data_samples))}

    def predict(
        self, feats: Sequence[Tensor], data_samples: Sequence[DataSample] | None = None
    ) -> list[DataSample]:
        """Predict the classes of a batch.

        Args:
            feats: As in `forward`.
            data_samples: N data samples to write the predictions to; None makes new ones.

        Returns:
            N data samples with `pred_score` and `pred_label`.
        """
        return self.predict_scores(self.scores(feats), data_samples)

    def predict_scores(
        self, scores: Tensor, data_samples: Sequence[DataSample] | None = None
    ) -> list[DataSample]:
        """Predict the classes of a batch from their probabilities.

        Args:
            scores: Probabilities `(N, num_classes)`.
            data_samples: As in `predict`.
        """
        labels = scores.argmax(1)
        samples = _samples(data_samples, len(scores))
        for sample, score, label in zip(samples, scores, labels, strict=True):
            sample.set_pred_score(score).set_pred_label(label)
        return samples


@MODELS.register_module()
class MultiLabelHead(LinearClsHead):
    """One linear layer from features to the scores of classes of which an image may have several.

    The arguments are those of `LinearClsHead`; without a `loss` it is binary cross entropy. The
    data samples have a `gt_score` of zeros and ones.
    """

    default_loss = "mmalpha.BinaryCrossEntropyLoss"
    use_sigmoid = True

    def predict_scores(
        self, scores: Tensor, data_samples: Sequence[DataSample] | None = None
    ) -> list[DataSample]:
        """Predict the classes of a batch from their probabilities.

        Args:
            scores: Probabilities `(N, num_classes)`.
            data_samples: As in `predict`.

        Returns:
            N data samples with `pred_score`, a probability for each class by itself.
        """
        samples = _samples(data_samples, len(scores))
        for sample, score in zip(samples, scores, strict=True):
            sample.set_pred_score(score)
        return samples


def targets_of(data_samples: Sequence[DataSample]) -> Tensor:
    """Return the targets of a batch for a loss.

    Args:
        data_samples: N data samples.

    Returns:
        Their `gt_score`, `(N, C)`, if all have one, else their `gt_label`, `(N,)`.

    Raises:
        ValueError: If they have neither.
    """
    if all("gt_score" in sample for sample in data_samples):
        return torch.stack([sample.gt_score for sample in data_samples])
    if not all("gt_label" in sample for sample in data_samples):
        raise ValueError("a loss needs the gt_label or the gt_score of each data sample")
    return torch.cat([sample.gt_label for sample in data_samples])


def _samples(data_samples: Sequence[DataSample] | None, count: int) -> list[DataSample]:
    return [DataSample() for _ in range(count)] if data_samples is None else list(data_samples)
