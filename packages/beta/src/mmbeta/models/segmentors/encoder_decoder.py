"""Encoder-decoder segmentor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import gt
from typing import Any, cast

import torch
from torch import Tensor, nn

from engine.model import BaseModel, build_backbone, channels_of
from engine.structures import BaseDataElement, PixelData
from mmbeta.models.backbones.maps import maps_of
from mmbeta.models.layers import resize
from mmbeta.registry import MODELS
from mmbeta.structures import SegDataSample

from .windows import slide

Part = Mapping[str, Any] | nn.Module


@MODELS.register_module()
class EncoderDecoder(BaseModel):
    """A backbone and a decode head.

    Args:
        backbone: What turns images into feature maps, or its config, of this library or of another,
            `dict(type='mmalpha.ResNet', ...)` for example.
        decode_head: What turns feature maps into scores, or its config, which needs no
            `in_channels` if the backbone says those of its maps.
        neck: A neck between the two, or its config.
        auxiliary_head: A further head, or several, whose losses count in training and which
            predict nothing.
        test_cfg: How images are predicted: `dict(mode='whole')`, as None, or in windows with
            `dict(mode='slide', crop_size=(height, width), stride=(height, width))`, in pixels.
        data_preprocessor: As in `BaseModel`.
        val_loss: Whether a validation also reports the loss of the decode head, as the mean over
            the images. It costs no second pass of the model.
        init_cfg: As in `BaseModule`.

    Raises:
        ValueError: If `test_cfg` says no such thing.
    """

    def __init__(
        self,
        backbone: Part,
        decode_head: Part,
        neck: Part | None = None,
        auxiliary_head: Part | Sequence[Part] | None = None,
        test_cfg: Mapping[str, Any] | None = None,
        data_preprocessor: Part | None = None,
        val_loss: bool = False,
        init_cfg: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        super().__init__(data_preprocessor, init_cfg)
        self.test_cfg = dict(test_cfg or {"mode": "whole"})
        _check(self.test_cfg)
        self.val_loss = val_loss
        self.backbone = (
            backbone
            if isinstance(backbone, nn.Module)
            else build_backbone(MODELS, backbone, "maps")
        )
        self.neck = None if neck is None else _build(neck)
        channels = channels_of(self.backbone if self.neck is None else self.neck)
        self.decode_head: Any = _head(decode_head, channels)
        self.auxiliary_head = nn.ModuleDict(
            {name: _head(head, channels) for name, head in _auxiliary(auxiliary_head).items()}
        )

    def forward(
        self,
        inputs: Tensor,
        data_samples: Sequence[SegDataSample] | None = None,
        mode: str = "tensor",
    ) -> Tensor | dict[str, Tensor] | list[Any]:
        """Run the model.

        Args:
            inputs: Images `(N, C, H, W)`.
            data_samples: N data samples; the loss needs their `gt_sem_seg`.
            mode: `'tensor'` gives logits `(N, num_classes, H, W)`, `'loss'` the losses by name,
                `'predict'` the data samples with predictions, and with `val_loss` a data element
                with the loss behind them.

        Raises:
            ValueError: If there is no such mode, or a loss is asked for without data samples.
        """
        if mode == "tensor":
            return self.encode_decode(inputs)
        if mode == "predict":
            return self.predict(inputs, data_samples)
        if mode != "loss":
            raise ValueError(f"mode is 'tensor', 'loss' or 'predict'; got {mode!r}")
        if data_samples is None:
            raise ValueError("a loss needs data_samples with their gt_sem_seg")
        return self.loss(inputs, data_samples)

    def extract_feat(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """Compute the feature maps.

        Args:
            inputs: Images `(N, C, H, W)`.

        Returns:
            Maps `(N, C', H', W')`, one tensor for each level of the backbone, or of the neck.
        """
        maps = maps_of(self.backbone, inputs)
        return maps if self.neck is None else maps_of(self.neck, maps)

    def encode_decode(self, inputs: Tensor) -> Tensor:
        """Score the classes of each pixel, of each image as a whole.

        Args:
            inputs: Images `(N, C, H, W)`.

        Returns:
            Logits `(N, num_classes, H, W)`.
        """
        logits = self.decode_head.logits(self.extract_feat(inputs), inputs.shape[-2:])
        return cast("Tensor", logits)

    def inference(self, inputs: Tensor) -> Tensor:
        """Score the classes of each pixel, in the way that `test_cfg` says.

        Args:
            inputs: Images `(N, C, H, W)`.

        Returns:
            Logits `(N, num_classes, H, W)`.
        """
        if self.test_cfg["mode"] == "whole":
            return self.encode_decode(inputs)
        crop_size, stride = self.test_cfg["crop_size"], self.test_cfg["stride"]
        return slide(self.encode_decode, inputs, crop_size, stride)

    def loss(self, inputs: Tensor, data_samples: Sequence[SegDataSample]) -> dict[str, Tensor]:
        """Compute the losses of a batch.

        Args:
            inputs: Images `(N, C, H, W)`.
            data_samples: N data samples with their `gt_sem_seg`.

        Returns:
            The losses of the decode head. Where there are auxiliary heads, `decode.` stands before
            their names, and before those of the others `aux.`, or `aux_0.` and so on for a list.

        Raises:
            ValueError: If a mask does not have the size of the images.
        """
        size = inputs.shape[-2:]
        target = _target(data_samples, size)
        feats = self.extract_feat(inputs)
        losses: dict[str, Tensor] = self.decode_head.loss(
            self.decode_head.logits(feats, size), target
        )
        if self.auxiliary_head:
            losses = {f"decode.{name}": value for name, value in losses.items()}
        for which, head in cast("Mapping[str, Any]", self.auxiliary_head).items():
            values = head.loss(head.logits(feats, size), target)
            losses |= {f"{which}.{name}": value for name, value in values.items()}
        return losses

    def predict(
        self, inputs: Tensor, data_samples: Sequence[SegDataSample] | None = None
    ) -> list[Any]:
        """Predict the masks of a batch.

        Args:
            inputs: Images `(N, C, H, W)`.
            data_samples: N data samples to write the predictions to; None makes new ones. A mask
                has the size of its image before it was padded (`img_shape`) or, where it is known,
                before it was resize (`ori_shape`).

        Returns:
            N data samples with `pred_sem_seg`, and with `val_loss` a data element with the loss,
            where there are true masks.
        """
        return self.predict_scores(self.inference(inputs), data_samples)

    def predict_scores(
        self, scores: Tensor, data_samples: Sequence[SegDataSample] | None = None
    ) -> list[Any]:
        """Predict the masks of a batch from its scores.

        Args:
            scores: Logits `(N, num_classes, H, W)`.
            data_samples: As in `predict`.
        """
        samples = [SegDataSample() for _ in scores] if data_samples is None else [*data_samples]
        losses: list[dict[str, Tensor]] = []
        for sample, score in zip(samples, scores, strict=True):
            own = _restore_size(score, sample)
            sample.pred_sem_seg = PixelData(data=self.decode_head.labels(own))
            if self.val_loss and "gt_sem_seg" in sample:
                target = _target([sample], own.shape[-2:])
                losses.append(self.decode_head.loss(own[None], target))
        if not losses:
            return samples
        means = {name: torch.stack([each[name] for each in losses]).mean() for name in losses[0]}
        return [*samples, BaseDataElement(loss=means)]

    def test_step(self, data: Any) -> list[Any]:
        """Return the predictions for a batch, one data sample for each image, and no loss."""
        return [each for each in super().test_step(data) if isinstance(each, SegDataSample)]


def _build(part: Part) -> nn.Module:
    return part if isinstance(part, nn.Module) else MODELS.build(part)


def _head(head: Part, channels: Sequence[int] | None) -> nn.Module:
    if isinstance(head, nn.Module):
        return head
    follows = channels is not None and head.get("in_channels") is None
    return MODELS.build(head, default_args={"map_channels": channels} if follows else None)


def _auxiliary(heads: Part | Sequence[Part] | None) -> dict[str, Part]:
    """Return the auxiliary heads by the names that their losses get."""
    if heads is None:
        return {}
    if isinstance(heads, Mapping | nn.Module):
        return {"aux": heads}
    return {f"aux_{index}": head for index, head in enumerate(heads)}


def _check(test_cfg: Mapping[str, Any]) -> None:
    mode = test_cfg.get("mode")
    expected = {"whole": {"mode"}, "slide": {"mode", "crop_size", "stride"}}.get(str(mode))
    if expected is None:
        raise ValueError(f"mode of test_cfg is 'whole' or 'slide'; got {mode!r}")
    if test_cfg.keys() != expected:
        raise ValueError(
            f"test_cfg with the mode {mode!r} has {', '.join(sorted(expected))}; "
            f"got {', '.join(test_cfg)}"
        )
    for key in sorted(expected - {"mode"}):
        pair = test_cfg[key]
        if not isinstance(pair, Sequence) or len(pair) != 2 or min(pair) < 1:
            raise ValueError(f"{key} of test_cfg is a height and a width in pixels; got {pair!r}")
    if mode == "slide" and any(map(gt, test_cfg["stride"], test_cfg["crop_size"])):
        raise ValueError(
            f"stride of test_cfg is at most crop_size {tuple(test_cfg['crop_size'])}, or pixels "
            f"would be left out; got {tuple(test_cfg['stride'])}"
        )


def _target(data_samples: Sequence[SegDataSample], size: Sequence[int]) -> Tensor:
    """Return the true masks of a batch, `(N, H, W)` of int64."""
    masks = [sample.gt_sem_seg.data for sample in data_samples]
    for mask in masks:
        if mask.shape != (1, *size):
            raise ValueError(
                f"a mask has the size of the images of its batch, {tuple(size)}; "
                f"got {tuple(mask.shape[-2:])}"
            )
    return torch.cat(masks).long()


def _restore_size(scores: Tensor, sample: SegDataSample) -> Tensor:
    """Bring scores `(num_classes, H, W)` to the size that an image had at first."""
    height, width = sample.get("img_shape", scores.shape[-2:])
    scores = scores[:, :height, :width]
    first = tuple(sample.get("ori_shape", scores.shape[-2:]))
    return scores if scores.shape[-2:] == first else resize(scores[None], first)[0]
