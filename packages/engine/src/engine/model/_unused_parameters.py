"""Detection of parameters that a loss does not use."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from engine.logging import get_logger


def detect_anomalous_params(loss: Tensor, model: nn.Module) -> None:
    """Log the trainable parameters that are not in the graph of a loss, as an error.

    Such parameters get no gradient, and `DistributedDataParallel` waits for them.

    Args:
        loss: The loss, before its backward pass.
        model: The model.
    """
    reached = _leaves(loss)
    missing = [
        f"{name} {tuple(parameter.shape)}"
        for name, parameter in model.named_parameters()
        if parameter.requires_grad and id(parameter) not in reached
    ]
    if missing:
        get_logger().error(
            "The loss does not depend on these parameters of %s: %s",
            type(model).__name__,
            ", ".join(missing),
        )


def _leaves(loss: Tensor) -> set[int]:
    """Return the ids of the tensors at which the graph of `loss` ends."""
    seen: set[Any] = set()
    leaves: set[int] = {id(loss)}
    todo: list[Any] = [loss.grad_fn]
    while todo:  # graphs are deeper than Python's stack
        node = todo.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            leaves.add(id(node.variable))
        todo += [following for following, _ in node.next_functions]
    return leaves
