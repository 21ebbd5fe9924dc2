"""Check of a config."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from difflib import SequenceMatcher
from pathlib import PurePath
from typing import Any

from engine.config import Config
from engine.registry import RUNNERS, DefaultScope, refused_options, trust_of
from engine.runner.run_table import ELSEWHERE, GROUPS, NAMES, REQUIRED, RUN, PartSpec
from engine.utils import close_matches, did_you_mean

from ._consistency import check_consistency
from ._report import Report
from ._resolve import LookupFailure, find_scope_error
from ._signature import Argument, equal, get_arguments
from ._visitor import Visitor

_SCOPE = "default_scope"
_ALIKE = 0.85  # the similarity from which on a key is a misspelled one, even if it may be a helper


def check(cfg: Mapping[str, Any]) -> Report:
    """Check the config of a run, without building anything.

    Each `type` is looked up as the build does it, which imports the libraries that it names; the
    arguments are compared with the signatures, and plain values with the annotations. The default
    scope of the process stays as it is.

    Args:
        cfg: What `Runner.from_cfg` takes. One that was read from a folder `_base_` need not be
            complete.
    """
    return Report(tuple(visit(cfg).findings))


def visit(cfg: Mapping[str, Any]) -> Visitor:
    """Check the config of a run, and return what was found and looked up; as `check`.

    Args:
        cfg: The config.
    """
    from engine.runner import missing_files, missing_folders  # deferred: they need torch

    visitor = Visitor(cfg)
    scope = get_scope(cfg)
    # A scope that is not a str is among the findings, and sets nothing.
    with DefaultScope.overwrite_default_scope(scope if isinstance(scope, str) else None):
        check_run(cfg, visitor)
    for key, message in missing_files(cfg):
        visitor.add("missing-file", key, message)
    for key, message in missing_folders(cfg):
        visitor.add("missing-folder", key, message, "--data-root names another", "warning")
    return visitor


def get_scope(cfg: Mapping[str, Any]) -> Any:
    """Return the default scope of a run, also from a misspelled key."""
    key = _SCOPE if _SCOPE in cfg else next(iter(_find_misspelled(cfg, {_SCOPE})), _SCOPE)
    return cfg.get(key, "engine")


def check_run(cfg: Mapping[str, Any], visitor: Visitor) -> None:
    """Check all keys of a run; its default scope must be active.

    Args:
        cfg: The config.
        visitor: Collects the findings.
    """
    scope = get_scope(cfg)
    is_data = trust_of(cfg, _SCOPE) is False
    error = find_scope_error(scope, is_data=is_data) if isinstance(scope, str) else None
    failure = None if error is None else LookupFailure.from_error(error)
    # The scope of a fragment is known only to the config that inherits from it.
    is_known = isinstance(scope, str) and (_SCOPE in cfg or not _is_fragment(cfg))
    has_names = is_known and failure is None
    known = _check_runner(cfg, visitor, has_names)
    others = {*known, *RUN, *NAMES, *ELSEWHERE}
    slips = _find_misspelled(cfg, others)
    groups = _find_incomplete_groups(cfg, slips)
    for key, value in cfg.items():
        right = slips.get(key, key)
        # Beside the right key, a misspelled one may hold just the changes to it.
        is_whole = right == key or right not in cfg
        spec = _find_spec(right, cfg) if has_names and is_whole else None
        if key in slips:
            visitor.add("unknown-key", key, "a run has no such key", f"did you mean {right!r}?")
        elif key == _SCOPE and failure is not None:
            visitor.add(failure.kind, key, failure.message, failure.suggestion)
        elif key not in others and not _is_helper(key, cfg):
            free = [name for name in others if name not in cfg]
            hint = did_you_mean(str(key), free).removeprefix("; ")
            visitor.add(
                "unused-key", key, "nothing reads this key or uses its value", hint, "warning"
            )
        elif key in known and visitor.report_wrong_value(value, key, known[key], "the run"):
            spec = None
        if spec is not None and value is not None:
            visitor.check_part(value, key, spec)
        if right in groups and is_whole:
            visitor.add("incomplete-group", key, *groups[right])
    check_consistency(cfg, visitor)
    if not _is_fragment(cfg):
        for key in REQUIRED:
            if key not in {*cfg, *slips.values()}:
                visitor.add("missing-key", key, f"a run needs the key {key!r}")


def _check_runner(cfg: Mapping[str, Any], visitor: Visitor, has_names: bool) -> dict[str, Argument]:
    """Check the options of the runner that a config names, and return its arguments."""
    kind = cfg.get("runner_type")
    found = None
    if kind and has_names:
        found = visitor.check_name(cfg, "runner_type", "runner_type", NAMES["runner_type"])
    runner = RUNNERS.get("engine.Runner") if found is None else found.target
    for key, message in refused_options(runner, cfg):
        visitor.add("untrusted-option", key, message)
    arguments = get_arguments(runner)
    known = dict(arguments.known) if arguments is not None else {}
    known.pop("cfg", None)
    return known


def _find_spec(key: str, cfg: Mapping[str, Any]) -> PartSpec | None:
    spec = RUN.get(key)
    if key == "model" and spec is not None and cfg.get("data_preprocessor") is not None:
        return replace(spec, given=("data_preprocessor",))
    return spec


def _find_misspelled(cfg: Mapping[str, Any], known: set[str]) -> dict[str, str]:
    """Return the misspelled keys of a run, each with the right key.

    A key beside the right one, which may come from a base, can also be a helper of the config.
    """
    slips = {}
    for key in cfg:
        if isinstance(key, str) and key not in known and not key.startswith(("_", "x-")):
            best = next(iter(close_matches(key, sorted(known), n=1)), None)
            if best is None:
                continue
            is_swapped = sorted(key) == sorted(best)
            is_slip = is_swapped or SequenceMatcher(None, key, best).ratio() >= _ALIKE
            if is_slip and (best not in cfg or not _is_helper(key, cfg)):
                slips[key] = best
    return slips


def _find_incomplete_groups(
    cfg: Mapping[str, Any], slips: Mapping[str, str]
) -> dict[str, tuple[str, str]]:
    """Return message and suggestion for each incomplete group, by the first key that is given."""
    given = [slips.get(key, key) for key, value in cfg.items() if value is not None]
    messages = {}
    for group in () if _is_fragment(cfg) else GROUPS:
        there = [key for key in given if key in group]
        absent = [key for key in group if key not in there]
        if there and absent:
            messages[there[0]] = (
                f"{' and '.join(there)} given without {' and '.join(absent)}",
                "give all of them or none",
            )
    return messages


def _is_fragment(cfg: Mapping[str, Any]) -> bool:
    """Return whether a config exists only for others to inherit from."""
    filename = cfg.filename if isinstance(cfg, Config) else None
    return filename is not None and "_base_" in PurePath(filename).parent.parts


def _is_helper(key: str, cfg: Mapping[str, Any]) -> bool:
    """Return whether a key only holds a value that other keys use."""
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
    """Return whether a value, or everything in it, is among other values."""
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
