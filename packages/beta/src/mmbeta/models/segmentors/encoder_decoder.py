"""The segmentation of whole images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from torch import Tensor, nn

from engine.model import BaseModel
from mmbeta.registry import MODELS
from mmbeta.structures import SegDataSample


@MODELS.register_module()
class EncoderDecoder(BaseModel):
    """A backbone and a decode head.

    Args:
        backbone: What turns images into feature maps, or its config, of this library or of another,
            `dict(type='mmalpha.ResNet', ...)` for example.
        decode_head: What turns feature maps into losses and masks, or its config.
        data_preprocessor: As in `BaseModel`.
        init_cfg: As in `BaseModule`.
    """

    def __init__(
        self,
        backbone: Mapping[str, Any] | nn.Module,
        decode_head: Mapping[str, Any] | nn.Module,
        data_preprocessor: Mapping[str, Any] | nn.Module | None = None,
        init_cfg: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        super().__init__(data_preprocessor, init_cfg)
        self.backbone = _built(backbone)
        self.decode_head: Any = _built(decode_head)

    def forward(
        self,
        inputs: Tensor,
        data_samples: Sequence[SegDataSample] | None = None,
        mode: str = "tensor",
    ) -> Tensor | dict[str, Tensor] | list[SegDataSample]:
        """Run the model.

        Args:
            inputs: Images `(N, C, H, W)`.
            data_samples: N data samples; the loss needs their `gt_sem_seg`.
            mode: `'tensor'` gives logits `(N, num_classes, H, W)`, `'loss'` the losses by name,
                `'predict'` the data samples with predictions.

        Raises:
            ValueError: If there is no such mode, or a loss is asked for without data samples.
        """
        if mode not in ("tensor", "loss", "predict"):
            raise ValueError(f"mode is 'tensor', 'loss' or 'predict'; got {mode!r}")
        feats = self.extract_feat(inputs)
        size = inputs.shape[-2:]
        if mode == "predict":
            return cast("list[SegDataSample]", self.decode_head.predict(feats, data_samples, size))
        if mode == "tensor":
            return cast("Tensor", self.decode_head.logits(feats, size))
        if data_samples is None:
            raise ValueError("a loss needs data_samples with their gt_sem_seg")
        return cast("dict[str, Tensor]", self.decode_head.loss(feats, data_samples, size))

    def extract_feat(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """Compute the feature maps.

        Args:
            inputs: Images `(N, C, H, W)`.

        Returns:
            Maps `(N, C', H', W')`, one tensor for each level of the backbone.
        """
        return cast("tuple[Tensor, ...]", self.backbone(inputs))


def _built(part: Mapping[str, Any] | nn.Module) -> nn.Module:
    return part if isinstance(part, nn.Module) else MODELS.build(part)
