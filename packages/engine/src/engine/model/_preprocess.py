"""Data preprocessors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self, TypeGuard

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.registry import MODELS
from engine.utils import check_types


@MODELS.register_module()
class BaseDataPreprocessor(nn.Module):
    """Moves a batch to the device of the model.

    Args:
        non_blocking: Whether the copy from pinned memory may overlap with work on the device.
    """

    @check_types
    def __init__(self, non_blocking: bool = False) -> None:
        super().__init__()
        self._non_blocking = non_blocking
        # Goes along when the module is moved. It is no buffer, which would be one of the model's.
        self._anchor = torch.empty(0)
        self._device = self._anchor.device

    @property
    def device(self) -> torch.device:
        """Where the batches go."""
        return self._device

    def cast_data(self, data: Any) -> Any:
        """Return `data` with its tensors and data samples on the device."""
        return _move(data, self._device, self._non_blocking)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]  # all moves end here
        self._anchor = fn(self._anchor)
        self._device = self._anchor.device
        return self

    def forward(self, data: Any, training: bool = False) -> Any:
        """Return a batch for the model.

        Args:
            data: A batch as the data loader gives it.
            training: Whether it is for training.
        """
        return self.cast_data(data)


def _is_list_of_tensors(value: Any) -> TypeGuard[Sequence[Tensor]]:
    return isinstance(value, (list, tuple)) and all(isinstance(each, Tensor) for each in value)


def _move(data: Any, device: torch.device, non_blocking: bool) -> Any:
    kind = type(data)
    if kind is dict or isinstance(data, Mapping):
        return {
            # A tensor that is there already needs no call.
            key: value
            if type(value) is Tensor and value.device == device
            else _move(value, device, non_blocking)
            for key, value in data.items()
        }
    if isinstance(data, (list, tuple)):
        moved = [
            value
            if type(value) is Tensor and value.device == device
            else _move(value, device, non_blocking)
            for value in data
        ]
        return kind(*moved) if hasattr(data, "_fields") else kind(moved)
    if hasattr(data, "to"):
        return data.to(device, non_blocking=non_blocking)
    return data


@MODELS.register_module()
class ImgDataPreprocessor(BaseDataPreprocessor):
    """Normalizes images, pads them to one size and stacks them.

    Args:
        mean: By channel, on the scale of the images as loaded; None leaves the values.
        std: By channel; goes with `mean`.
        pad_size_divisor: Height and width become multiples of it, in pixels.
        pad_value: What is padded with, after normalization.
        bgr_to_rgb: Whether to reverse the channels, BGR to RGB.
        rgb_to_bgr: Whether to reverse the channels, RGB to BGR.
        non_blocking: As in `BaseDataPreprocessor`.

    Raises:
        ValueError: If only one of `mean` and `std` is given, or both conversions are.
    """

    mean: Tensor
    std: Tensor

    @check_types
    def __init__(
        self,
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
        pad_size_divisor: int = 1,
        pad_value: float = 0.0,
        bgr_to_rgb: bool = False,
        rgb_to_bgr: bool = False,
        non_blocking: bool = False,
    ) -> None:
        super().__init__(non_blocking)
        if (mean is None) != (std is None):
            raise ValueError(f"mean and std go together; got mean={mean!r}, std={std!r}")
        if bgr_to_rgb and rgb_to_bgr:
            raise ValueError("bgr_to_rgb and rgb_to_bgr undo each other; set one of them at most")
        self._enable_normalize = mean is not None
        self._channel_conversion = bgr_to_rgb or rgb_to_bgr
        self.pad_size_divisor = pad_size_divisor
        self.pad_value = pad_value
        for name, values in (("mean", mean), ("std", std)):
            if values is not None:
                self.register_buffer(name, torch.tensor(values).view(-1, 1, 1), persistent=False)

    def forward(self, data: dict[str, Any], training: bool = False) -> dict[str, Any]:
        """Return the batch with float `inputs` of shape `(N, C, H, W)`.

        Args:
            data: Under `inputs` a tensor `(N, C, H, W)` or a list of tensors `(C, H, W)`, which may
                differ in size; anything else is moved to the device.
            training: Whether it is for training.

        Raises:
            TypeError: If `inputs` is neither.
            ValueError: If the images have other channels than `mean` and `std` are for.
        """
        data = self.cast_data(data)
        images = data["inputs"]
        if not isinstance(images, Tensor):
            if not _is_list_of_tensors(images):
                kind = type(images).__name__
                raise TypeError(f"inputs is a tensor or a list of tensors; got {kind}")
            if len({each.shape for each in images}) == 1:
                images = torch.stack(list(images))  # one operation for all is faster
        if isinstance(images, Tensor):
            batch = self._prepare(images)
            data["inputs"] = _pad(batch, batch.shape[-2:], self.pad_size_divisor, self.pad_value)
        else:
            prepared = [self._prepare(each) for each in images]
            data["inputs"] = stack_batch(prepared, self.pad_size_divisor, self.pad_value)
        return data

    def _prepare(self, image: Tensor) -> Tensor:
        image = image.float()  # first: older versions of torch can't flip every type
        if self._channel_conversion:
            image = image.flip(-3)
        if not self._enable_normalize:
            return image
        if len(self.mean) not in (1, image.shape[-3]):
            raise ValueError(
                f"mean and std are for {len(self.mean)} channels; the images have {image.shape[-3]}"
            )
        return (image - self.mean) / self.std


def stack_batch(
    tensor_list: Sequence[Tensor], pad_size_divisor: int = 1, pad_value: float = 0.0
) -> Tensor:
    """Pad tensors at the right and the bottom to one size, and stack them.

    Args:
        tensor_list: Tensors `(C, H, W)`; sizes may differ, channels not.
        pad_size_divisor: Height and width become multiples of it.
        pad_value: What is padded with.

    Returns:
        A tensor `(N, C, H, W)`.
    """
    height = max(tensor.shape[-2] for tensor in tensor_list)
    width = max(tensor.shape[-1] for tensor in tensor_list)
    size = torch.Size((height, width))
    return torch.stack([_pad(each, size, pad_size_divisor, pad_value) for each in tensor_list])


def _pad(image: Tensor, size: torch.Size, divisor: int, value: float) -> Tensor:
    # Of no negative number: a graph of ONNX would round that up.
    height, width = ((side + divisor - 1) // divisor * divisor for side in size)
    missing = (0, width - image.shape[-1], 0, height - image.shape[-2])
    # An export with sizes that may change must not ask what is missing now.
    pads = torch.compiler.is_exporting() and divisor > 1
    return functional.pad(image, missing, value=value) if pads or any(missing) else image
