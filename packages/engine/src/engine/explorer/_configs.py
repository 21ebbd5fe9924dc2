"""A config as a tree of values, each with its origin, its findings and its option."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from engine.config import Config, ConfigError, Provenance, format_option
from engine.lint import Finding, Report, visit
from engine.utils import shorten_path

from ._described import format_text
from ._names import Names
from ._uses import iter_uses

_SHORT = 100  # characters of a list of scalars that is shown as one value
_SCALARS = (str, int, float, type(None))


def describe_config(cfg: Config, name: str, found: Names) -> dict[str, Any]:
    """Return a config as plain data.

    Args:
        cfg: The config.
        name: What it is called.
        found: The names, of which those that it uses are told.
    """
    visitor = visit(cfg)
    report = Report(tuple(visitor.findings))
    return {
        "name": name,
        "errors": len(report.errors),
        "warnings": len(report.warnings),
        "findings": [_describe_finding(each) for each in report],
        "values": [*_describe_children(cfg, cfg, (), dict(iter_uses(found, cfg, visitor)))],
    }


def _describe_finding(finding: Finding) -> dict[str, Any]:
    site = None if finding.site is None else shorten_path(finding.site)
    return {**asdict(finding), "site": site}


def _describe_children(
    value: Any, cfg: Config, keys: tuple[str, ...], names: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    items = dict.items(value) if isinstance(value, dict) else enumerate(value)
    for key, each in items:
        yield _describe_value(each, cfg, (*keys, str(key)), names)


def _describe_value(
    value: Any, cfg: Config, keys: tuple[str, ...], names: Mapping[str, str]
) -> dict[str, Any]:
    path = ".".join(keys)
    entry = {"key": keys[-1], "path": path, **_describe_origin(cfg, path)}
    if _is_container(value):
        kind = "dictionary" if isinstance(value, dict) else "list"
        return {**entry, "kind": kind, "children": [*_describe_children(value, cfg, keys, names)]}
    has_dots = any("." in key for key in keys)  # an option would lead elsewhere
    return {
        **entry,
        "kind": _kind_of(value),
        "text": format_text(value),
        "option": None if has_dots else format_option(path, value),
        "name": names.get(path),
    }


def _is_container(value: Any) -> bool:
    """Return whether the items of a value are shown below it; short lists of scalars are not."""
    if isinstance(value, dict):
        return bool(value)
    if not isinstance(value, (list, tuple)):
        return False
    is_flat = all(isinstance(each, _SCALARS) for each in value)
    return not is_flat or len(format_text(value)) > _SHORT


def _kind_of(value: Any) -> str:
    if isinstance(value, str):
        return "text"
    if isinstance(value, (bool, type(None))):
        return "constant"
    return "number" if isinstance(value, (int, float)) else "other"


def _describe_origin(cfg: Config, path: str) -> dict[str, Any]:
    """Return where a value was set, and what it overrode, the newest first."""
    try:
        newest, *former = cfg.provenance(path).history()
    except ConfigError:  # a key that no dotted path can name
        return {"site": None, "overrode": []}
    return {
        "site": _format_site(newest),
        "overrode": [
            {"text": format_text(each.value, longest=_SHORT), "site": _format_site(each)}
            for each in former
        ],
    }


def _format_site(step: Provenance) -> str | None:
    return None if step.site is None else shorten_path(str(step.site))
