"""Formulas of the counts of each operator."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

aten = torch.ops.aten

Formula = Callable[..., int]
"""Takes the arguments of an operator, and what it returned as `out_val`."""
Handle = Callable[[list[Any], list[Any]], int]
"""Takes the arguments of an operator and the list of what it returned."""


def multiply_adds(handles: Mapping[str, Handle] | None = None) -> dict[Any, Formula]:
    """Return, for each operator, how many operations it takes.

    torch counts a multiply-add as two operations; here it is one. To torch's formulas are added
    those of recurrent layers and, as MMEngine counts them, of norms, adaptive average pooling to
    two dimensions and interpolation between pixels.

    Args:
        handles: Formulas by the name of the operator, which add to or replace the others.
    """
    formulas = {op: _halve(formula) for op, formula in _torch_formulas().items()}
    formulas |= {aten.mkldnn_rnn_layer: _mkldnn_rnn, aten._cudnn_rnn: _cudnn_rnn}
    formulas |= dict.fromkeys(_BATCH_NORMS, _batch_norm)
    formulas |= {aten.native_layer_norm: _layer_norm, aten.native_group_norm: _group_norm}
    formulas |= {aten._adaptive_avg_pool2d: _adaptive_avg_pool, aten.mean: _mean}
    formulas |= {aten.upsample_nearest2d: _elements}
    formulas |= dict.fromkeys([aten.upsample_bilinear2d, aten.grid_sampler_2d], _bilinear)
    return _raw(formulas | formulas_of(handles))


def activations(handles: Mapping[str, Handle] | None = None) -> dict[Any, Formula]:
    """Return, for each operator, how many activations it makes.

    These are the elements of what convolutions, matrix products and recurrent layers return.
    Attention in one operator makes none: its products stay within it.

    Args:
        handles: Formulas by the name of the operator, which add to or replace the others.
    """
    formulas = {
        op: _nothing if "attention" in str(op) else _elements
        for op in [*_torch_formulas(), aten.mkldnn_rnn_layer, aten._cudnn_rnn]
    }
    return _raw(formulas | formulas_of(handles))


def _torch_formulas() -> Mapping[Any, Formula]:
    formulas = FlopCounterMode(display=False).flop_registry
    on_cpu = aten._scaled_dot_product_flash_attention_for_cpu  # which torch counts since 2.14
    return {on_cpu: formulas[aten._scaled_dot_product_flash_attention], **formulas}


def _halve(formula: Formula) -> Formula:
    return lambda *args, **kwargs: formula(*args, **kwargs) // 2


def _elements(*args: Any, out_val: Any, **kwargs: Any) -> int:
    first = out_val if isinstance(out_val, Tensor) else out_val[0]
    return int(first.numel())


_BATCH_NORMS = (
    aten._native_batch_norm_legit_no_training,
    aten._native_batch_norm_legit,
    aten.cudnn_batch_norm,
    aten.miopen_batch_norm,
)


def _batch_norm(inputs: Tensor, weight: Tensor | None, *args: Any, **kwargs: Any) -> int:
    """With known statistics the values are scaled; else these are computed first."""
    makes_statistics = next((each for each in args if isinstance(each, bool)), False)
    return _norm(inputs, weight, 4 if makes_statistics else 1)


def _layer_norm(
    inputs: Tensor, shape: list[int], weight: Tensor | None, *args: Any, **kwargs: Any
) -> int:
    return _norm(inputs, weight, 4)


def _group_norm(inputs: Tensor, weight: Tensor | None, *args: Any, **kwargs: Any) -> int:
    return _norm(inputs, weight, 4)


def _norm(inputs: Tensor, weight: Tensor | None, each: int) -> int:
    return inputs.numel() * (each if weight is None else each + 1)


def _adaptive_avg_pool(inputs: Tensor, *args: Any, **kwargs: Any) -> int:
    return inputs.numel()


def _mean(inputs: Tensor, dim: Any = None, keepdim: bool = False, **kwargs: Any) -> int:
    """Adaptive average pooling to one pixel is run as a mean; another mean counts nothing."""
    is_pooling = inputs.ndim in (3, 4) and keepdim and list(dim) == [-1, -2]
    return inputs.numel() if is_pooling else 0


def _bilinear(*args: Any, out_val: Any, **kwargs: Any) -> int:
    return 4 * _elements(out_val=out_val)


def _nothing(*args: Any, **kwargs: Any) -> int:
    return 0


def _mkldnn_rnn(inputs: Tensor, *args: Any, **kwargs: Any) -> int:
    return _recurrent(inputs, args[:4])


def _cudnn_rnn(inputs: Tensor, weight: list[Tensor], *args: Any, **kwargs: Any) -> int:
    return _recurrent(inputs, weight)


def _recurrent(inputs: Tensor, weights: Sequence[Tensor]) -> int:
    """Each step of each sequence takes a product with each matrix."""
    return prod(inputs.shape[:-1]) * sum(each.numel() for each in weights if each.ndim == 2)


def formulas_of(handles: Mapping[str, Handle] | None) -> dict[Any, Formula]:
    """Return the formulas of operators whose names are given."""
    return _raw({operator_of(name): _formula(each) for name, each in (handles or {}).items()})


def operator_of(name: str) -> Any:
    """Return the operator of a name.

    Raises:
        ValueError: If there is none.
    """
    space, _, operator = name.rpartition("::")
    try:
        return getattr(getattr(torch.ops, space or "aten"), operator)
    except AttributeError:
        raise ValueError(
            f"there is no operator {name!r}; it is a name such as 'aten::native_batch_norm', as "
            "unsupported_ops() shows them"
        ) from None


def _formula(handle: Handle) -> Formula:
    def formula(*args: Any, out_val: Any, **kwargs: Any) -> int:
        outputs = list(out_val) if isinstance(out_val, list | tuple) else [out_val]
        return handle([*args, *kwargs.values()], outputs)

    return formula


def _raw(formulas: dict[Any, Formula]) -> dict[Any, Formula]:
    """Mark formulas as ones that take tensors; others get shapes from torch's counter."""
    for formula in formulas.values():
        formula._get_raw = True  # type: ignore[attr-defined]  # how torch's counter knows them
    return formulas
