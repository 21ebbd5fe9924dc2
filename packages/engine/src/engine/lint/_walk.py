"""The way through the parts of a config, and what is wrong with each of them."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pkgutil import resolve_name
from typing import Any

from engine.registry import (
    MultiSourceRegistry,
    NotRegisteredError,
    Registry,
    name_scope,
    path_of,
    refused_options,
    trust_of,
)
from engine.runner.run_table import CONVENTIONS, OPTIONS, PartSpec, general_spec
from engine.utils import did_you_mean, near

from ._builds import builds_of
from ._report import Finding, Severity
from ._resolve import Found, Missed, is_known, label_of, look_everywhere, look_up, root_of
from ._signature import Argument, Arguments, arguments_of, taken_argument
from ._site import site_of
from ._values import Choice, told

_SHOWN = 8  # arguments in a suggestion
_SCALARS = (str, int, float)


@dataclass(frozen=True)
class Around:
    """The part that a nested one is an argument of.

    Attributes:
        kind: The root registry of the nested part, by its name, if it is known.
        target: The class or function of the part, if there is one.
        asked: The registry that the part asks for the nested one, where its source says so.
        is_settled: Whether no other registry than that of `kind` can be meant.
    """

    kind: str | None = None
    target: Any = None
    asked: Registry[Any] | None = None
    is_settled: bool = False

    def node(self, kind: str) -> Registry[Any]:
        """Return the registry of which a nested part is asked.

        Args:
            kind: Its root registry, by its name.
        """
        if self.asked is not None and self.asked.root is root_of(kind):
            return self.asked
        owner = self.target if isinstance(self.target, type) else None
        return root_of(kind) if owner is None else root_of(kind).of_library(owner)


class Walk:
    """Goes through the parts of a config and gathers findings.

    Args:
        cfg: The whole config, which knows where its values come from.

    Attributes:
        findings: What was found so far.
        targets: By the path of a part its class or function, of those that were found so far.
    """

    def __init__(self, cfg: Mapping[str, Any]) -> None:
        self.cfg = cfg
        self.findings: list[Finding] = []
        self.targets: dict[str, Any] = {}

    def add(
        self,
        kind: str,
        path: str,
        message: str,
        suggestion: str | None = None,
        severity: Severity = "error",
    ) -> None:
        """Note a finding; its arguments are those of `Finding`."""
        path = str(path)  # a key of a config may be anything
        site = site_of(self.cfg, path)
        self.findings.append(Finding(kind, path, site, message, suggestion or None, severity))

    def place(self, value: Any, path: str, place: PartSpec, around: Around = Around()) -> None:
        """Check what stands where a part must stand: its config, several, or the part itself.

        Args:
            value: What stands there.
            path: Where that is.
            place: What the place is for.
            around: The part that it is an argument of.
        """
        if place is OPTIONS:
            return
        if isinstance(value, (list, tuple)):
            for index, each in enumerate(value):
                self.place(each, f"{path}.{index}", place, around)
        elif isinstance(value, Mapping):
            if place.is_mapping:
                for name, each in value.items():
                    self.place(each, f"{path}.{name}", replace(place, is_mapping=False), around)
            elif place.otherwise is not None and place.otherwise[0] not in value:
                self.place(value, path, place.otherwise[1], around)
            else:
                self._part(value, path, place, around)
        elif place.is_function and isinstance(value, str):
            self.name({"type": value}, "type", path, place.registry or "")
        elif place.registry is not None and isinstance(value, _SCALARS):
            self.add("wrong-value", path, f"a part is given by a config, not by {_shown(value)}")

    def name(self, cfg: Mapping[str, Any], key: str, path: str, kind: str) -> Found | None:
        """Look up what the value of a key names.

        Args:
            cfg: The config that has the key.
            key: The key, whose value is a name, or a class or function.
            path: Where the value stands.
            kind: The root registry, by its name.
        """
        if not isinstance(cfg[key], str):
            return self._not_a_name(cfg[key], path, kind)
        outcome = look_up(root_of(kind), cfg, key)
        if isinstance(outcome, Found):
            return outcome
        self._note_missed(outcome, path)
        return None

    def _nested(self, value: Any, path: str, around: Around) -> None:
        """Check an argument of a part, in which other parts may stand."""
        if isinstance(value, (list, tuple)):
            for index, each in enumerate(value):
                self._nested(each, f"{path}.{index}", around)
        elif isinstance(value, Mapping):
            kind = value.get("type")
            if isinstance(kind, str) or callable(kind):
                self._part(value, path, general_spec(around.kind), around, is_nested=True)
            elif (slip := _slip_of_type(value, around)) is not None:
                self._no_type(path, slip)
            else:
                for key, each in value.items():
                    self._below(each, f"{path}.{key}", key, around)

    def _below(self, value: Any, path: str, key: str, around: Around) -> None:
        convention = CONVENTIONS.get(key)
        if convention is not OPTIONS:
            kind = around.kind if convention is None else convention.registry
            settled = convention is not None or around.asked is not None
            self._nested(value, path, replace(around, kind=kind, is_settled=settled))

    def _part(
        self,
        cfg: Mapping[str, Any],
        path: str,
        place: PartSpec,
        around: Around,
        is_nested: bool = False,
    ) -> None:
        with self._scope(cfg, path, place):
            found = self._target(cfg, path, place, around, is_nested)
            if found is None:
                return
            self.targets[path] = found.target
            elsewhere = is_nested and found.registry != place.registry
            if elsewhere:
                place = general_spec(found.registry)
            arguments = arguments_of(found.target)
            if arguments is not None and _is_built_otherwise(cfg, place):
                arguments = replace(arguments, is_open=True)
            self._arguments(cfg, path, place, arguments, found, elsewhere)

    def _scope(
        self, cfg: Mapping[str, Any], path: str, place: PartSpec
    ) -> AbstractContextManager[Any]:
        """Return a block in which the scope is in force that a config chooses for itself."""
        scope = cfg.get("_scope_")
        if not isinstance(scope, str):
            return nullcontext()
        try:
            if trust_of(cfg, "_scope_"):
                name_scope(scope)
            root = root_of(place.registry or "MODELS")
            switch: AbstractContextManager[Any] = root.switch_scope_and_registry(scope)
        except NotRegisteredError as error:
            if not cfg.get("_fallback_", False):
                self._note_missed(Missed.of(error), f"{path}._scope_")
            return nullcontext()
        return switch

    def _target(
        self, cfg: Mapping[str, Any], path: str, place: PartSpec, around: Around, is_nested: bool
    ) -> Found | None:
        if place.target is not None:
            return Found(resolve_name(place.target), None, "")
        named = cfg.get("type", place.default(cfg))
        if named is None:
            self._no_type(path, next(iter(near("type", map(str, cfg))), None))
            return None
        path = f"{path}.type"
        if not isinstance(named, str):
            return self._not_a_name(named, path, place.registry or "")
        cfg = cfg if "type" in cfg else {**cfg, "type": named}
        outcome: Found | Missed | None = None
        if place.registry is not None:
            outcome = look_up(around.node(place.registry), cfg)
        if not isinstance(outcome, Found) and is_nested and not around.is_settled:
            outcome = look_everywhere(cfg, around.target) or outcome
        if isinstance(outcome, Found):
            self._note_shadow(outcome, path, around)
            return outcome
        self._note_missed(outcome or Missed.nowhere(named), path)
        return None

    def _note_shadow(self, found: Found, path: str, around: Around) -> None:
        """Tell of a part of the library around that a namesake of the scope in force hides."""
        library = around.node(found.registry).scope
        hidden = [each for each in found.shadows if each.startswith(f"{library}::")]
        if hidden and library not in (found.scope, "engine"):
            name = path.rpartition(".")[0] or path
            self.add(
                "shadowed-type",
                path,
                f"this is {path_of(found.target)}; it hides {hidden[0]}",
                f"write '{library}.{found.target.__name__}' if {name} is to have that",
                "warning",
            )

    def _arguments(
        self,
        cfg: Mapping[str, Any],
        path: str,
        place: PartSpec,
        arguments: Arguments | None,
        found: Found,
        elsewhere: bool,
    ) -> None:
        around = Around(found.registry or None, found.target)
        asked = builds_of(found.target)
        maker = found.target if place.maker is None else resolve_name(place.maker)
        for key, message in refused_options(maker, cfg):
            self.add("untrusted-option", f"{path}.{key}", message)
        for key, registry in _told_by(found.target, "names_of_sources").items():
            if isinstance(cfg.get(key), str):
                self._name_of_source(cfg[key], f"{path}.{key}", registry)
        for key, registry in _told_by(found.target, "hands_options_to").items():
            if arguments is not None:
                arguments = self._with_options(cfg, path, key, registry, arguments)
        given = {key: value for key, value in cfg.items() if key not in _own_keys(cfg, place)}
        meant = _meant(given, cfg, place, arguments, elsewhere) if arguments else _Meant({}, [])
        label = arguments.label if arguments else ""
        if meant.missing:
            self.add("missing-argument", path, f"{label} needs {_listed(meant.missing)}")
        for key, value in cfg.items():
            below = f"{path}.{key}"
            if key in place.names:
                self.name(cfg, key, below, place.names[key])
            elif key in place.taken:
                self.wrong_value(value, below, taken_argument(key), "the part")
            elif key in meant.unknown:
                unknown = meant.unknown[key]
                self.add(
                    "unknown-argument", below, f"{label} has no argument {key!r}", unknown.hint
                )
                if (name := unknown.name) is not None:
                    inner = replace(around, asked=asked.get(name))
                    self._argument(value, below, name, place, inner)
            elif key in given:
                argument = arguments.known.get(key) if arguments else None
                if argument is None or not self.wrong_value(value, below, argument, label):
                    inner = replace(around, asked=asked.get(key))
                    self._argument(value, below, key, place, inner)

    def _name_of_source(self, name: str, path: str, registry: MultiSourceRegistry[Any]) -> None:
        """Check a name that a part looks up in several sources."""
        try:
            registry.find_class(name)
        except NotRegisteredError as error:
            self._note_missed(Missed.of(error), path)
            return
        told = registry.explain(name)
        if told.found is not None and told.shadows:
            self.add(
                "shadowed-type",
                path,
                f"{name!r} is that of the {told.found.node}; there is also "
                f"{', '.join(map(repr, told.shadows))}",
                f"write '{told.found.node.removeprefix('source ')}_{name}' if that is meant",
                "warning",
            )

    def _with_options(
        self, cfg: Mapping[str, Any], path: str, key: str, registry: Any, arguments: Arguments
    ) -> Arguments:
        """Return what a part takes that hands the rest on to what one of its arguments names."""
        named = cfg if key in cfg else {key: arguments.known[key].default}
        if isinstance(registry, MultiSourceRegistry):
            is_there = isinstance(named[key], str) and named[key] in registry
            target = registry.find_class(named[key]) if is_there else None
        else:
            found = self.name(named, key, f"{path}.{key}", label_of(registry))
            target = None if found is None else found.target
        inner = None if target is None else arguments_of(target)
        if inner is None:
            return arguments
        for option, message in refused_options(target, cfg):
            self.add("untrusted-option", f"{path}.{option}", message)
        optional = {name: replace(each, default=None) for name, each in inner.known.items()}
        return Arguments(arguments.label, {**optional, **arguments.known}, inner.is_open)

    def _argument(self, value: Any, path: str, key: str, place: PartSpec, around: Around) -> None:
        if key in place.parts:
            self.place(value, path, place.parts[key], around)
        else:
            self._below(value, path, key, around)

    def wrong_value(self, value: Any, path: str, argument: Argument, label: str) -> bool:
        """Note a value that an argument can't have, and return whether it is one.

        Args:
            value: The value.
            path: Where it stands.
            argument: The argument.
            label: What the argument is one of.
        """
        if argument.takes(value):
            return False
        message = f"{argument.name} of {label} is {told(argument.allowed)}, not {_shown(value)}"
        self.add("wrong-value", path, message, _better(value, argument))
        return True

    def _not_a_name(self, value: Any, path: str, kind: str) -> Found | None:
        if callable(value):
            return Found(value, None, kind)
        self.add("wrong-value", path, f"it is a name, a class or a function, not {_shown(value)}")
        return None

    def _no_type(self, path: str, slip: str | None) -> None:
        suggestion = f"did you mean 'type' by {slip!r}?" if slip else None
        self.add("missing-type", path, "a config of a part needs the key 'type'", suggestion)

    def _note_missed(self, missed: Missed, path: str) -> None:
        self.add(missed.kind, path, missed.message, missed.suggestion)


@dataclass(frozen=True)
class _Unknown:
    """What may have been meant by a key that is no argument."""

    name: str | None
    hint: str


@dataclass(frozen=True)
class _Meant:
    """How the keys of a config differ from the arguments of its class."""

    unknown: Mapping[str, _Unknown]
    missing: list[str]


def _own_keys(cfg: Mapping[str, Any], place: PartSpec) -> set[str]:
    """Return the keys of a config that are no arguments of its class."""
    switch = ("_scope_", "_fallback_") if "_scope_" in cfg else ()
    return {"type", *place.taken, *switch}


def _meant(
    given: Mapping[str, Any],
    cfg: Mapping[str, Any],
    place: PartSpec,
    arguments: Arguments,
    elsewhere: bool,
) -> _Meant:
    """Find the keys that are no arguments, and the arguments that are missing.

    A misspelt argument that is needed is one mistake, so that it is not among those missing.
    """
    missing = [
        name
        for name, argument in arguments.known.items()
        if argument.is_required and name not in given and name not in place.given
    ]
    if place.is_function or elsewhere:  # whoever calls or builds it may add what is missing
        missing = []
    free = [name for name in arguments.known if name not in given]
    free += [name for name in ("type", *place.taken) if name not in cfg]
    unknown = {}
    for key in given:
        if key not in arguments.known and not arguments.is_open:
            unknown[key] = _guess(str(key), [*map(str, given)], free, missing)
    return _Meant(unknown, missing)


def _guess(key: str, given: list[str], free: list[str], missing: list[str]) -> _Unknown:
    best = next(iter(near(key, [*free, *(each for each in given if each != key)], n=1)), None)
    name = best if best in free else None
    hints = [f"did you mean {name!r}?"] if name is not None else []
    if best is not None and name is None:
        hints.append(f"{best!r} is there already")
    if name in missing:
        missing.remove(name)
    elif missing:
        hints.append(f"{missing.pop(0)!r} is missing")
    if not hints:
        names = [each for each in free if each != "type"]
        shown = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
        hints.append(f"it takes {shown} as well" if names else "it takes no others")
    return _Unknown(name, ", ".join(hints).replace("?,", "?"))


def _is_built_otherwise(cfg: Mapping[str, Any], place: PartSpec) -> bool:
    """Return whether a config names somebody else to make the part, who may know more keys."""
    return any(key in cfg for key in place.names)


def _told_by(target: Any, attribute: str) -> Mapping[str, Any]:
    """Return the registries in which a class looks up names that its arguments are."""
    found = getattr(target, attribute, None)
    return found if isinstance(found, Mapping) else {}


def _slip_of_type(cfg: Mapping[str, Any], around: Around) -> str | None:
    """Return the key that is a misspelt `type`, if there is one: its value is a name."""
    for key in near("type", (key for key in cfg if isinstance(key, str))):
        name = cfg[key]
        if isinstance(name, str) and around.kind is not None and is_known(name, around.kind):
            return key
    return None


def _better(value: Any, argument: Argument) -> str | None:
    if not isinstance(value, str):
        return None
    choices = [
        choice
        for each in argument.allowed or ()
        if isinstance(each, Choice)
        for choice in each.values
    ]
    if choices:
        return did_you_mean(value, map(str, choices)).removeprefix("; ") or None
    try:
        number = int(value) if value.isdecimal() else float(value)
    except ValueError:
        return None
    return f"write {number!r}, a number" if argument.takes(number) else None


def _shown(value: Any) -> str:
    return reprlib.repr(value)


def _listed(names: list[str]) -> str:
    return ", ".join(map(repr, names))
