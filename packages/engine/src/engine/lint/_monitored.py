"""Check of the names of metrics that a config monitors."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from engine.utils import did_you_mean

from ._visitor import Visitor

_COMPUTE = ("compute_values", "compute_metrics", "evaluate")
_MONITORS = ("default_hooks", "custom_hooks", "param_scheduler")


def check_monitored(cfg: Mapping[str, Any], visitor: Visitor) -> None:
    """Find names of metrics that the validation does not have, where all of its metrics are known.

    A class says by `names_metrics` which of its arguments name metrics.

    Args:
        cfg: The config of a run.
        visitor: Collects the findings; it has visited the parts.
    """
    known = _find_values(cfg, visitor)
    if known is None:
        return
    for key in _MONITORS:
        for path, part in iter_parts(cfg.get(key), key):
            for option in getattr(visitor.targets.get(path), "names_metrics", ()):
                for name in _as_list(part.get(option)):
                    if name != "auto" and not _is_known(name, known):
                        visitor.add(
                            "wrong-value",
                            f"{path}.{option}",
                            f"the validation has no metric {name!r}; it has {', '.join(known)}",
                            did_you_mean(name, known).removeprefix("; "),
                        )


def iter_parts(value: Any, path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the dictionaries in a part of a config, itself included, with their paths.

    Args:
        value: The part.
        path: Its path.
    """
    if isinstance(value, Mapping):
        yield path, value
        for key, each in value.items():
            yield from iter_parts(each, f"{path}.{key}")
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for index, each in enumerate(value):
            yield from iter_parts(each, f"{path}.{index}")


def _find_values(cfg: Mapping[str, Any], visitor: Visitor) -> list[str] | None:
    """Return the names of all values of the validation, or None if they are not all known."""
    names: list[str] = []
    for path, part in iter_parts(cfg.get("val_evaluator"), "val_evaluator"):
        metric = visitor.targets.get(path)
        if "metrics" in part and not hasattr(metric, "value_names"):
            continue  # an evaluator
        found = _value_names(metric, part)
        if found is None:
            return None
        prefix = part.get("prefix") or getattr(metric, "default_prefix", None)
        names += [f"{prefix}/{name}" if prefix else name for name in found]
    return names or None


def _value_names(metric: Any, options: Mapping[str, Any]) -> Collection[str] | None:
    if not isinstance(metric, type) or not hasattr(metric, "value_names"):
        return None
    told = _owner(metric, "value_names")
    if any(_owner(metric, each) < told for each in _COMPUTE):
        return None  # a subclass computes others, and does not say which
    given = {key: value for key, value in options.items() if key != "type"}
    try:
        names: Collection[str] | None = metric.value_names(**given)
    except Exception:  # noqa: BLE001  # of options that are wrong, as is told elsewhere
        return None
    return names


def _owner(kind: type, name: str) -> int:
    """Return the index in the MRO of the class that has a method."""
    return next((i for i, each in enumerate(kind.__mro__) if name in vars(each)), len(kind.__mro__))


def _is_known(name: str, known: Sequence[str]) -> bool:
    """Return whether a name is that of a value, or what stands behind its last slash."""
    return name in known or name in [each.rpartition("/")[2] for each in known]


def _as_list(value: Any) -> list[str]:
    values = value if isinstance(value, (list, tuple)) else [value]
    return [each for each in values if isinstance(each, str)]
