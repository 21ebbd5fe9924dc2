"""The JSON Schema of values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from engine.utils._annotations import (
    Allowed,
    Alternative,
    Choice,
    ListOf,
    MappingOf,
    Scalar,
    TupleOf,
    format_allowed,
)

Schema = dict[str, Any]

TEMPLATE = r"\{\{.+\}\}"
"""The pattern of a template for another value: `'{{ _base_.model.depth }}'`."""

_INDEX = "^[0-9]+$"


def make_schema(alternatives: Allowed) -> Schema:
    """Return the schema of the values that are allowed.

    A template with `{{ }}` may replace any value. A mapping from indices may replace a list; it
    changes items of the one in the base.

    Args:
        alternatives: The values that are allowed.
    """
    if alternatives is None:
        return {}
    choices = [value for each in alternatives if isinstance(each, Choice) for value in each.values]
    others = [each for each in alternatives if not isinstance(each, Choice)]
    clashing = [each for each in others if not isinstance(each, Scalar)]
    if len({_json_type(each) for each in clashing}) < len(clashing):
        branches = [_merged([each]) for each in others]
    else:
        branches = [_merged(others)] if others else []
    if choices:
        branches.insert(0, {"enum": list(choices)})
        if not others:
            branches.append({"type": "string", "pattern": TEMPLATE})
    return branches[0] if len(branches) == 1 else {"anyOf": branches}


def _merged(alternatives: Sequence[Alternative]) -> Schema:
    """Return one schema for alternatives of different types."""
    types: set[str] = set()
    schema: Schema = {}
    for each in alternatives:
        types.add(_json_type(each))
        match each:
            case ListOf(item, takes_text):
                types |= {"string"} if takes_text else set()
                schema |= {"items": make_schema(item)} if item is not None else {}
            case TupleOf(items):
                size = len(items)
                schema |= {"prefixItems": [make_schema(item) for item in items]} if items else {}
                schema |= {"minItems": size, "maxItems": size}
            case MappingOf(value):
                schema |= {"additionalProperties": make_schema(value)} if value is not None else {}
    if "number" in types:
        types.discard("integer")
    if "array" in types and "object" not in types:
        types.add("object")
        schema |= {"patternProperties": {_INDEX: schema.get("items", {})}}
        schema |= {"additionalProperties": False}
    if "string" not in types:
        types.add("string")
        schema["pattern"] = TEMPLATE
        schema["patternErrorMessage"] = (
            f"This is {format_allowed(tuple(alternatives))}."  # in editors
        )
    schema["type"] = sorted(types) if len(types) > 1 else next(iter(types))
    return schema


def _json_type(alternative: Alternative) -> str:
    match alternative:
        case Scalar(name):
            return name
        case MappingOf():
            return "object"
        case Choice():
            return "enum"
    return "array"


def takes_parts(alternatives: Allowed) -> tuple[bool, bool]:
    """Return whether a value may be the config of a part, and whether it may be a list of them."""
    if alternatives is None:
        return True, True
    one = any(isinstance(each, MappingOf) and each.value is None for each in alternatives)
    lists = [each for each in alternatives if isinstance(each, ListOf)]
    return one, any(each.item is None or takes_parts(each.item)[0] for each in lists)


def has_json(value: Any) -> bool:
    """Return whether JSON has a value."""
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, (list, tuple)):
        return all(map(has_json, value))
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and has_json(each) for key, each in value.items())
    return value is None or isinstance(value, (bool, int, str))


def as_json(value: Any) -> Any:
    """Return a value as JSON has it: tuples are lists."""
    if isinstance(value, Mapping):
        return {key: as_json(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(each) for each in value]
    return value
