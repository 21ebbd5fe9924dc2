"""Images of predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from engine.registry import HOOKS
from engine.utils import check_types

from ._hook import Hook, RunnerLike


@HOOKS.register_module()
class NaiveVisualizationHook(Hook):
    """Hands images of the test's predictions to the visualizer.

    The image is the one that the model was given, scaled back to the `ori_shape` in the meta
    information of its sample, without the padding beyond `img_shape`. Where the batch holds
    normalized images, `img_norm_cfg` (with `mean`, `std` and `to_rgb`) says how to undo that; other
    floating point images are stretched from their darkest to their brightest value.

    Args:
        interval: Of how many batches one is shown.
        draw_gt: Whether annotations are drawn.
        draw_pred: Whether predictions are.
    """

    priority: str | int = "NORMAL"

    @check_types
    def __init__(self, interval: int = 1, draw_gt: bool = True, draw_pred: bool = True) -> None:
        self.interval = interval
        self.draw_gt = draw_gt
        self.draw_pred = draw_pred
        self._seen = 0

    def after_test_iter(
        self,
        runner: RunnerLike,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Sequence[Any] | None = None,
    ) -> None:
        """Hand the images of this batch over."""
        images = data_batch["inputs"]
        if isinstance(images[0], (list, tuple)):  # views of the images; the first is shown
            images = images[0]
        first = self._seen if batch_idx else 0
        self._seen = first + len(images)
        if not self.every_n_inner_iters(batch_idx, self.interval):
            return
        for index, (image, sample) in enumerate(zip(images, outputs or (), strict=False)):
            path = sample.get("img_path")
            number = first + index
            runner.visualizer.add_datasample(
                f"test_{number}" if path is None else Path(path).name,
                _as_image(image, sample),
                sample,
                draw_gt=self.draw_gt,
                draw_pred=self.draw_pred,
                step=number,  # since images of several folders may have one name
            )


def _as_image(image: Tensor, sample: Any) -> npt.NDArray[Any]:
    """Return an RGB image `(H, W, 3)` of uint8 from a tensor `(C, H, W)`."""
    pixels = image.detach().cpu()
    if shape := sample.get("img_shape"):
        pixels = pixels[:, : shape[0], : shape[1]]
    if (norm := sample.get("img_norm_cfg")) is not None:
        pixels = _denormalize(pixels.float(), norm)
    elif pixels.is_floating_point():
        low, high = pixels.amin(), pixels.amax()
        pixels = (pixels - low) / (high - low).clamp(min=1e-12) * 255
    if (shape := sample.get("ori_shape")) and tuple(shape[:2]) != tuple(pixels.shape[1:]):
        pixels = functional.interpolate(pixels[None].float(), size=tuple(shape[:2]))[0]
    if len(pixels) == 1:
        pixels = pixels.expand(3, -1, -1)
    rgb: npt.NDArray[Any] = pixels[:3].clamp(0, 255).round().to(torch.uint8).numpy()
    return np.ascontiguousarray(rgb.transpose(1, 2, 0))


def _denormalize(pixels: Tensor, norm: Mapping[str, Any]) -> Tensor:
    mean = torch.tensor(norm["mean"], dtype=pixels.dtype).view(-1, 1, 1)
    std = torch.tensor(norm["std"], dtype=pixels.dtype).view(-1, 1, 1)
    restored = pixels * std + mean
    # The values are RGB if that is what normalization made of them, else as they were read, BGR.
    return restored if norm.get("to_rgb", True) else restored.flip(0)
