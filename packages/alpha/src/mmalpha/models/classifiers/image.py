"""The classification of whole images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from torch import Tensor, nn

from engine.model import BaseModel
from mmalpha.registry import MODELS
from mmalpha.structures import DataSample


@MODELS.register_module()
class ImageClassifier(BaseModel):
    """A backbone, a neck and a head in a row.

    Args:
        backbone: The config of what turns images into feature maps.
        head: The config of what turns features into losses and predictions.
        neck: The config of what stands between them, if anything does.
        data_preprocessor: As in `BaseModel`.
        init_cfg: As in `BaseModule`.
    """

    def __init__(
        self,
        backbone: Mapping[str, Any],
        head: Mapping[str, Any],
        neck: Mapping[str, Any] | None = None,
        data_preprocessor: Mapping[str, Any] | nn.Module | None = None,
        init_cfg: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        super().__init__(data_preprocessor, init_cfg)
        self.backbone = MODELS.build(backbone)
        self.neck = nn.Identity() if neck is None else MODELS.build(neck)
        self.head: Any = MODELS.build(head)

    def forward(
        self,
        inputs: Tensor,
        data_samples: Sequence[DataSample] | None = None,
        mode: str = "tensor",
    ) -> Tensor | dict[str, Tensor] | list[DataSample]:
        """Run the model.

        Args:
            inputs: Images `(N, C, H, W)`.
            data_samples: N data samples; the loss needs their `gt_label`.
            mode: `'tensor'` gives logits `(N, num_classes)`, `'loss'` the losses by name,
                `'predict'` the data samples with predictions.

        Raises:
            ValueError: If there is no such mode, or a loss is asked for without data samples.
        """
        if mode not in ("tensor", "loss", "predict"):
            raise ValueError(f"mode is 'tensor', 'loss' or 'predict'; got {mode!r}")
        feats = self.extract_feat(inputs)
        if mode == "predict":
            return cast("list[DataSample]", self.head.predict(feats, data_samples))
        if mode == "tensor":
            return cast("Tensor", self.head(feats))
        if data_samples is None:
            raise ValueError("a loss needs data_samples with their gt_label")
        return cast("dict[str, Tensor]", self.head.loss(feats, data_samples))

    def extract_feat(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """Compute what the head takes.

        Args:
            inputs: Images `(N, C, H, W)`.

        Returns:
            Features, one tensor for each level of the backbone.
        """
        return cast("tuple[Tensor, ...]", self.neck(self.backbone(inputs)))
