"""The values that a plain annotation allows, and a check of arguments by their annotations.

Plain annotations are `int`, `float`, `str`, `bool`, `None`, `Path`, `Literal`, and lists, tuples,
mappings and unions of them. Everything else (a class, a protocol, an unresolved name) allows any
value. In a union, a tensor or array is left out, since no plain value is one: `float | Tensor`
takes the plain values that `float` takes.
"""

from __future__ import annotations

import inspect
import os
import types
from collections import abc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

_SCALARS: Mapping[Any, str] = {
    None: "null",
    type(None): "null",
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    Path: "string",
    os.PathLike: "string",
}
_PYTHON_NAMES = {
    "null": "None",
    "boolean": "bool",
    "integer": "int",
    "number": "float",
    "string": "str",
}
_LISTS = (list, abc.Sequence, abc.MutableSequence, abc.Iterable, abc.Collection, abc.Container)
_SETS = (set, frozenset, abc.Set)
_MAPPINGS = (dict, abc.Mapping, abc.MutableMapping)
_ARRAYS = {("torch", "Tensor"), ("numpy", "ndarray")}
_CHECKED = (type(None), bool, int, float, str, list, tuple, Mapping)


@dataclass(frozen=True)
class Scalar:
    """A value of one of the types of JSON, by its name there."""

    name: str


@dataclass(frozen=True)
class Choice:
    """One of some values."""

    values: tuple[Any, ...]


@dataclass(frozen=True)
class ListOf:
    """A list or tuple of any length.

    Attributes:
        item: The values that its items may have.
        takes_text: Whether a str is allowed, as a sequence of its characters.
    """

    item: Allowed
    takes_text: bool = False


@dataclass(frozen=True)
class TupleOf:
    """A list or tuple of a certain length.

    Attributes:
        items: The values that each item may have.
    """

    items: tuple[Allowed, ...]


@dataclass(frozen=True)
class MappingOf:
    """A mapping.

    Attributes:
        value: The values that it may contain.
    """

    value: Allowed


Alternative = Scalar | Choice | ListOf | TupleOf | MappingOf
Allowed = tuple[Alternative, ...] | None
"""The alternatives for a value, or None if it may be anything."""


