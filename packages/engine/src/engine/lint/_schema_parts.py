"""The JSON Schema of the parts that registries make."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pkgutil import resolve_name
from typing import Any

from engine.runner.run_table import CONVENTIONS, NESTED, OPTIONS, TAKEN, PartSpec, general_spec

from ._docstring import described, summary
from ._names import Entry, entries, prefixes
from ._schema_values import TEMPLATE, Schema, as_json, has_json, json_of, takes_parts
from ._signature import Argument, arguments_of, taken_argument

_OWN: Mapping[str, Schema] = {
    "_delete_": {"type": "boolean", "description": "Replace what the base has, merge nothing."},
    "_fallback_": {
        "type": "boolean",
        "description": "Whether a registry without that scope is asked itself.",
    },
    "_scope_": {"type": "string", "description": "The scope of this part and of those in it."},
}
ROOT = "engine"
_PATH = r"[A-Za-z_]\w*(?:\.\w+){2,}"  # a dotted path; `scope.Name` has one dot


class Definitions:
    """Gathers what parts of a schema refer to.

    Args:
        scope: The default scope of the configs.

    Attributes:
        schemas: The schemas, by their names.
    """

    def __init__(self, scope: str) -> None:
        self.scope = scope
        self.schemas: dict[str, Schema] = {}

    def at_place(self, place: PartSpec, allowed: Any = None) -> Schema:
        """Return the schema of a place.

        Args:
            place: The place.
            allowed: What the argument may be that the place is of.
        """
        if place is OPTIONS:
            return json_of(allowed) or {"type": ["null", "object", "string"]}
        if place.is_mapping:
            each: Schema = {"type": ["null", "object"], **self._ref(place.registry)}
            return {"type": ["null", "object"], "additionalProperties": each}
        types = ["array", "null", "object", "string"]
        if place.target is not None:
            return {"type": ["null", "object"], "$ref": self.of_target(place.target, place)}
        if place.is_function:
            return {
                "if": {"type": "string"},
                "then": self.names((place.registry or "",)),
                "else": {"type": ["null", "object"], **self._ref(place.registry)},
            }
        schema: Schema = {"type": types, "pattern": TEMPLATE}
        if place.otherwise is not None:
            key, other = place.otherwise
            schema["if"] = {"type": "object", "required": [key]}
            schema["then"] = self._with_default(place)
            schema["else"] = {**self._ref(other.registry), "items": self._ref(other.registry)}
            return schema
        return {**schema, **self._with_default(place), "items": self._ref(place.registry)}

    def _with_default(self, place: PartSpec) -> Schema:
        """Return the schema of a place, where a config without `type` completes as its default."""
        schema = self._ref(place.registry)
        known: Schema = {}
        for default in place.defaults:
            ref = self.default(place, default)
            properties = self.schemas[ref.removeprefix("#/$defs/")]["properties"]
            known = {key: {"$ref": f"{ref}/properties/{key}"} for key in properties} | known
        if not known:
            return schema
        # Side by side with a reference, some editors would take the conditions of both for one.
        completes = {
            "if": {"type": "object", "not": {"required": ["type"]}},
            "then": {"properties": dict(sorted(known.items()))},
        }
        return {"allOf": [schema, completes]}

    def default(self, place: PartSpec, name: str) -> str:
        """Return the reference to what a place is without `type`.

        Args:
            place: The place.
            name: One of its defaults.
        """
        kind = place.registry or ""
        self.family((kind,))
        entry = next(each for each in entries(kind, self.scope) if name in _all_names(each))
        return f"#/$defs/{_key(kind, entry)}"

    def _ref(self, kind: str | None) -> Schema:
        return {} if kind is None else {"$ref": self.family((kind,))}

    def family(self, kinds: tuple[str, ...], library: str | None = None) -> str:
        """Return the reference to the schema of all that some registries have.

        Args:
            kinds: The root registries, by their names.
            library: The scope of the library whose registries are asked, if it is not engine.
        """
        library = None if library in (self.scope, ROOT) else library
        key = "+".join(kinds) + ("" if library is None else f"@{library}")
        if key not in self.schemas:
            self.schemas[key] = {}  # the parts in its parts refer to it
            rules = [
                {
                    "if": {
                        "properties": {"type": {"enum": _all_names(entry)}},
                        "required": ["type"],
                    },
                    "then": {"$ref": self._entry(kind, entry)},
                }
                for kind in kinds
                for entry in entries(kind, self.scope, library)
            ]
            known: Schema = {"properties": {"type": self.names(kinds, library)}}
            # What another scope sees, which a part may choose for itself, is not repeated here.
            self.schemas[key] = {
                "if": {"required": ["_scope_"]},
                "else": {**known, **({"allOf": rules} if rules else {})},
            }
        return f"#/$defs/{key}"

    def names(self, kinds: tuple[str, ...], library: str | None = None) -> Schema:
        """Return the schema of a name in some registries.

        An enumeration is what editors complete. Names of sources and dotted paths, of which there
        are thousands, and the longer forms of names are patterns.

        Args:
            kinds: The root registries, by their names.
            library: As in `family`.
        """
        shown: dict[str, str] = {}
        longer: set[str] = set()
        for kind in kinds:
            for entry in entries(kind, self.scope, library):
                told = summary(entry.target) or ""
                shown |= {name: told for name in entry.names if name not in shown}
                longer |= {*entry.longer}
        sources = sorted(
            {prefix for kind in kinds for prefix in prefixes(kind, self.scope, library)}
        )
        forms = [_PATH, TEMPLATE, *map(re.escape, sorted(longer - {*shown}))]
        forms += [rf"{re.escape(prefix)}\..+" for prefix in sources]
        pattern: Schema = {"type": "string", "pattern": f"^(?:{'|'.join(forms)})$"}
        if not shown:
            return pattern
        listed = sorted(shown)
        return {
            "anyOf": [
                {"enum": listed, "enumDescriptions": [shown[name] for name in listed]},
                pattern,
            ]
        }

    def of_target(self, path: str, place: PartSpec) -> str:
        """Return the reference to the schema of a call of a certain class or function.

        Args:
            path: Its dotted path.
            place: The place of its config.
        """
        if path not in self.schemas:
            self.schemas[path] = {}
            self.schemas[path] = self._call(resolve_name(path), place)
        return f"#/$defs/{path}"

    def _entry(self, kind: str, entry: Entry) -> str:
        key = _key(kind, entry)
        if key not in self.schemas:
            self.schemas[key] = {}
            self.schemas[key] = self._call(entry.target, general_spec(kind), entry.scope)
        return f"#/$defs/{key}"

    def _call(
        self, target: Callable[..., Any], place: PartSpec, library: str | None = None
    ) -> Schema:
        """Return the schema of the config of a call.

        Args:
            target: What is called.
            place: The place of the config.
            library: The scope that registered it; None if nothing did.
        """
        arguments = arguments_of(target)
        properties: Schema = {"type": {}, **_OWN} if library else {"_delete_": _OWN["_delete_"]}
        for key in place.taken:
            taken = taken_argument(key)
            schema = (
                self.names((place.names[key],)) if key in place.names else json_of(taken.allowed)
            )
            properties[key] = {**schema, "description": TAKEN[key][1]}
        for name, argument in arguments.known.items() if arguments else ():
            if not (name in place.given and argument.is_required):
                properties[name] = self._argument(argument, place, library)
        schema = {"properties": dict(sorted(properties.items()))}
        if told := summary(target):
            schema["description"] = told
        if arguments is not None and not arguments.is_open:
            schema["additionalProperties"] = False
        return schema

    def _argument(self, argument: Argument, place: PartSpec, library: str | None) -> Schema:
        name = argument.name
        if name in place.parts:
            schema = self.at_place(place.parts[name], argument.allowed)
        else:
            schema = self._with_parts(json_of(argument.allowed), argument, place, library)
        if told := described(argument.owner).get(name):
            schema["description"] = told
        if not argument.is_required and has_json(argument.default):
            schema["default"] = as_json(argument.default)
        return schema

    def _with_parts(
        self, schema: Schema, argument: Argument, place: PartSpec, library: str | None
    ) -> Schema:
        """Return a schema that knows of the parts that an argument may be the config of."""
        convention = CONVENTIONS.get(argument.name)
        if convention is OPTIONS:
            return schema
        kinds: tuple[str, ...] = NESTED.get(place.registry or "", ())
        if convention is not None:
            kinds = (convention.registry or "",)
        kinds = tuple(kind for kind in kinds if entries(kind, self.scope, library))
        one, several = takes_parts(argument.allowed)
        if not kinds or not (one or several) or "anyOf" in schema:
            return schema
        ref = {"$ref": self.family(kinds, library)}
        return {**schema, **(ref if one else {}), **({"items": ref} if several else {})}


def _all_names(entry: Entry) -> list[str]:
    return [*entry.names, *entry.longer]


def _key(kind: str, entry: Entry) -> str:
    name = entry.names[0]
    return f"{kind}.{name if name.startswith(f'{entry.scope}.') else f'{entry.scope}.{name}'}"
