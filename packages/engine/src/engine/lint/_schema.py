"""The JSON Schema of the configs of runs, made of what the registries have."""

from __future__ import annotations

from typing import Any

from engine.registry import RUNNERS, import_announced
from engine.runner.run_table import ELSEWHERE, NAMES, REQUIRED, RUN, PartSpec

from ._docstring import described
from ._resolve import scope_error
from ._schema_parts import ROOT, Definitions
from ._schema_values import Schema, as_json, has_json, json_of
from ._signature import arguments_of

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ELSEWHERE: dict[str, Schema] = {
    "_base_": {"type": ["array", "string"], "items": {"type": "string"}},
    "custom_imports": {
        "type": ["null", "object"],
        "properties": {
            "allow_failed_imports": {"type": "boolean", "default": False},
            "imports": {"type": ["array", "string"], "items": {"type": "string"}},
        },
        "required": ["imports"],
        "additionalProperties": False,
    },
    "$schema": {"type": "string"},
}


def schema(scope: str | None = None) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the configs of a scope, which editors complete by.

    `type` is one of the names that the scope can see: its own and those of the root as they are,
    those of other installed libraries as `scope.Name`. Each name brings its keywords, and others
    are refused unless it takes any. A config with `_base_` need not be whole. Keys that the run
    does not know are refused, but for those which begin with `_` or `x-`.

    What is missing from a part is not said, since it may stand in a base; `check` finds it.

    Args:
        scope: The default scope of the configs; None means that of engine.

    Raises:
        ScopeNotInstalledError: If the library of the scope is not installed.
        ScopeImportError: If it can't be imported.
    """
    name = scope or ROOT
    if (error := scope_error(name, is_data=True)) is not None:
        raise error
    import_announced()
    definitions = Definitions(name)
    return {
        "$schema": _DIALECT,
        "title": f"The config of a run, in the scope {name}",
        "type": "object",
        "properties": dict(sorted(_properties(definitions).items())),
        "patternProperties": {"^(_|x-)": {}},
        "additionalProperties": False,
        "if": {"required": ["_base_"]},
        "else": {
            "required": list(REQUIRED),
            "properties": {
                key: rule
                for key, place in sorted(RUN.items())
                if (rule := _whole(definitions, place))
            },
        },
        "$defs": dict(sorted(definitions.schemas.items())),
    }


def _properties(definitions: Definitions) -> dict[str, Schema]:
    runner = RUNNERS.get("Runner")
    arguments = arguments_of(runner)
    known = arguments.known if arguments is not None else {}
    told = {**described(runner), **ELSEWHERE}
    properties: dict[str, Schema] = {}
    for name in {*known, *RUN, *NAMES, *_ELSEWHERE} - {"cfg"}:
        argument = known.get(name)
        allowed = argument.allowed if argument is not None else None
        if name in RUN:
            properties[name] = definitions.at_place(RUN[name], allowed)
        elif name in NAMES:
            properties[name] = definitions.names((NAMES[name],))
        else:
            properties[name] = dict(_ELSEWHERE[name]) if name in _ELSEWHERE else json_of(allowed)
        if name in told:
            properties[name]["description"] = told[name]
        if argument is not None and not argument.is_required and has_json(argument.default):
            properties[name]["default"] = as_json(argument.default)
    return properties


def _whole(definitions: Definitions, place: PartSpec) -> Schema:
    """Return what a place asks of a config that has no base."""
    if place.registry is None:
        return {}
    if place.is_mapping:
        return {"additionalProperties": {"required": ["type"]}}
    if place.otherwise is not None:
        asked = {"required": ["type"]}
        key = place.otherwise[0]
        return {"if": {"type": "object", "not": {"required": [key]}}, "then": asked, "items": asked}
    if not place.defaults:
        return {"required": ["type"], "items": {"required": ["type"]}}
    refs = [{"$ref": definitions.default(place, name)} for name in place.defaults]
    then = refs[0] if len(refs) == 1 else {"anyOf": refs}
    return {"if": {"type": "object", "not": {"required": ["type"]}}, "then": then}
