"""Test-time augmentation of a segmentor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from engine.model import BaseTTAModel
from mmbeta.models.layers import resize
from mmbeta.registry import MODELS


@MODELS.register_module()
class SegTTAModel(BaseTTAModel):
    """An `EncoderDecoder` that predicts images in several sizes, and mirrored.

    The probabilities of all views are averaged. `custom_hooks=[dict(type='PrepareTTAHook',
    tta_cfg=dict(type='SegTTAModel'))]` tests with it. A batch is that of a test without it: the
    views are made on the device.

    Args:
        module: The segmentor, or its config.
        scales: The sizes, in relation to that of the image.
        flip: Whether each is predicted mirrored too, left to right.

    Raises:
        ValueError: If there is no scale, or one is not positive.
    """

    def __init__(
        self,
        module: nn.Module | Mapping[str, Any],
        scales: Sequence[float] = (1.0,),
        flip: bool = True,
    ) -> None:
        super().__init__(module)
        if not scales or min(scales) <= 0:
            raise ValueError(f"scales of SegTTAModel are positive numbers; got {scales!r}")
        self.scales: tuple[float, ...] = tuple(scales)
        self.flip = flip

    def test_step(self, data: Any) -> list[Any]:
        """Return the predictions for a batch, one data sample for each image.

        Args:
            data: A batch as the data loader gives it.
        """
        module: Any = self.module
        batch = module.data_preprocessor(data, False)
        inputs: Tensor = batch["inputs"]
        size = inputs.shape[-2:]
        total: Tensor | float = 0.0
        for scale in self.scales:
            scaled = inputs
            if scale != 1:
                scaled = resize(inputs, [max(1, round(each * scale)) for each in size])
            for mirrored in (False, True) if self.flip else (False,):
                logits = module.inference(scaled.flip(-1) if mirrored else scaled)
                logits = resize(logits.flip(-1) if mirrored else logits, size)
                total = total + _probabilities(logits)
        mean = total / (len(self.scales) * (1 + self.flip))
        assert isinstance(mean, Tensor)
        scores = mean.logit(_EPS) if mean.shape[1] == 1 else mean.clamp(min=_EPS).log()
        samples: list[Any] = module.predict_scores(scores, batch.get("data_samples"))
        return [each for each in samples if "pred_sem_seg" in each]  # and no loss behind them


_EPS = 1e-7


def _probabilities(logits: Tensor) -> Tensor:
    logits = logits.float()
    return logits.sigmoid() if logits.shape[1] == 1 else torch.softmax(logits, 1)
