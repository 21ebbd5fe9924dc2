"""The JSON Schema of the config of a run, from what is registered."""

from __future__ import annotations

from typing import Any

from engine.registry import RUNNERS, import_announced
from engine.runner.run_table import ELSEWHERE, NAMES, REQUIRED, RUN, PartSpec

from ._docstring import describe_arguments
from ._resolve import find_scope_error
from ._schema_parts import ROOT, Definitions
from ._schema_values import Schema, as_json, has_json, make_schema
from ._signature import get_arguments

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
    """Return the JSON Schema (2020-12) of the configs of a scope, for completion in editors.

    `type` is one of the names that the scope can see: its own and those of the root without scope,
    those of other installed libraries as `scope.Name`. Each name has its keywords; others are
    refused unless it takes any. A config with `_base_` need not be complete. Unknown keys of the
    run are refused, except those that start with `_` or `x-`.

    Missing arguments of a part are not reported, since a base may have them; `check` finds them.

    Args:
        scope: The default scope of the configs; None means that of engine.

    Raises:
        ScopeNotInstalledError: If the library of the scope is not installed.
        ScopeImportError: If it can't be imported.
    """
    name = scope or ROOT
    if (error := find_scope_error(name, is_data=True)) is not None:
        raise error
    import_announced()
    definitions = Definitions(name)
    return {
        "$schema": _DIALECT,
        "title": f"The config of a run, in the scope {name}",
        "type": "object",
        "properties": dict(sorted(_make_properties(definitions).items())),
        "patternProperties": {"^(_|x-)": {}},
        "additionalProperties": False,
        "if": {"required": ["_base_"]},
        "else": {
            "required": list(REQUIRED),
            "properties": {
                key: rule
                for key, spec in sorted(RUN.items())
                if (rule := _make_requirements(definitions, spec))
            },
        },
        "$defs": dict(sorted(definitions.schemas.items())),
    }


def _make_properties(definitions: Definitions) -> dict[str, Schema]:
    runner = RUNNERS.get("Runner")
    arguments = get_arguments(runner)
    known = arguments.known if arguments is not None else {}
    descriptions = {**describe_arguments(runner), **ELSEWHERE}
    properties: dict[str, Schema] = {}
    for name in {*known, *RUN, *NAMES, *_ELSEWHERE} - {"cfg"}:
        argument = known.get(name)
        allowed = argument.allowed if argument is not None else None
        if name in RUN:
            properties[name] = definitions.make_part(RUN[name], allowed)
        elif name in NAMES:
            properties[name] = definitions.make_names((NAMES[name],))
        else:
            properties[name] = (
                dict(_ELSEWHERE[name]) if name in _ELSEWHERE else make_schema(allowed)
            )
        if name in descriptions:
            properties[name]["description"] = descriptions[name]
        if argument is not None and not argument.is_required and has_json(argument.default):
            properties[name]["default"] = as_json(argument.default)
    return properties


def _make_requirements(definitions: Definitions, spec: PartSpec) -> Schema:
    """Return what a part requires of a config without a base."""
    if spec.registry is None:
        return {}
    if spec.is_mapping:
        return {"additionalProperties": {"required": ["type"]}}
    if spec.otherwise is not None:
        asked = {"required": ["type"]}
        key = spec.otherwise[0]
        return {"if": {"type": "object", "not": {"required": [key]}}, "then": asked, "items": asked}
    if not spec.defaults:
        return {"required": ["type"], "items": {"required": ["type"]}}
    refs = [{"$ref": definitions.refer_to_default(spec, name)} for name in spec.defaults]
    then = refs[0] if len(refs) == 1 else {"anyOf": refs}
    return {"if": {"type": "object", "not": {"required": ["type"]}}, "then": then}
