"""Visit the parts of a config and report what is wrong with each."""

from __future__ import annotations

import reprlib
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pkgutil import resolve_name
from typing import Any

from engine.config import FailedImport
from engine.registry import (
    DefaultScope,
    MultiSourceRegistry,
    NotRegisteredError,
    Registry,
    name_scope,
    path_of,
    refused_options,
    trust_of,
)
from engine.runner.run_table import CONVENTIONS, OPTIONS, PartSpec, general_spec
from engine.utils import close_matches
from engine.utils._annotations import format_allowed

from ._argument_matching import Mismatch, match_arguments, suggest_value
from ._constructor_source import find_built_arguments
from ._ranges import find_number_error
from ._report import Finding, Severity, find_site
from ._resolve import (
    LookupFailure,
    Resolved,
    get_root,
    get_root_name,
    is_known,
    look_up,
    look_up_everywhere,
)
from ._signature import Argument, Arguments, get_arguments, make_taken_argument

_SCALARS = (str, int, float)


@dataclass(frozen=True)
class ParentContext:
    """The part that a nested one is an argument of.

    Attributes:
        kind: The root registry of the nested part, by its name, if it is known.
        target: The class or function of the part, if there is one.
        registry: The registry that builds the nested part, if the source of `target` shows it.
        is_settled: Whether only the registry of `kind` can build the nested part.
    """

    kind: str | None = None
    target: Any = None
    registry: Registry[Any] | None = None
    is_settled: bool = False

    def find_node(self, kind: str) -> Registry[Any]:
        """Return the registry that looks the nested part up.

        Args:
            kind: Its root registry, by its name.
        """
        if self.registry is not None and self.registry.root is get_root(kind):
            return self.registry
        owner = self.target if isinstance(self.target, type) else None
        return get_root(kind) if owner is None else get_root(kind).of_library(owner)


