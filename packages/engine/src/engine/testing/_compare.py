"""Comparisons for tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from engine.utils.dl_utils import is_norm

_MISSING = object()


def assert_allclose(
    actual: Any,
    expected: Any,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = True,
    msg: str | Callable[[str], str] | None = "",
) -> None:
    """Raise an error unless tensors, arrays or numbers are close; see `torch.testing.assert_close`.

    Their types may differ, and so may the devices of tensors.

    Args:
        actual: What there is.
        expected: What is right.
        rtol: The relative tolerance; None means that of the type, as for `atol`.
        atol: The absolute tolerance.
        equal_nan: Whether a NaN equals another.
        msg: The text of the error, or what makes it of the usual text.

    Raises:
        AssertionError: If they are not close.
    """
    torch.testing.assert_close(
        torch.as_tensor(actual),
        torch.as_tensor(expected),
        rtol=rtol,
        atol=atol,
        equal_nan=equal_nan,
        check_device=False,
        check_dtype=False,
        msg=msg or None,
    )


def assert_dict_contains_subset(
    dict_obj: Mapping[Any, Any], expected_subset: Mapping[Any, Any]
) -> bool:
    """Return whether a dictionary has certain items, which may be arrays or tensors."""
    return all(_equal(dict_obj.get(key, _MISSING), value) for key, value in expected_subset.items())


def assert_attrs_equal(obj: Any, expected_attrs: Mapping[str, Any]) -> bool:
    """Return whether an object has certain attributes, which may be arrays or tensors."""
    return all(
        _equal(getattr(obj, name, _MISSING), value) for name, value in expected_attrs.items()
    )


def assert_dict_has_keys(obj: Mapping[str, Any], expected_keys: Iterable[str]) -> bool:
    """Return whether a dictionary has certain keys, among others perhaps."""
    return obj.keys() >= {*expected_keys}


def assert_keys_equal(result_keys: Iterable[str], target_keys: Iterable[str]) -> bool:
    """Return whether keys are the same, in any order."""
    return {*result_keys} == {*target_keys}


def assert_is_norm_layer(module: nn.Module) -> bool:
    """Return whether a module is a normalization: of batches, instances, groups or layers."""
    return is_norm(module)


def assert_params_all_zeros(module: nn.Module) -> bool:
    """Return whether the weight of a module, and its bias where it has one, are all zeros."""
    parameters = [getattr(module, name, None) for name in ("weight", "bias")]
    return not any(each.any() for each in parameters if each is not None)


def _equal(found: Any, expected: Any) -> bool:
    if isinstance(found, Tensor) and isinstance(expected, Tensor):
        return torch.equal(found, expected)
    if isinstance(found, np.ndarray) or isinstance(expected, np.ndarray):
        return type(found) is type(expected) and np.array_equal(found, expected)
    return type(expected) is not Tensor and bool(found == expected)
