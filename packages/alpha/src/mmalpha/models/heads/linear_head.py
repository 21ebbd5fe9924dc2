"""A linear classifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from engine.model import BaseModule
from mmalpha.registry import MODELS
from mmalpha.structures import DataSample

_INIT = dict(type="Normal", layer="Linear", std=0.01)


@MODELS.register_module()
class LinearClsHead(BaseModule):
    """One linear layer from features to the scores of the classes.

    Args:
        num_classes: How many classes there are.
        in_channels: Channels of the features.
        loss: The config of the loss; None means cross entropy.
        init_cfg: As in `BaseModule`; None means a normal distribution of standard deviation 0.01.

    Raises:
        ValueError: If `num_classes` is not positive.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        loss: Mapping[str, Any] | None = None,
        init_cfg: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        super().__init__(_INIT if init_cfg is None else init_cfg)
        if num_classes < 1:
            raise ValueError(f"num_classes is at least 1; got {num_classes}")
        self.num_classes = num_classes
        self.fc = nn.Linear(in_channels, num_classes)
        self.loss_module = MODELS.build(loss or dict(type="CrossEntropyLoss"))

    def forward(self, feats: Sequence[Tensor]) -> Tensor:
        """Score the classes.

        Args:
            feats: Vectors `(N, C)`, one tensor for each level; the last one counts.

        Returns:
            Logits `(N, num_classes)`.
        """
        return cast("Tensor", self.fc(feats[-1]))

    def loss(
        self, feats: Sequence[Tensor], data_samples: Sequence[DataSample]
    ) -> dict[str, Tensor]:
        """Compute the loss of a batch.

        Args:
            feats: As in `forward`.
            data_samples: N data samples with their `gt_label`.
        """
        target = torch.cat([sample.gt_label for sample in data_samples])
        return {"loss": self.loss_module(self(feats).float(), target)}

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
        scores = self(feats).float().softmax(1)
        samples = [DataSample() for _ in scores] if data_samples is None else list(data_samples)
        for sample, score in zip(samples, scores, strict=True):
            sample.set_pred_score(score).set_pred_label(score.argmax())
        return samples
