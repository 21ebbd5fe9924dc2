"""Devices of nested tensors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor


def get_data_device(data: Any) -> torch.device:
    """Return the device of the tensors in data.

    Args:
        data: A tensor, or lists, tuples and mappings of tensors.

    Raises:
        ValueError: If there is no tensor, or they are on several devices.
        TypeError: If there is anything else in it.
    """
    devices = {tensor.device for tensor in _tensors(data)}
    if len(devices) != 1:
        found = ", ".join(sorted(map(str, devices))) or "no tensors"
        raise ValueError(f"the tensors are to be on one device; there are {found}")
    return devices.pop()


def cast_data_device(data: Any, device: torch.device, out: Any = None) -> Any:
    """Return data with all tensors on a device.

    Args:
        data: A tensor, or lists, tuples and mappings of tensors.
        device: The device.
        out: Data of the same structure whose tensors take the values, and which is returned; they
            stay on the device on which they are.

    Raises:
        ValueError: If `out` has another structure.
        TypeError: If there is anything but tensors in the data.
    """
    if out is None:
        return _move(data, device)
    targets = list(_tensors(out))
    values = list(_tensors(data))
    if [each.shape for each in targets] != [each.shape for each in values]:
        raise ValueError("out has not the tensors of data: they differ in number or shape")
    for target, value in zip(targets, values, strict=True):
        target.detach().copy_(value)
    return out


def _move(data: Any, device: torch.device) -> Any:
    if isinstance(data, Tensor):
        return data.to(device)
    if isinstance(data, Mapping):
        return type(data)({key: _move(value, device) for key, value in data.items()})  # type: ignore[call-arg]  # a mapping that is made of one
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*(_move(each, device) for each in data))
    if isinstance(data, list | tuple):
        return type(data)(_move(each, device) for each in data)
    raise _no_tensor(data)


def _tensors(data: Any) -> Iterator[Tensor]:
    if isinstance(data, Tensor):
        yield data
    elif isinstance(data, Mapping):
        for key in sorted(data, key=str):
            yield from _tensors(data[key])
    elif isinstance(data, list | tuple):
        for each in data:
            yield from _tensors(each)
    else:
        raise _no_tensor(data)


def _no_tensor(data: Any) -> TypeError:
    return TypeError(
        f"data is a tensor, or lists, tuples and mappings of tensors; got {type(data).__name__}"
    )
