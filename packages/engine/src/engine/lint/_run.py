"""The keys of a whole run: which there are, which belong together, and which nothing reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from difflib import SequenceMatcher
from pathlib import PurePath
from typing import Any

from engine.config import Config
from engine.registry import RUNNERS, refused_options, trust_of
from engine.runner.run_table import ELSEWHERE, GROUPS, NAMES, REQUIRED, RUN, PartSpec
from engine.utils import did_you_mean, near

from ._resolve import Missed, scope_error
from ._signature import Argument, arguments_of
from ._together import check_together
from ._values import equal
from ._walk import Walk

_SCOPE = "default_scope"
_ALIKE = 0.85  # the likeness from which on a key is a misspelt one, whatever else it may be


def scope_of(cfg: Mapping[str, Any]) -> Any:
    """Return the default scope of a run, under a misspelt key as well."""
    key = _SCOPE if _SCOPE in cfg else next(iter(_slips(cfg, {_SCOPE})), _SCOPE)
    return cfg.get(key, "engine")


def check_run(cfg: Mapping[str, Any], walk: Walk) -> None:
    """Check all keys of a run, with the default scope of the run in force.

    Args:
        cfg: The config.
        walk: What gathers the findings.
    """
    scope = scope_of(cfg)
    is_data = trust_of(cfg, _SCOPE) is False
    error = scope_error(scope, is_data=is_data) if isinstance(scope, str) else None
    missed = None if error is None else Missed.of(error)
    # Where the names of a fragment are looked up says only the config that inherits from it.
    is_told = isinstance(scope, str) and (_SCOPE in cfg or not _is_fragment(cfg))
    has_names = is_told and missed is None
    known = _runner_arguments(cfg, walk, has_names)
    others = {*known, *RUN, *NAMES, *ELSEWHERE}
    slips = _slips(cfg, others)
    groups = _groups(cfg, slips)
    for key, value in cfg.items():
        right = slips.get(key, key)
        # Beside the right key, a misspelt one may well hold no more than changes to it.
        is_whole = right == key or right not in cfg
        place = _place(right, cfg) if has_names and is_whole else None
        if key in slips:
            walk.add("unknown-key", key, "a run has no such key", f"did you mean {right!r}?")
        elif key == _SCOPE and missed is not None:
            walk.add(missed.kind, key, missed.message, missed.suggestion)
        elif key not in others and not _is_helper(key, cfg):
            free = [name for name in others if name not in cfg]
            hint = did_you_mean(str(key), free).removeprefix("; ")
            walk.add("unused-key", key, "nothing reads this key or uses its value", hint, "warning")
        elif key in known and walk.wrong_value(value, key, known[key], "the run"):
            place = None
        if place is not None and value is not None:
            walk.place(value, key, place)
        if right in groups and is_whole:
            walk.add("incomplete-group", key, *groups[right])
    check_together(cfg, walk)
    if not _is_fragment(cfg):
        for key in REQUIRED:
            if key not in {*cfg, *slips.values()}:
                walk.add("missing-key", key, f"a run needs the key {key!r}")


def _runner_arguments(cfg: Mapping[str, Any], walk: Walk, has_names: bool) -> dict[str, Argument]:
    """Return the arguments of the runner, of the one that the config asks for if there is one."""
    kind = cfg.get("runner_type")
    found = None
    if kind and has_names:
        found = walk.name(cfg, "runner_type", "runner_type", NAMES["runner_type"])
    runner = RUNNERS.get("engine.Runner") if found is None else found.target
    for key, message in refused_options(runner, cfg):
        walk.add("untrusted-option", key, message)
    arguments = arguments_of(runner)
    known = dict(arguments.known) if arguments is not None else {}
    known.pop("cfg", None)
    return known


def _place(key: str, cfg: Mapping[str, Any]) -> PartSpec | None:
    place = RUN.get(key)
    if key == "model" and place is not None and cfg.get("data_preprocessor") is not None:
        return replace(place, given=("data_preprocessor",))
    return place


def _slips(cfg: Mapping[str, Any], known: set[str]) -> dict[str, str]:
    """Return the keys that are misspelt ones of a run, and what is right.

    Beside the right one, which may come from a base, a key may also be a helper of the config.
    """
    slips = {}
    for key in cfg:
        if isinstance(key, str) and key not in known and not key.startswith(("_", "x-")):
            best = next(iter(near(key, sorted(known), n=1)), None)
            is_slip = best is not None and _is_slip(key, best)
            if best is not None and is_slip and (best not in cfg or not _is_helper(key, cfg)):
                slips[key] = best
    return slips


def _is_slip(key: str, name: str) -> bool:
    swapped = len(key) == len(name) and sorted(key) == sorted(name)
    return swapped or SequenceMatcher(None, key, name).ratio() >= _ALIKE


def _groups(cfg: Mapping[str, Any], slips: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return what to say about groups of which only some are given, by the first of those."""
    given = [slips.get(key, key) for key, value in cfg.items() if value is not None]
    told = {}
    for group in () if _is_fragment(cfg) else GROUPS:
        there = [key for key in given if key in group]
        absent = [key for key in group if key not in there]
        if there and absent:
            told[there[0]] = (
                f"{' and '.join(there)} given without {' and '.join(absent)}",
                "give all of them or none",
            )
    return told


def _is_fragment(cfg: Mapping[str, Any]) -> bool:
    """Return whether a config is only there for others to inherit from."""
    filename = cfg.filename if isinstance(cfg, Config) else None
    return filename is not None and "_base_" in PurePath(filename).parent.parts


def _is_helper(key: str, cfg: Mapping[str, Any]) -> bool:
    """Return whether a key holds what other keys use, and is there for nothing else."""
    if str(key).startswith(("_", "x-")) or callable(cfg[key]):
        return True
    return _is_used(
        cfg[key], [value for other in cfg if other != key for value in _all_values(cfg[other])]
    )


def _all_values(value: Any) -> Iterator[Any]:
    yield value
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _all_values(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _all_values(each)


def _is_used(value: Any, values: list[Any]) -> bool:
    """Return whether a value, or all that is in it, is among others: a helper of the config."""
    if any(_is_in(value, other) for other in values):
        return True
    if isinstance(value, (list, tuple)) and value:
        return all(any(_is_in(each, other) for other in values) for each in value)
    return False


def _is_in(value: Any, other: Any) -> bool:
    if value is other:
        return True
    if isinstance(value, str) and isinstance(other, str):
        return bool(value) and value in other
    if isinstance(value, Mapping) and isinstance(other, Mapping):
        return bool(value) and all(
            key in other and equal(each, other[key]) for key, each in value.items()
        )
    return equal(value, other)
