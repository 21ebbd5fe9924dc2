"""Parameter counts of modules."""

from __future__ import annotations

from collections import defaultdict

from torch import nn

from ._table import rows, table
from .print_helper import _format_size


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
