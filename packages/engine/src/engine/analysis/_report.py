"""Report of an analysis, and its tables."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import nn

from ._analyzers import ActivationAnalyzer, FlopAnalyzer, Inputs
from .print_helper import _format_size

_MAX_DEPTH = 3
_NOT_CALLED = "-"


class Row(NamedTuple):
    """A module or a parameter in a table.

    Attributes:
        name: Its name in the model.
        shown: What the table calls it, indented by its depth.
        shape: The shape of a parameter; empty for a module.
    """

    name: str
    shown: str
    shape: str = ""


def rows(model: nn.Module, max_depth: int) -> Iterator[Row]:
    """Yield the modules of a model that have parameters, and their parameters, in order.

    Args:
        model: The model.
        max_depth: How many levels to show; the model itself is above the first.
    """
    yield Row("", "model")
    yield from _below(model, "", 1, max_depth)


def _below(module: nn.Module, prefix: str, depth: int, max_depth: int) -> Iterator[Row]:
    if depth > max_depth:
        return
    indent = "  " * (depth - 1)
    for name, parameter in module.named_parameters(recurse=False):
        yield Row(prefix + name, f"{indent}{prefix}{name}", str(tuple(parameter.shape)))
    for name, child in module.named_children():
        if next(child.parameters(), None) is not None:
            yield Row(prefix + name, f"{indent}{prefix}{name}")
            yield from _below(child, f"{prefix}{name}.", depth + 1, max_depth)


def table(titles: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return a table as text.

    Args:
        titles: The head of each column.
        lines: The cells.
    """
    from rich import box  # deferred: only a table needs it
    from rich.console import Console
    from rich.table import Table

    grid = Table(*titles, box=box.ASCII)
    for line in lines:
        grid.add_row(*line)
    width = sum(max(map(len, column)) + 3 for column in zip(titles, *lines, strict=True)) + 1
    console = Console(file=io.StringIO(), width=width, color_system=None)
    with console.capture() as captured:
        console.print(grid, markup=False, highlight=False)
    return captured.get().rstrip("\n")


def get_model_complexity_info(
    model: nn.Module,
    input_shape: tuple[int, ...] | tuple[tuple[int, ...], ...] | None = None,
    inputs: Inputs | None = None,
    show_table: bool = True,
    show_arch: bool = True,
) -> dict[str, Any]:
    """Count multiply-adds, activations and parameters of a model.

    Args:
        model: The model; it runs in evaluation mode without gradients, and is left as it was.
        input_shape: The shape of its input without the batch, which will be 1, such as
            `(3, 224, 224)`; or a tuple of shapes, one for each input.
        inputs: Its inputs, a tensor or a tuple of arguments, in place of `input_shape`.
        show_table: Whether to make a table.
        show_arch: Whether to make a listing of the architecture.

    Returns:
        The numbers `flops`, `activations` and `params`, each as text too (`flops_str`, ...), the
        table as `out_table`, and the listing as `out_arch`. A module that the forward pass does not
        call has a `-`.

    Raises:
        ValueError: If both or neither of `input_shape` and `inputs` are given.
    """
    if (input_shape is None) == (inputs is None):
        raise ValueError("give either input_shape, such as (3, 224, 224), or inputs")
    if inputs is None:
        inputs = _random_inputs(model, input_shape or ())
    flops, acts = FlopAnalyzer(model, inputs), ActivationAnalyzer(model, inputs)
    params = parameter_count(model)
    uncalled = flops.uncalled_modules()

    def format_counts(name: str) -> list[str]:
        if name in uncalled:
            return [_NOT_CALLED, _NOT_CALLED]
        return [_format_size(each.total(name)) for each in (flops, acts)]

    def line(name: str) -> str:
        of_flops, of_acts = format_counts(name)
        return f"#params: {_format_size(params[name])}, #flops: {of_flops}, #acts: {of_acts}"

    titles = ["module", "#parameters or shape", "#flops", "#activations"]
    cells = (
        [row.shown, row.shape, "", ""]
        if row.shape
        else [row.shown, _format_size(params[row.name]), *format_counts(row.name)]
        for row in rows(model, _MAX_DEPTH)
    )
    totals = {"flops": flops.total(), "activations": acts.total(), "params": params[""]}
    return {
        **totals,
        **{f"{name}_str": _format_size(total) for name, total in totals.items()},
        "out_table": table(titles, list(cells)) if show_table else "",
        "out_arch": _listing(model, "", line) if show_arch else "",
    }


def _random_inputs(model: nn.Module, shapes: Any) -> Inputs:
    like = next((each for each in model.parameters() if each.is_floating_point()), torch.empty(0))
    several = [shapes] if all(isinstance(size, int) for size in shapes) else shapes
    own = torch.Generator().manual_seed(0)  # that of the process is left alone
    return tuple(torch.randn(1, *shape, generator=own).to(like) for shape in several)


def _listing(module: nn.Module, name: str, line: Callable[[str], str]) -> str:
    prefix = f"{name}." if name else ""
    extra = module.extra_repr()
    parts = [line(name), *([extra] if extra else [])]
    parts += [
        f"({child}): {_listing(each, prefix + child, line)}"
        for child, each in module.named_children()
    ]
    body = "\n".join(parts).replace("\n", "\n  ")
    return f"{type(module).__name__}(\n  {body}\n)"


def parameter_count(model: nn.Module) -> defaultdict[str, int]:
    """Count the parameters of each module, with all that is in it, and of each parameter.

    Args:
        model: The model, whose own name is empty.
    """
    counts: defaultdict[str, int] = defaultdict(int)
    for name, module in model.named_modules(remove_duplicate=False):
        counts[name] = sum(parameter.numel() for parameter in module.parameters())
    for name, parameter in model.named_parameters():
        counts[name] = parameter.numel()
    return counts


def parameter_count_table(model: nn.Module, max_depth: int = 3) -> str:
    """Return a table of the numbers of parameters, as text.

    Args:
        model: The model.
        max_depth: How many levels of modules to show.
    """
    counts = parameter_count(model)
    return table(
        ["name", "#parameters or shape"],
        [
            [row.shown, row.shape or _format_size(counts[row.name])]
            for row in rows(model, max_depth)
        ],
    )
