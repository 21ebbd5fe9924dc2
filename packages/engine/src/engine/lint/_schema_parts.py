"""The JSON Schema of the configs of parts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pkgutil import resolve_name
from typing import Any

from engine.runner.run_table import CONVENTIONS, NESTED, OPTIONS, TAKEN, PartSpec, general_spec

from ._docstring import describe_arguments, get_summary
from ._names import Entry, list_entries, list_prefixes
from ._schema_values import TEMPLATE, Schema, as_json, has_json, make_schema, takes_parts
from ._signature import Argument, get_arguments, make_taken_argument

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
    """Collects the definitions to which parts of a schema refer.

    Args:
        scope: The default scope of the configs.

    Attributes:
        schemas: The schemas by name.
    """

    def __init__(self, scope: str) -> None:
        self.scope = scope
        self.schemas: dict[str, Schema] = {}

    def make_part(self, spec: PartSpec, allowed: Any = None) -> Schema:
        """Return the schema of a part.

        Args:
            spec: How the part is built.
            allowed: The values that the argument may have.
        """
        if spec is OPTIONS:
            return make_schema(allowed) or {"type": ["null", "object", "string"]}
        if spec.is_mapping:
            each: Schema = {"type": ["null", "object"], **self._ref(spec.registry)}
            return {"type": ["null", "object"], "additionalProperties": each}
        types = ["array", "null", "object", "string"]
        if spec.target is not None:
            return {"type": ["null", "object"], "$ref": self.refer_to_target(spec.target, spec)}
        if spec.is_function:
            return {
                "if": {"type": "string"},
                "then": self.make_names((spec.registry or "",)),
                "else": {"type": ["null", "object"], **self._ref(spec.registry)},
            }
        schema: Schema = {"type": types, "pattern": TEMPLATE}
        if spec.otherwise is not None:
            key, other = spec.otherwise
            schema["if"] = {"type": "object", "required": [key]}
            schema["then"] = self._make_default(spec)
            schema["else"] = {**self._ref(other.registry), "items": self._ref(other.registry)}
            return schema
        return {**schema, **self._make_default(spec), "items": self._ref(spec.registry)}

    def _make_default(self, spec: PartSpec) -> Schema:
        """Return the schema of a part; a config without `type` completes as its default."""
        schema = self._ref(spec.registry)
        known: Schema = {}
        for default in spec.defaults:
            ref = self.refer_to_default(spec, default)
            properties = self.schemas[ref.removeprefix("#/$defs/")]["properties"]
            known = {key: {"$ref": f"{ref}/properties/{key}"} for key in properties} | known
        if not known:
            return schema
        # Beside a reference, some editors would merge the conditions of both.
        completes = {
            "if": {"type": "object", "not": {"required": ["type"]}},
            "then": {"properties": dict(sorted(known.items()))},
        }
        return {"allOf": [schema, completes]}

    def refer_to_default(self, spec: PartSpec, name: str) -> str:
        """Return the reference to the schema of a part without `type`.

        Args:
            spec: How the part is built.
            name: One of its defaults.
        """
        kind = spec.registry or ""
        self.refer_to_family((kind,))
        entry = next(each for each in list_entries(kind, self.scope) if name in _all_names(each))
        return f"#/$defs/{_key(kind, entry)}"

    def _ref(self, kind: str | None) -> Schema:
        return {} if kind is None else {"$ref": self.refer_to_family((kind,))}

    def refer_to_family(self, kinds: tuple[str, ...], library: str | None = None) -> str:
        """Return the reference to the schema of everything in some registries.

        Args:
            kinds: The root registries, by their names.
            library: The scope of the library whose registries are asked, if it is not engine.
        """
        library = None if library in (self.scope, ROOT) else library
        key = "+".join(kinds) + ("" if library is None else f"@{library}")
        if key not in self.schemas:
            self.schemas[key] = {}  # the parts within its parts refer to it
            rules = [
                {
                    "if": {
                        "properties": {"type": {"enum": _all_names(entry)}},
                        "required": ["type"],
                    },
                    "then": {"$ref": self._entry(kind, entry)},
                }
                for kind in kinds
                for entry in list_entries(kind, self.scope, library)
            ]
            known: Schema = {"properties": {"type": self.make_names(kinds, library)}}
            # What another scope sees, which a part may choose with `_scope_`, is not repeated here.
            self.schemas[key] = {
                "if": {"required": ["_scope_"]},
                "else": {**known, **({"allOf": rules} if rules else {})},
            }
        return f"#/$defs/{key}"

    def make_names(self, kinds: tuple[str, ...], library: str | None = None) -> Schema:
        """Return the schema of a name in some registries.

        An enumeration is what editors complete. Names of sources and dotted paths, of which there
        are thousands, and the longer forms of names are patterns.

        Args:
            kinds: The root registries, by their names.
            library: As in `refer_to_family`.
        """
        shown: dict[str, str] = {}
        longer: set[str] = set()
        for kind in kinds:
            for entry in list_entries(kind, self.scope, library):
                description = get_summary(entry.target) or ""
                shown |= {name: description for name in entry.names if name not in shown}
                longer |= {*entry.longer}
        sources = sorted(
            {prefix for kind in kinds for prefix in list_prefixes(kind, self.scope, library)}
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

    def refer_to_target(self, path: str, spec: PartSpec) -> str:
        """Return the reference to the schema of a call of one class or function.

        Args:
            path: Its dotted path.
            spec: How the part is built.
        """
        if path not in self.schemas:
            self.schemas[path] = {}
            self.schemas[path] = self._make_call(resolve_name(path), spec)
        return f"#/$defs/{path}"

    def _entry(self, kind: str, entry: Entry) -> str:
        key = _key(kind, entry)
        if key not in self.schemas:
            self.schemas[key] = {}
            self.schemas[key] = self._make_call(entry.target, general_spec(kind), entry.scope)
        return f"#/$defs/{key}"

    def _make_call(
        self, target: Callable[..., Any], spec: PartSpec, library: str | None = None
    ) -> Schema:
        """Return the schema of the config of a call.

        Args:
            target: The class or function.
            spec: How the part is built.
            library: The scope that registered it, if one did.
        """
        arguments = get_arguments(target)
        properties: Schema = {"type": {}, **_OWN} if library else {"_delete_": _OWN["_delete_"]}
        for key in spec.taken:
            taken = make_taken_argument(key)
            schema = (
                self.make_names((spec.names[key],))
                if key in spec.names
                else make_schema(taken.allowed)
            )
            properties[key] = {**schema, "description": TAKEN[key][1]}
        for name, argument in arguments.known.items() if arguments else ():
            if not (name in spec.given and argument.is_required):
                properties[name] = self._make_argument(argument, spec, library)
        schema = {"properties": dict(sorted(properties.items()))}
        if description := get_summary(target):
            schema["description"] = description
        if arguments is not None and not arguments.is_open:
            schema["additionalProperties"] = False
        return schema

    def _make_argument(self, argument: Argument, spec: PartSpec, library: str | None) -> Schema:
        name = argument.name
        if name in spec.parts:
            schema = self.make_part(spec.parts[name], argument.allowed)
        else:
            schema = self._add_parts(make_schema(argument.allowed), argument, spec, library)
        if description := describe_arguments(argument.owner).get(name):
            schema["description"] = description
        if not argument.is_required and has_json(argument.default):
            schema["default"] = as_json(argument.default)
        return schema

    def _add_parts(
        self, schema: Schema, argument: Argument, spec: PartSpec, library: str | None
    ) -> Schema:
        """Add the schemas of the parts whose config an argument may be."""
        convention = CONVENTIONS.get(argument.name)
        if convention is OPTIONS:
            return schema
        kinds: tuple[str, ...] = NESTED.get(spec.registry or "", ())
        if convention is not None:
            kinds = (convention.registry or "",)
        kinds = tuple(kind for kind in kinds if list_entries(kind, self.scope, library))
        one, several = takes_parts(argument.allowed)
        if not kinds or not (one or several) or "anyOf" in schema:
            return schema
        ref = {"$ref": self.refer_to_family(kinds, library)}
        return {**schema, **(ref if one else {}), **({"items": ref} if several else {})}


def _all_names(entry: Entry) -> list[str]:
    return [*entry.names, *entry.longer]


def _key(kind: str, entry: Entry) -> str:
    name = entry.names[0]
    return f"{kind}.{name if name.startswith(f'{entry.scope}.') else f'{entry.scope}.{name}'}"