class Visitor:
    """Visits the parts of a config and collects findings.

    Args:
        cfg: The whole config, which knows where its values come from.

    Attributes:
        findings: The findings so far.
        targets: The classes and functions found so far, by path of the part.
        names: What each name found so far stands for, by path of the name.
    """

    def __init__(self, cfg: Mapping[str, Any]) -> None:
        self.cfg = cfg
        self.findings: list[Finding] = []
        self.targets: dict[str, Any] = {}
        self.names: dict[str, Resolved] = {}

    def add(
        self,
        kind: str,
        path: str,
        message: str,
        suggestion: str | None = None,
        severity: Severity = "error",
    ) -> None:
        """Add a finding; the arguments are those of `Finding`."""
        path = str(path)  # a key of a config may be anything
        site = find_site(self.cfg, path)
        self.findings.append(Finding(kind, path, site, message, suggestion or None, severity))

    def check_part(
        self, value: Any, path: str, spec: PartSpec, parent: ParentContext = ParentContext()
    ) -> None:
        """Check a part: its config, a list of configs, or the part itself.

        Args:
            value: The value.
            path: Its path in the config.
            spec: How the part is built.
            parent: The part that it is an argument of.
        """
        if spec is OPTIONS:
            return
        if isinstance(value, (list, tuple)):
            for index, each in enumerate(value):
                self.check_part(each, f"{path}.{index}", spec, parent)
        elif isinstance(value, Mapping):
            if spec.is_mapping:
                for name, each in value.items():
                    self.check_part(each, f"{path}.{name}", replace(spec, is_mapping=False), parent)
            elif spec.otherwise is not None and spec.otherwise[0] not in value:
                self.check_part(value, path, spec.otherwise[1], parent)
            else:
                self._check_config(value, path, spec, parent)
        elif spec.is_function and isinstance(value, str):
            self.check_name({"type": value}, "type", path, spec.registry or "")
        elif spec.registry is not None and isinstance(value, _SCALARS):
            self.add("wrong-value", path, f"a part must be a config; got {reprlib.repr(value)}")

    def check_name(self, cfg: Mapping[str, Any], key: str, path: str, kind: str) -> Resolved | None:
        """Look up what the value of a key names.

        Args:
            cfg: The config that has the key.
            key: The key; its value is a name, a class or a function.
            path: The path of the value in the config.
            kind: The root registry, by its name.
        """
        if not isinstance(cfg[key], str):
            return self._check_object(cfg[key], path, kind)
        outcome = look_up(get_root(kind), cfg, key)
        if isinstance(outcome, Resolved):
            self.names[path] = outcome
            return outcome
        self.report_failure(outcome, path)
        return None

    def _check_nested(self, value: Any, path: str, parent: ParentContext) -> None:
        """Check an argument of a part, which may contain other parts."""
        if isinstance(value, (list, tuple)):
            for index, each in enumerate(value):
                self._check_nested(each, f"{path}.{index}", parent)
        elif isinstance(value, Mapping):
            kind = value.get("type")
            if isinstance(kind, str) or callable(kind):
                self._check_config(value, path, general_spec(parent.kind), parent, is_nested=True)
            elif (slip := _find_misspelled_type(value, parent)) is not None:
                self._report_missing_type(path, slip)
            else:
                for key, each in value.items():
                    self._check_below(each, f"{path}.{key}", key, parent)

    def _check_below(self, value: Any, path: str, key: str, parent: ParentContext) -> None:
        convention = CONVENTIONS.get(key)
        if convention is not OPTIONS:
            kind = parent.kind if convention is None else convention.registry
            settled = convention is not None or parent.registry is not None
            self._check_nested(value, path, replace(parent, kind=kind, is_settled=settled))

    def _check_config(
        self,
        cfg: Mapping[str, Any],
        path: str,
        spec: PartSpec,
        parent: ParentContext,
        is_nested: bool = False,
    ) -> None:
        with self._switch_scope(cfg, path, spec):
            found = self._find_target(cfg, path, spec, parent, is_nested)
            if found is None:
                return
            self.targets[path] = found.target
            self.names[f"{path}.type"] = found
            is_elsewhere = is_nested and found.registry != spec.registry
            if is_elsewhere:
                spec = general_spec(found.registry)
            arguments = get_arguments(found.target)
            if arguments is not None and any(key in cfg for key in spec.names):
                arguments = replace(arguments, is_open=True)  # another builder may take more keys
            self._check_arguments(cfg, path, spec, arguments, found, is_elsewhere)

    def _switch_scope(
        self, cfg: Mapping[str, Any], path: str, spec: PartSpec
    ) -> AbstractContextManager[Any]:
        """Return a block in which the `_scope_` of a config is active."""
        scope = cfg.get("_scope_")
        if not isinstance(scope, str):
            return nullcontext()
        try:
            if trust_of(cfg, "_scope_"):
                name_scope(scope)
            get_root(spec.registry or "MODELS").get_node(scope)
        except NotRegisteredError as error:
            if not cfg.get("_fallback_", False):
                self.report_failure(LookupFailure.from_error(error), f"{path}._scope_")
            return nullcontext()
        return DefaultScope.overwrite_default_scope(scope)

    def _find_target(
        self,
        cfg: Mapping[str, Any],
        path: str,
        spec: PartSpec,
        parent: ParentContext,
        is_nested: bool,
    ) -> Resolved | None:
        if spec.target is not None:
            return Resolved(resolve_name(spec.target), None, "")
        named = cfg.get("type", spec.default(cfg))
        if named is None:
            self._report_missing_type(path, next(iter(close_matches("type", map(str, cfg))), None))
            return None
        path = f"{path}.type"
        if not isinstance(named, str):
            return self._check_object(named, path, spec.registry or "")
        cfg = cfg if "type" in cfg else {**cfg, "type": named}
        outcome: Resolved | LookupFailure | None = None
        if spec.registry is not None:
            outcome = look_up(parent.find_node(spec.registry), cfg)
        if not isinstance(outcome, Resolved) and is_nested and not parent.is_settled:
            outcome = look_up_everywhere(cfg, parent.target) or outcome
        if isinstance(outcome, Resolved):
            self._report_shadow(outcome, path, parent)
            return outcome
        self.report_failure(outcome or LookupFailure.unknown(named), path)
        return None

    def _report_shadow(self, found: Resolved, path: str, parent: ParentContext) -> None:
        """Warn that a part of the active scope hides one of the parent's library."""
        library = parent.find_node(found.registry).scope
        hidden = [each for each in found.shadows if each.startswith(f"{library}::")]
        if hidden and library not in (found.scope, "engine"):
            name = path.rpartition(".")[0] or path
            self.add(
                "shadowed-type",
                path,
                f"this is {path_of(found.target)}; it hides {hidden[0]}",
                f"write '{library}.{found.target.__name__}' if {name} should be that",
                "warning",
            )

    def _check_arguments(
        self,
        cfg: Mapping[str, Any],
        path: str,
        spec: PartSpec,
        arguments: Arguments | None,
        found: Resolved,
        is_elsewhere: bool,
    ) -> None:
        parent = ParentContext(found.registry or None, found.target)
        registries = find_built_arguments(found.target)
        maker = found.target if spec.maker is None else resolve_name(spec.maker)
        for key, message in refused_options(maker, cfg):
            self.add("untrusted-option", f"{path}.{key}", message)
        for key, registry in _get_declared(found.target, "names_of_sources").items():
            if isinstance(cfg.get(key), str):
                options = _passed_options(cfg, key, found.target, arguments)
                self._check_source_name(cfg[key], f"{path}.{key}", registry, options)
        for key, registry in _get_declared(found.target, "hands_options_to").items():
            if arguments is not None:
                arguments = self._add_passed_options(cfg, path, key, registry, arguments)
        own = {"type", *spec.taken, *(("_scope_", "_fallback_") if "_scope_" in cfg else ())}
        given = {key: value for key, value in cfg.items() if key not in own}
        mismatch = Mismatch({}, [])
        if arguments is not None:
            mismatch = match_arguments(given, cfg, spec, arguments, is_elsewhere=is_elsewhere)
        label = arguments.label if arguments else ""
        if mismatch.missing:
            missing = ", ".join(map(repr, mismatch.missing))
            self.add("missing-argument", path, f"{label} needs {missing}")
        for key, value in cfg.items():
            below = f"{path}.{key}"
            if key in spec.taken:
                self._check_taken(cfg, key, below, spec, parent)
            elif key in mismatch.unknown:
                unknown = mismatch.unknown[key]
                self.add(
                    "unknown-argument", below, f"{label} has no argument {key!r}", unknown.hint
                )
                if (name := unknown.name) is not None:
                    inner = replace(parent, registry=registries.get(name))
                    self._check_argument(value, below, name, spec, inner)
            elif key in given:
                argument = arguments.known.get(key) if arguments else None
                if argument is None or not self.report_wrong_value(value, below, argument, label):
                    inner = replace(parent, registry=registries.get(key))
                    self._check_argument(value, below, key, spec, inner)

    def _check_taken(
        self, cfg: Mapping[str, Any], key: str, path: str, spec: PartSpec, parent: ParentContext
    ) -> None:
        """Check the value of a key that the builder removes."""
        if key in spec.names:
            self.check_name(cfg, key, path, spec.names[key])
        elif self.report_wrong_value(cfg[key], path, make_taken_argument(key), "the part"):
            return
        elif key in spec.parts and not spec.names.keys() & cfg.keys():
            self.check_part(cfg[key], path, spec.parts[key], parent)

    def _check_source_name(
        self, name: str, path: str, registry: MultiSourceRegistry[Any], options: Collection[str]
    ) -> None:
        """Check a name that a part looks up in several sources, to build it with `options`."""
        try:
            registry.find_class(name, options)
        except NotRegisteredError as error:
            self.report_failure(LookupFailure.from_error(error), path)
            return
        explanation = registry.explain(name, options)
        if explanation.found is not None and explanation.shadows:
            self.add(
                "shadowed-type",
                path,
                f"{name!r} is the one of the {explanation.found.node}; there is also "
                f"{', '.join(map(repr, explanation.shadows))}",
                f"write '{explanation.found.node.removeprefix('source ')}_{name}' if that is meant",
                "warning",
            )

    def _add_passed_options(
        self, cfg: Mapping[str, Any], path: str, key: str, registry: Any, arguments: Arguments
    ) -> Arguments:
        """Add the arguments of the class that `key` names, to which a part passes its options."""
        named = cfg if key in cfg else {key: arguments.known[key].default}
        if isinstance(registry, MultiSourceRegistry):
            is_there = isinstance(named[key], str) and named[key] in registry
            options = _own_options(cfg, arguments)
            target = registry.find_class(named[key], options) if is_there else None
        else:
            found = self.check_name(named, key, f"{path}.{key}", get_root_name(registry))
            target = None if found is None else found.target
        inner = None if target is None else get_arguments(target)
        if inner is None:
            return arguments
        for option, message in refused_options(target, cfg):
            self.add("untrusted-option", f"{path}.{option}", message)
        optional = {name: replace(each, default=None) for name, each in inner.known.items()}
        return Arguments(arguments.label, {**optional, **arguments.known}, inner.is_open)

    def _check_argument(
        self, value: Any, path: str, key: str, spec: PartSpec, parent: ParentContext
    ) -> None:
        if key in spec.parts:
            self.check_part(value, path, spec.parts[key], parent)
        else:
            self._check_below(value, path, key, parent)

    def report_wrong_value(self, value: Any, path: str, argument: Argument, label: str) -> bool:
        """Report a value that an argument can't have, and return whether it is one.

        Args:
            value: The value.
            path: Its path in the config.
            argument: The argument.
            label: The name of the class or function with that argument.
        """
        if not argument.takes(value):
            problem: str | None = f"must be {format_allowed(argument.allowed)}"
        else:
            problem = find_number_error(value, argument)
        if problem is None:
            return False
        message = f"{argument.name} of {label} {problem}; got {reprlib.repr(value)}"
        self.add("wrong-value", path, message, suggest_value(value, argument))
        return True

    def _check_object(self, value: Any, path: str, kind: str) -> Resolved | None:
        if isinstance(value, FailedImport):
            try:
                value.build()
            except ImportError as error:
                self.add("missing-library", path, str(error))
                return None
        if callable(value):
            return Resolved(value, None, kind)
        self.add(
            "wrong-value",
            path,
            f"it must be a name, a class or a function; got {reprlib.repr(value)}",
        )
        return None

    def _report_missing_type(self, path: str, slip: str | None) -> None:
        suggestion = f"did you mean 'type' instead of {slip!r}?" if slip else None
        self.add("missing-type", path, "a config of a part needs the key 'type'", suggestion)

    def report_failure(self, failure: LookupFailure, path: str) -> None:
        """Report a name that was not found."""
        self.add(failure.kind, path, failure.message, failure.suggestion)


def _get_declared(target: Any, attribute: str) -> Mapping[str, Any]:
    """Return the registries in which a class looks its arguments up, by attribute."""
    found = getattr(target, attribute, None)
    return found if isinstance(found, Mapping) else {}


def _passed_options(
    cfg: Mapping[str, Any], key: str, target: Any, arguments: Arguments | None
) -> list[str]:
    """Return the options that a part passes to what the value of `key` names."""
    if arguments is None or key not in _get_declared(target, "hands_options_to"):
        return []
    return _own_options(cfg, arguments)


def _own_options(cfg: Mapping[str, Any], arguments: Arguments) -> list[str]:
    return [each for each in cfg if each != "type" and each not in arguments.known]


def _find_misspelled_type(cfg: Mapping[str, Any], parent: ParentContext) -> str | None:
    """Return the key that is a misspelled `type`, if there is one: its value is a name."""
    for key in close_matches("type", (key for key in cfg if isinstance(key, str))):
        name = cfg[key]
        if isinstance(name, str) and parent.kind is not None and is_known(name, parent.kind):
            return key
    return None
