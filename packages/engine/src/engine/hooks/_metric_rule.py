"""Comparison rule of a metric: greater or less is better."""

from __future__ import annotations

from collections.abc import Sequence

GREATER = ("acc", "top", "ar@", "auc", "precision", "map", "miou", "iou", "dice", "recall", "f1")
LESS = ("loss", "error")


def rule_of(
    metric: str,
    option: str,
    greater_keys: Sequence[str] = GREATER,
    less_keys: Sequence[str] = LESS,
) -> str:
    """Return `'greater'` or `'less'`, inferred from the name of a metric.

    A key that is the whole name decides before one that is a part of it, and among parts those for
    `'less'` decide first: `acc_loss` is a loss.

    Args:
        metric: The name.
        option: The option that named it, for the error.
        greater_keys: Parts of the names of metrics for which greater is better.
        less_keys: Parts of the names of metrics for which less is better.

    Raises:
        ValueError: If the name does not tell.
    """
    name = metric.lower()
    greater = [key.lower() for key in greater_keys]
    less = [key.lower() for key in less_keys]
    for keys, rule in ((greater, "greater"), (less, "less")):
        if name in keys:
            return rule
    for keys, rule in ((less, "less"), (greater, "greater")):
        if any(key in name for key in keys):
            return rule
    raise ValueError(
        f"{option}={metric!r}: the name does not tell whether more is better; "
        "set rule='greater' or rule='less'"
    )


def checked_rule(rule: str) -> str:
    """Return a rule if there is such a one.

    Raises:
        ValueError: If it is neither `'greater'` nor `'less'`.
    """
    if rule not in ("greater", "less"):
        raise ValueError(f"rule is 'greater' or 'less'; got {rule!r}")
    return rule
