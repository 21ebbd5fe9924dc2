"""First convolutions for the bands of multispectral images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn


def adapt_bands(model: nn.Module, bands: Sequence[str], pretrained_bands: Sequence[str]) -> None:
    """Let a model take images of other bands, and keep what its first convolution has learned.

    A band for which the model was trained keeps its weights, wherever it stands now. A new band
    gets the mean of the weights of those.

    Args:
        model: The model, whose first convolution is replaced.
        bands: The bands of the images, in their order.
        pretrained_bands: The bands for which the model was made, in their order.

    Raises:
        ValueError: If a band is named twice, or the model has no convolution of as many channels
            as `pretrained_bands`.
    """
    for name, listed in (("bands", bands), ("pretrained_bands", pretrained_bands)):
        if not listed or len({*listed}) < len(listed):
            raise ValueError(f"{name} names each band once, and at least one; got {list(listed)}")
    place, first = _first_convolution(model)
    if first.in_channels != len(pretrained_bands) or first.groups != 1:
        raise ValueError(
            f"the first convolution of {type(model).__name__} takes {first.in_channels} channels; "
            f"pretrained_bands names {len(pretrained_bands)}: {', '.join(pretrained_bands)}"
        )
    if [*bands] == [*pretrained_bands]:
        return
    with torch.no_grad():
        mean = first.weight.mean(1)
        places = {band: index for index, band in enumerate(pretrained_bands)}
        chosen = [first.weight[:, places[band]] if band in places else mean for band in bands]
        weight = torch.stack(chosen, 1)
    first.in_channels = len(bands)
    first.weight = nn.Parameter(weight, requires_grad=first.weight.requires_grad)
    patches: Any = model.get_submodule(place.rpartition(".")[0]) if place else model
    if hasattr(patches, "in_chans"):  # as patch embeddings of timm note it
        patches.in_chans = len(bands)


def _first_convolution(model: nn.Module) -> tuple[str, nn.Conv2d | nn.Conv3d]:
    for name, module in model.named_modules():
        if isinstance(module, nn.Conv2d | nn.Conv3d):
            return name, module
    raise ValueError(f"{type(model).__name__} has no convolution")
