"""The keyword arguments that a class or function takes, those that it passes on included."""

from __future__ import annotations

import inspect
import sys
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import FunctionType, MappingProxyType
from typing import Any

from engine.runner.run_table import TAKEN
from engine.utils._annotations import Allowed, is_allowed, parse_annotation, resolve_annotation

from ._constructor_source import KwargsForwarding, find_kwargs_forwarding

# Its constructor takes anything by its signature, and raises if that is anything.
_TAKES_NOTHING = "torch.nn.modules.module.Module"
_KEYWORDS = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


@dataclass(frozen=True)
class Argument:
    """A keyword argument.

    Attributes:
        name: Its name.
        default: Its default, `inspect.Parameter.empty` if it has none.
        allowed: The values that it may have.
        owner: The class or function whose docstring describes it.
    """

    name: str
    default: Any
    allowed: Allowed
    owner: Any

    @property
    def is_required(self) -> bool:
        """Whether a call without it fails."""
        return self.default is inspect.Parameter.empty

    def takes(self, value: Any) -> bool:
        """Return whether it may have a value; its default is always allowed."""
        return (
            is_allowed(value, self.allowed) or value is self.default or equal(value, self.default)
        )


@dataclass(frozen=True)
class Arguments:
    """The arguments of a class or function.

    Attributes:
        label: Its name in a message.
        known: The arguments by name.
        is_open: Whether it takes others as well.
    """

    label: str
    known: Mapping[str, Argument]
    is_open: bool


_cache: dict[int, tuple[Any, Arguments | None]] = {}


def get_arguments(target: Callable[..., Any]) -> Arguments | None:
    """Return the arguments of `target`, or None if it has no signature.

    `**kwargs` that a constructor only passes to the one of a base class are replaced by the
    arguments of that one; other `**kwargs` may be anything.

    Args:
        target: A class or function.
    """
    kept, known = _cache.get(id(target), (None, None))
    if kept is not target:  # while it is kept, no other object has its id
        known = _read_arguments(target)
        _cache[id(target)] = (target, known)
    return known


def make_taken_argument(key: str) -> Argument:
    """Return the argument of a key that is removed from a config before the call.

    Args:
        key: One of `TAKEN`.
    """
    return Argument(key, inspect.Parameter.empty, parse_annotation(TAKEN[key][0]), None)


def _read_arguments(target: Callable[..., Any]) -> Arguments | None:
    try:
        parameters = inspect.signature(target).parameters
    except (TypeError, ValueError):
        return None
    if isinstance(target, FunctionType) and next(iter(parameters), None) == "self":
        parameters = MappingProxyType(dict(list(parameters.items())[1:]))  # of a method
    label = getattr(target, "__qualname__", None) or repr(target)
    known = {each.name: each for each in _iter_arguments(parameters, target, _get_scope(target))}
    rest = _find_var_keyword(parameters)
    if rest is None:
        return Arguments(label, known, is_open=False)
    index, init = _find_init(target)
    if init is None or not isinstance(target, type):
        return Arguments(label, known, is_open=True)
    forwarded = _find_forwarded(target.__mro__, index, init, rest)
    if forwarded is None:
        return Arguments(label, known, is_open=True)
    return Arguments(label, {**forwarded, **known}, is_open=False)


def _find_init(target: Any) -> tuple[int, FunctionType | None]:
    """Return the constructor of a class, after the index in the MRO of the class that has it."""
    if not isinstance(target, type) or "__signature__" in vars(target):
        return 0, None
    if type(target).__call__ is not type.__call__ or any(
        "__new__" in vars(each) for each in target.__mro__[:-1]
    ):
        return 0, None
    return _find_next_init(target.__mro__, 0)


def _find_next_init(mro: tuple[type, ...], start: int) -> tuple[int, FunctionType | None]:
    for index in range(start, len(mro)):
        init = vars(mro[index]).get("__init__")
        if init is not None:
            return index, inspect.unwrap(init) if isinstance(init, FunctionType) else None
    return len(mro), None


def _find_forwarded(
    mro: tuple[type, ...], index: int, init: FunctionType, rest: str
) -> dict[str, Argument] | None:
    """Return the arguments that the `**kwargs` of a constructor stand for; None if they are open.

    Args:
        mro: The MRO of the class.
        index: The index of the class that defines the constructor.
        init: The constructor.
        rest: The name of its `**kwargs`.
    """
    forwarding = find_kwargs_forwarding(init, rest, mro[index].__name__)
    if forwarding is None:
        return None
    base = _find_base(forwarding, mro, index, init)
    if base is None:
        return None
    taken = {name: Argument(name, None, None, mro[index]) for name in forwarding.read}
    found = _read_init(mro, base)
    if found is None:
        return None
    for position, (name, argument) in enumerate(found.items()):
        if position >= forwarding.positional and name not in forwarding.given:
            default = None if name in forwarding.defaulted else argument.default
            taken[name] = Argument(name, default, argument.allowed, argument.owner)
    return taken


def _find_base(
    forwarding: KwargsForwarding, mro: tuple[type, ...], index: int, init: FunctionType
) -> int | None:
    """Return the index in the MRO of the class to which a constructor passes its arguments."""
    if forwarding.base is None:
        return index + 1
    base = init.__globals__.get(forwarding.base)
    return mro.index(base) if base in mro else None


def _read_init(mro: tuple[type, ...], start: int) -> dict[str, Argument] | None:
    """Return the arguments of the first constructor from `start` on, or None if they are open."""
    index, init = _find_next_init(mro, start)
    if init is None:
        return {} if index == len(mro) or mro[index] is object else None
    owner = mro[index]
    if f"{owner.__module__}.{owner.__qualname__}" == _TAKES_NOTHING:
        return {}
    parameters = dict(list(inspect.signature(init).parameters.items())[1:])
    scope = _namespaces(mro[index:], init)
    known = {each.name: each for each in _iter_arguments(parameters, owner, scope)}
    rest = _find_var_keyword(parameters)
    if rest is None:
        return known
    forwarded = _find_forwarded(mro, index, init, rest)
    return (
        None
        if forwarded is None
        else {**known, **{k: forwarded[k] for k in forwarded if k not in known}}
    )


def _iter_arguments(
    parameters: Mapping[str, inspect.Parameter], owner: Any, scope: Mapping[str, Any]
) -> Iterator[Argument]:
    for name, parameter in parameters.items():
        if parameter.kind in _KEYWORDS:
            annotation = resolve_annotation(parameter.annotation, scope)
            yield Argument(name, parameter.default, parse_annotation(annotation), owner)


def _find_var_keyword(parameters: Mapping[str, inspect.Parameter]) -> str | None:
    kind = inspect.Parameter.VAR_KEYWORD
    return next((name for name, each in parameters.items() if each.kind is kind), None)


def _get_scope(target: Any) -> Mapping[str, Any]:
    """Return the names that the annotations of a class or function may use."""
    if isinstance(target, type):
        return _namespaces(target.__mro__, getattr(target, "__init__", None))
    return _namespaces((), target)


def _namespaces(classes: tuple[type, ...], function: Any) -> Mapping[str, Any]:
    # A signature that was made by hand may have annotations of several modules.
    own = getattr(inspect.unwrap(function), "__globals__", {})
    modules = dict.fromkeys(each.__module__ for each in classes)
    return ChainMap(own, *(vars(sys.modules[name]) for name in modules if name in sys.modules))


def equal(value: Any, other: Any) -> bool:
    """Return whether two values are of one type and equal."""
    try:
        return type(value) is type(other) and bool(value == other)
    except Exception:  # noqa: BLE001  # an array, or another object with its own equality
        return False
