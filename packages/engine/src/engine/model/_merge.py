"""Merging of dictionaries in traced models."""

from __future__ import annotations

from typing import Any

from torch.overrides import handle_torch_function, has_torch_function


def merge_dict(*args: dict[Any, Any]) -> dict[Any, Any]:
    """Merge dictionaries; of equal keys the last one counts.

    Within a model that `torch.fx.symbolic_trace` traces, the merge is one node of the graph, so
    that dictionaries which are known only when the model runs can be merged.

    Args:
        *args: The dictionaries.
    """
    if has_torch_function(args):  # a stand-in of a tracer
        merged: dict[Any, Any] = handle_torch_function(merge_dict, args, *args)
        return merged
    return {key: value for each in args for key, value in each.items()}