def parse_annotation(annotation: Any) -> Allowed:
    """Return the values that an annotation allows."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    try:
        if (kind := origin or annotation) in _SCALARS:
            return (Scalar(_SCALARS[kind]),)
    except TypeError:  # not hashable, so not one of them
        return None
    if origin is Annotated:
        return parse_annotation(arguments[0])
    if origin is Literal:
        return (Choice(arguments),)
    if origin in (Union, types.UnionType):
        return _union(arguments)
    return _container(annotation if origin is None else origin, arguments)


def _union(members: tuple[Any, ...]) -> Allowed:
    found: list[Alternative] = []
    for member in members:
        if _is_array(member):
            continue
        alternatives = parse_annotation(member)
        if alternatives is None:
            return None
        found += alternatives
    has_array = any(map(_is_array, members))
    if has_array and all(each == Scalar("null") for each in found):
        return None  # which values become the array is not known
    return tuple(dict.fromkeys(found))


def _is_array(annotation: Any) -> bool:
    kind = get_origin(annotation) or annotation
    return (getattr(kind, "__module__", ""), getattr(kind, "__name__", "")) in _ARRAYS


def _container(kind: Any, arguments: tuple[Any, ...]) -> Allowed:
    if kind is tuple and arguments and arguments[-1] is not ...:
        return (TupleOf(tuple(parse_annotation(each) for each in arguments)),)
    if kind is tuple or kind in _LISTS or kind in _SETS:
        item = parse_annotation(arguments[0]) if arguments else None
        has_texts = not arguments or {Any, str} & {arguments[0], *get_args(arguments[0])}
        takes_text = bool(has_texts) and kind in _LISTS[1:]
        return (ListOf(item, takes_text),)
    if kind in _MAPPINGS:
        return (MappingOf(parse_annotation(arguments[1]) if len(arguments) == 2 else None),)
    return None


def is_allowed(value: Any, alternatives: Allowed) -> bool:
    """Return whether a value is allowed.

    Only values of plain types are checked; any other object is allowed.

    Args:
        value: The value.
        alternatives: The values that are allowed.
    """
    if alternatives is None or not isinstance(value, _CHECKED):
        return True
    return any(_CHECKS[type(each)](value, each) for each in alternatives)


def _fits_scalar(value: Any, wanted: Scalar) -> bool:
    match wanted.name:
        case "null":
            return value is None
        case "boolean":
            return isinstance(value, bool) or (isinstance(value, int) and value in (0, 1))
        case "integer":
            return isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        case "number":
            return isinstance(value, (int, float))
    return isinstance(value, str)


def _fits_choice(value: Any, wanted: Choice) -> bool:
    return any(value == each and isinstance(value, type(each)) for each in wanted.values)


def _fits_list(value: Any, wanted: ListOf) -> bool:
    if isinstance(value, str):
        return wanted.takes_text
    return isinstance(value, (list, tuple)) and (
        wanted.item is None or all(is_allowed(each, wanted.item) for each in value)
    )


def _fits_tuple(value: Any, wanted: TupleOf) -> bool:
    return (
        isinstance(value, (list, tuple))
        and len(value) == len(wanted.items)
        and all(is_allowed(*pair) for pair in zip(value, wanted.items, strict=True))
    )


def _fits_mapping(value: Any, wanted: MappingOf) -> bool:
    return isinstance(value, Mapping) and all(
        is_allowed(each, wanted.value) for each in value.values()
    )


_CHECKS: Mapping[type, Callable[[Any, Any], bool]] = {
    Scalar: _fits_scalar,
    Choice: _fits_choice,
    ListOf: _fits_list,
    TupleOf: _fits_tuple,
    MappingOf: _fits_mapping,
}


def format_allowed(alternatives: Allowed) -> str:
    """Return the allowed values as an annotation: `'int | list[int] | None'`."""
    if alternatives is None:
        return "anything"
    none_last = sorted(alternatives, key=lambda each: each == Scalar("null"))
    return " | ".join(map(_format_alternative, none_last))


def _format_alternative(alternative: Alternative) -> str:
    match alternative:
        case Scalar(name):
            return _PYTHON_NAMES[name]
        case Choice(values):
            return " | ".join(map(repr, values))
        case ListOf(item):
            return "list" if item is None else f"list[{format_allowed(item)}]"
        case TupleOf(items):
            return f"({', '.join(map(format_allowed, items))})"
        case MappingOf(value):
            return "dict" if value is None else f"dict[{format_allowed(value)}]"


_INTERFACES = (abc.Callable, abc.Sized, abc.Iterable, abc.Collection, abc.Container)


@dataclass(frozen=True)
class Check:
    """What an annotation says of the argument of a call.

    Attributes:
        allowed: The plain values that it allows.
        interfaces: The interfaces that an object may have instead.
        default: What is allowed as well.
    """

    allowed: Allowed
    interfaces: tuple[type, ...]
    default: Any

    def passes(self, value: Any) -> bool:
        """Return whether the argument may have a value."""
        if value is self.default or isinstance(value, self.interfaces):
            return True
        return not (self.interfaces and self.allowed == ()) and is_allowed(value, self.allowed)

    def error(self, name: str, value: Any) -> TypeError | ValueError:
        """Return the error for a value that the argument can't have.

        Args:
            name: What to call the argument.
            value: The value.
        """
        plain = [format_allowed(self.allowed)] if self.allowed else []
        wanted = " | ".join([*(each.__name__ for each in self.interfaces), *plain])
        given = repr(value)
        text = f"{name} must be {wanted}; got {given if len(given) <= 60 else given[:60] + '...'}"
        choices = [each for each in self.allowed or () if isinstance(each, Choice)]
        is_choice = any(type(value) is type(other) for each in choices for other in each.values)
        return (ValueError if is_choice else TypeError)(text)


def find_checks(function: Callable[..., Any]) -> Mapping[str, Check]:
    """Return the checks of the arguments of a function whose annotations say enough.

    Args:
        function: The function.
    """
    checks = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            annotation = resolve_annotation(parameter.annotation, function.__globals__)
            if (check := _find_check(annotation, parameter.default)) is not None:
                checks[name] = check
    return checks


def _find_check(annotation: Any, default: Any) -> Check | None:
    is_union = get_origin(annotation) in (Union, types.UnionType)
    members = get_args(annotation) if is_union else (annotation,)
    kinds = [each if get_origin(each) is None else get_origin(each) for each in members]
    interfaces = tuple(kind for kind in kinds if kind in _INTERFACES)
    plain = tuple(each for each, kind in zip(members, kinds, strict=True) if kind not in interfaces)
    allowed = _union(plain)
    return None if allowed is None else Check(allowed, interfaces, default)


def resolve_annotation(annotation: Any, scope: Mapping[str, Any]) -> Any:
    """Return what an annotation stands for, `Any` where it can't be found out.

    Args:
        annotation: The annotation, or its text.
        scope: The names that it may use.
    """
    if not isinstance(annotation, str):
        return annotation
    holder = SimpleNamespace(__annotations__={"value": annotation})
    try:
        return get_type_hints(holder, {}, scope)["value"]
    except Exception:  # noqa: BLE001  # it may name what exists for type checkers only
        return Any
