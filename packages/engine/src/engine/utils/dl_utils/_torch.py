"""Versions and layers of torch."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .parrots_wrapper import _BatchNorm, _InstanceNorm


def is_norm(layer: nn.Module, exclude: type | tuple[type, ...] | None = None) -> bool:
    """Return whether a layer is a normalization: of batches, instances, groups or layers.

    Args:
        layer: The layer.
        exclude: Classes that don't count.
    """
    if exclude is not None and isinstance(layer, exclude):
        return False
    return isinstance(layer, _BatchNorm | _InstanceNorm | nn.GroupNorm | nn.LayerNorm)


def has_batch_norm(model: nn.Module) -> bool:
    """Return whether a model has batch normalization."""
    return any(isinstance(module, _BatchNorm) for module in model.modules())


def is_jit_tracing() -> bool:
    """Return whether `torch.jit.trace` is at work."""
    return torch._C._get_tracing_state() is not None


def mmcv_full_available() -> bool:
    """Return whether an mmcv with compiled operators is installed; the question imports it."""
    return find_spec("mmcv") is not None and find_spec("mmcv._ext") is not None


def torch_meshgrid(*tensors: Tensor) -> tuple[Tensor, ...]:
    """Return the grids of coordinates, with the first tensor along the rows (`indexing='ij'`)."""
    return torch.meshgrid(*tensors, indexing="ij")


def load_url(
    url: str,
    model_dir: str | Path | None = None,
    map_location: Any = None,
    progress: bool = True,
    check_hash: bool = False,
    file_name: str | None = None,
    weights_only: bool = True,
) -> dict[str, Any]:
    """Download a checkpoint once, and load it; see `torch.hub.load_state_dict_from_url`.

    Args:
        url: Where it is.
        model_dir: The folder that keeps it; None means that of torch.
        map_location: The device to which its tensors go.
        progress: Whether to show a progress bar.
        check_hash: Whether its name holds the beginning of its SHA-256, which is checked.
        file_name: What to call the file; None means as the URL does.
        weights_only: Whether to refuse what is more than tensors and plain data. Without this,
            whoever made the file can run anything here.
    """
    directory = None if model_dir is None else str(model_dir)
    loaded: dict[str, Any] = torch.hub.load_state_dict_from_url(
        url, directory, map_location, progress, check_hash, file_name, weights_only
    )
    return loaded


def tensor2imgs(
    tensor: Tensor,
    mean: tuple[float, ...] | None = None,
    std: tuple[float, ...] | None = None,
    to_bgr: bool = True,
) -> list[NDArray[np.uint8]]:
    """Make images of a batch that was normalized.

    Args:
        tensor: The batch, of shape (N, C, H, W) with 3 channels or 1.
        mean: What was subtracted from each channel; None means 0.
        std: By what each channel was divided; None means 1.
        to_bgr: Whether to turn the order of the channels round.

    Returns:
        N images of shape (H, W, 3) or (H, W), with values rounded and kept within [0, 255].

    Raises:
        ValueError: If the tensor has another shape, `mean` or `std` another length, or `to_bgr` is
            set for one channel.
    """
    channels = tensor.shape[1] if tensor.ndim == 4 else 0
    if channels not in (1, 3):
        raise ValueError(f"the shape is (N, 3, H, W) or (N, 1, H, W); got {tuple(tensor.shape)}")
    if to_bgr and channels == 1:
        raise ValueError("one channel has no order to turn round; set to_bgr=False")
    shift, scale = mean or (0.0,) * channels, std or (1.0,) * channels
    if not len(shift) == len(scale) == channels:
        raise ValueError(f"mean and std have one value for each of {channels} channels")
    values = tensor.detach().cpu().permute(0, 2, 3, 1).double().numpy()
    values = (values * np.asarray(scale) + np.asarray(shift)).round().clip(0, 255)
    if channels == 1:
        values = values[..., 0]
    images = values[..., ::-1] if to_bgr else values
    return [np.ascontiguousarray(image, np.uint8) for image in images]
