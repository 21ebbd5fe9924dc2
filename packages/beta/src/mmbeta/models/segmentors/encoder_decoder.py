"""Encoder-decoder segmentor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import gt
from typing import Any, ClassVar, cast

import torch
from torch import Tensor, nn

from engine.model import BaseModel, build_backbone, channels_of, features_of
from engine.structures import BaseDataElement
from mmbeta.models.backbones.maps import maps_of
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
        task_heads: Heads of further tasks, or their configs, by name: their losses count, and they
            predict too. Each has a `field` of its own.
        test_cfg: How images are predicted: `dict(mode='whole')`, as None, or in windows with
            `dict(mode='slide', crop_size=(height, width), stride=(height, width))`, in pixels.
        data_preprocessor: As in `BaseModel`.
        val_loss: Whether a validation also reports the loss of the decode head, as the mean over
            the images. It costs no second pass of the model.
        init_cfg: As in `BaseModule`.

    Raises:
        ValueError: If `test_cfg` says no such thing, or two heads have one name or predict the same
            field, or a head predicts whole images, which windows don't show.
    """

    test_report: ClassVar[str | None] = "mmbeta.SegReport"
    hub_task: ClassVar[str | None] = "image-segmentation"
    exported_outputs: ClassVar[Mapping[str, str]] = {
        "logits": "the logit of each class for each pixel of the input, "
        "(N, number of classes, H, W); if there is one, that of the class 1 against the class 0"
    }

    def __init__(
        self,
        backbone: Part,
        decode_head: Part,
        neck: Part | None = None,
        auxiliary_head: Part | Sequence[Part] | Mapping[str, nn.Module] | None = None,
        task_heads: Mapping[str, Part] | None = None,
        test_cfg: Mapping[str, Any] | None = None,
        data_preprocessor: Part | None = None,
        val_loss: bool = False,
        init_cfg: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        super().__init__(data_preprocessor, init_cfg)
        self.test_cfg: dict[str, Any] = dict(test_cfg or {"mode": "whole"})
        _check(self.test_cfg)
        self.val_loss = val_loss
        self.backbone: nn.Module = (
            backbone
            if isinstance(backbone, nn.Module)
            else build_backbone(MODELS, backbone, "maps")
        )
        self.neck: nn.Module | None = None if neck is None else _build(neck)
        channels = channels_of(self.backbone if self.neck is None else self.neck)
        self.decode_head: Any = _head(decode_head, channels)
        self.auxiliary_head: nn.ModuleDict = nn.ModuleDict(
            {name: _head(head, channels) for name, head in _auxiliary(auxiliary_head).items()}
        )
        self.task_heads: nn.ModuleDict = nn.ModuleDict(
            {name: _head(head, channels) for name, head in (task_heads or {}).items()}
        )
        self._check_heads()

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
        if self.neck is None:
            return maps_of(self.backbone, inputs)
        return maps_of(self.neck, features_of(self.backbone, inputs))

    def encode_decode(self, inputs: Tensor) -> Tensor:
        """Score the classes of each pixel, of each image as a whole.

        Args:
            inputs: Images `(N, C, H, W)`.

        Returns:
            Logits `(N, num_classes, H, W)`.
        """
        return self._encode_decode(inputs)[0]

    def inference(self, inputs: Tensor) -> Tensor:
        """Score the classes of each pixel, in the way that `test_cfg` says.

        Args:
            inputs: Images `(N, C, H, W)`.

        Returns:
            Logits `(N, num_classes, H, W)`.
        """
        return self._inference(inputs)[0]

    def loss(self, inputs: Tensor, data_samples: Sequence[SegDataSample]) -> dict[str, Tensor]:
        """Compute the losses of a batch.

        Args:
            inputs: Images `(N, C, H, W)`.
            data_samples: N data samples with their `gt_sem_seg`.

        Returns:
            The losses of the decode head. Where there are other heads, `decode.` stands before
            their names, and before those of the others the names of these: `aux`, `aux_0` and so on
            for a list, or that of a task.

        Raises:
            ValueError: If a mask does not have the size of the images, or is missing.
        """
        size = inputs.shape[-2:]
        feats = self.extract_feat(inputs)
        others: dict[str, Any] = {**self.auxiliary_head, **self.task_heads}
        targets: dict[tuple[type, str], Tensor] = {}  # heads of one kind share theirs
        losses: dict[str, Tensor] = {}
        for which, head in {"decode": self.decode_head, **others}.items():
            kind = (type(head).targets, head.field)
            if kind not in targets:
                targets[kind] = head.targets(data_samples, size)
            values = head.loss(head.logits(feats, size), targets[kind])
            losses |= {f"{which}.{name}" if others else name: each for name, each in values.items()}
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
            N data samples with `pred_sem_seg`, or the fields of other heads, and with `val_loss` a
            data element with the loss, where there are true masks.
        """
        scores, *others = self._inference(inputs)
        return self.predict_scores(scores, data_samples, others)

    def predict_scores(
        self,
        scores: Tensor,
        data_samples: Sequence[SegDataSample] | None = None,
        others: Sequence[Tensor] = (),
    ) -> list[Any]:
        """Predict the masks of a batch from its scores.

        Args:
            scores: Logits `(N, num_classes, H, W)`.
            data_samples: As in `predict`.
            others: The outputs of the task heads; without them these don't predict.
        """
        samples = [SegDataSample() for _ in scores] if data_samples is None else [*data_samples]
        losses: list[dict[str, Tensor]] = []
        for sample, score in zip(samples, scores, strict=True):
            if self.val_loss and f"gt_{self.decode_head.field}" in sample:
                own = self.decode_head.restore(score, sample)
                target = self.decode_head.targets([sample], own.shape[-2:])
                losses.append(self.decode_head.loss(own[None], target))
            self.decode_head.predict(score, sample)
        for head, predicted in zip(self.task_heads.values(), others, strict=False):
            for sample, score in zip(samples, predicted, strict=True):
                cast("Any", head).predict(score, sample)
        if not losses:
            return samples
        means = {name: torch.stack([each[name] for each in losses]).mean() for name in losses[0]}
        return [*samples, BaseDataElement(loss=means)]

    def export_forward(self, images: Tensor) -> dict[str, Tensor]:
        """Return the `logits` of images `(N, C, H, W)`, and what task heads give, by their names.

        They are computed in the way that `test_cfg` says, and have the size of the images.
        """
        inputs = self.data_preprocessor({"inputs": images}, False)["inputs"]
        height, width = images.shape[-2:]
        found = zip(["logits", *self.task_heads], self._inference(inputs), strict=True)
        return {name: each[..., :height, :width] for name, each in found}

    def predict_outputs(
        self, outputs: Mapping[str, Tensor], data_samples: Sequence[SegDataSample] | None = None
    ) -> list[Any]:
        """Return the predictions for a batch from what an exported model gave for it."""
        others = [outputs[name] for name in self.task_heads]
        return self.predict_scores(outputs["logits"], data_samples, others)

    def _encode_decode(self, inputs: Tensor) -> list[Tensor]:
        """Compute the outputs of the decode head and of each task."""
        feats, size = self.extract_feat(inputs), inputs.shape[-2:]
        heads: list[Any] = [self.decode_head, *self.task_heads.values()]
        return [head.logits(feats, size) for head in heads]

    def _inference(self, inputs: Tensor) -> list[Tensor]:
        """Compute these outputs in the way that `test_cfg` says."""
        if self.test_cfg["mode"] == "whole":
            return self._encode_decode(inputs)
        crop_size, stride = self.test_cfg["crop_size"], self.test_cfg["stride"]
        joined = slide(
            lambda crop: torch.cat(self._encode_decode(crop), 1), inputs, crop_size, stride
        )
        heads: list[Any] = [self.decode_head, *self.task_heads.values()]
        return list(joined.split([head.num_classes for head in heads], 1))

    def _check_heads(self) -> None:
        both = {"decode", *self.auxiliary_head} & {*self.task_heads}
        if both:
            raise ValueError(f"two heads are called {both.pop()!r}")
        heads: list[Any] = [self.decode_head, *self.task_heads.values()]
        fields = [getattr(head, "field", None) for head in heads]
        if len({*fields}) < len(fields):
            raise ValueError(f"each head that predicts needs a field of its own; got {fields}")
        if self.test_cfg["mode"] == "slide" and any(
            getattr(each, "pools", False) for each in heads
        ):
            raise ValueError(
                "a head that predicts whole images needs test_cfg=dict(mode='whole'): a window "
                "shows a part"
            )

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
    if isinstance(heads, Mapping) and "type" not in heads:
        return dict(heads)
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
