"""Parts that are set to count epochs in a training that counts iterations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.runner.run_table import RUN

from ._walk import Walk

_PARTS = ("param_scheduler", "default_hooks", "custom_hooks", "log_processor")
_OPTIONS = ("by_epoch", "log_metric_by_epoch")


def check_units(cfg: Mapping[str, Any], walk: Walk) -> None:
    """Find parts of a run that are set to count epochs, of which its training loop has none.

    Args:
        cfg: The config of a run.
        walk: What gathers the findings.
    """
    if not _counts_iterations(cfg.get("train_cfg")):
        return
    for key in _PARTS:
        for path, part in _mappings(cfg.get(key), key):
            for option in _OPTIONS:
                if part.get(option) is True and not _fits(part):
                    walk.add(
                        "wrong-value",
                        f"{path}.{option}",
                        "this counts epochs, and the training counts iterations (max_iters)",
                        f"leave out {option}, and give its times in iterations",
                    )


def _counts_iterations(train_cfg: Any) -> bool:
    if not isinstance(train_cfg, Mapping):
        return False
    kind = train_cfg.get("type") or RUN["train_cfg"].default(train_cfg)
    return _name(kind) == "IterBasedTrainLoop"


def _fits(part: Mapping[str, Any]) -> bool:
    """Return whether a scheduler is stepped otherwise: by iterations, or after validations."""
    return bool(part.get("convert_to_iter_based")) or "ReduceOnPlateau" in _name(part.get("type"))


def _name(kind: Any) -> str:
    return kind.rpartition(".")[2] if isinstance(kind, str) else getattr(kind, "__name__", "")


def _mappings(value: Any, path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield a part and the parts in it, with their paths."""
    if isinstance(value, Mapping):
        yield path, value
        for key, each in value.items():
            yield from _mappings(each, f"{path}.{key}")
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for index, each in enumerate(value):
            yield from _mappings(each, f"{path}.{index}")
