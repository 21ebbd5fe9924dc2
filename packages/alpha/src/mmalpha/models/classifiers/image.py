"""Image classifier: backbone, neck and head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, cast

from torch import Tensor, nn

from engine.model import BaseModel, build_backbone, channels_of, features_of
from engine.structures import BaseDataElement
from mmalpha.models.batch_augments import BatchAugments
from mmalpha.models.heads.linear_head import targets_of
from mmalpha.models.losses import one_hot_of
from mmalpha.registry import MODELS
from mmalpha.structures import DataSample

Part = Mapping[str, Any] | nn.Module


@MODELS.register_module()
class ImageClassifier(BaseModel):
    """A backbone, a neck and a head in a row.

    Args:
        backbone: What turns images into feature maps, or without a neck into vectors, or its
            config. Models of other packages, `dict(type='timm.resnet18')`, give what is needed.
        head: What turns features into losses and predictions, or its config, which needs no
            `in_channels` if the neck or the backbone says them.
        neck: A neck between them, or its config, if there is one.
        data_preprocessor: As in `BaseModel`.
        batch_augments: The arguments of `BatchAugments`, which mixes the images of a training
            batch: `dict(augments=[dict(type='Mixup', alpha=0.2), dict(type='CutMix')])`.
        val_loss: Whether a validation reports the loss too; the backbone runs once for both.
        init_cfg: As in `BaseModule`.
    """

    test_report: ClassVar[str | None] = "mmalpha.ClsReport"
    hub_task: ClassVar[str | None] = "image-classification"
    exported_outputs: ClassVar[Mapping[str, str]] = {
        "scores": "the probability of each class, (N, number of classes)"
    }

    def __init__(
        self,
        backbone: Part,
        head: Part,
        neck: Part | None = None,
        data_preprocessor: Part | None = None,
        batch_augments: Mapping[str, Any] | None = None,
        val_loss: bool = False,
        init_cfg: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        super().__init__(data_preprocessor, init_cfg)
        features: Literal["maps", "vectors"] = "vectors" if neck is None else "maps"
        self.backbone: nn.Module = (
            backbone
            if isinstance(backbone, nn.Module)
            else build_backbone(MODELS, backbone, features)
        )
        self.neck: nn.Module = nn.Identity()
        if neck is not None:
            self.neck = neck if isinstance(neck, nn.Module) else MODELS.build(neck)
        self.head: Any = head if isinstance(head, nn.Module) else self._build_head(head)
        self.batch_augments: BatchAugments | None = (
            None if batch_augments is None else BatchAugments(**batch_augments)
        )
        self.val_loss = val_loss

    def forward(
        self,
        inputs: Tensor,
        data_samples: Sequence[DataSample] | None = None,
        mode: str = "tensor",
    ) -> Tensor | dict[str, Tensor] | list[DataSample]:
        """Run the model.

        Args:
            inputs: Images `(N, C, H, W)`.
            data_samples: N data samples; the loss needs their `gt_label` or `gt_score`.
            mode: `'tensor'` gives logits `(N, num_classes)`, `'loss'` the losses by name,
                `'predict'` the data samples with predictions.

        Raises:
            ValueError: If there is no such mode, or a loss is asked for without data samples.
        """
        if mode not in ("tensor", "loss", "predict"):
            raise ValueError(f"mode is 'tensor', 'loss' or 'predict'; got {mode!r}")
        if mode == "loss":
            if data_samples is None:
                raise ValueError("a loss needs data_samples with their gt_label")
            if self.training and self.batch_augments is not None:
                inputs, data_samples = self._mix(inputs, data_samples)
            return cast(
                "dict[str, Tensor]", self.head.loss(self.extract_feat(inputs), data_samples)
            )
        feats = self.extract_feat(inputs)
        if mode == "predict":
            return cast("list[DataSample]", self.head.predict(feats, data_samples))
        return cast("Tensor", self.head(feats))

    def val_step(self, data: Any) -> list[Any]:
        """Return the predictions for a batch, and behind them its losses if `val_loss` is set.

        Args:
            data: A batch as the data loader gives it.
        """
        if not self.val_loss:
            return super().val_step(data)
        batch = self.data_preprocessor(data, False)
        feats = self.extract_feat(batch["inputs"])
        losses = self.head.loss(feats, batch["data_samples"])
        return [*self.head.predict(feats, batch["data_samples"]), BaseDataElement(loss=losses)]

    def test_step(self, data: Any) -> list[Any]:
        """Return the predictions for a batch, one data sample for each of its items."""
        return super().val_step(data)

    def export_forward(self, images: Tensor) -> dict[str, Tensor]:
        """Return the `scores` of images `(N, C, H, W)`: probabilities `(N, num_classes)`."""
        inputs = self.data_preprocessor({"inputs": images}, False)["inputs"]
        return {"scores": self.head.scores(self.extract_feat(inputs))}

    def predict_outputs(
        self, outputs: Mapping[str, Tensor], data_samples: Sequence[DataSample] | None = None
    ) -> list[DataSample]:
        """Return the predictions for a batch from the `scores` that an exported model gave."""
        return cast("list[DataSample]", self.head.predict_scores(outputs["scores"], data_samples))

    def extract_feat(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """Compute what the head takes.

        Args:
            inputs: Images `(N, C, H, W)`.

        Returns:
            Features, one tensor for each level of the backbone.
        """
        return cast("tuple[Tensor, ...]", self.neck(features_of(self.backbone, inputs)))

    def _build_head(self, head: Mapping[str, Any]) -> nn.Module:
        """Build the head, with the channels that the neck or the backbone gives."""
        told = channels_of(self.neck) or channels_of(self.backbone)
        # timm says the length of a vector so.
        last = told[-1] if told else getattr(self.backbone, "num_features", None)
        follows = isinstance(last, int) and head.get("in_channels") is None
        return MODELS.build(head, default_args={"in_channels": last} if follows else None)

    def _mix(
        self, inputs: Tensor, data_samples: Sequence[DataSample]
    ) -> tuple[Tensor, list[DataSample]]:
        assert self.batch_augments is not None
        target = targets_of(data_samples)
        if target.ndim == 1:
            ignored = getattr(getattr(self.head, "loss_module", None), "ignore_index", None)
            target = one_hot_of(target, self.head.num_classes, ignored)
        inputs, target = self.batch_augments(inputs, target.float())
        return inputs, [DataSample().set_gt_score(each) for each in target]
