"""The keyword arguments that a class or function takes, those that it passes on included."""

from __future__ import annotations

import inspect
import sys
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import FunctionType, MappingProxyType, SimpleNamespace
from typing import Any, get_type_hints

from engine.runner.run_table import TAKEN

from ._forward import Forward, forward_of
from ._values import Allowed, allowed, equal, fits

# Its constructor takes anything by its signature, and raises if that is anything.
_TAKES_NOTHING = "torch.nn.modules.module.Module"
_KEYWORDS = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


@dataclass(frozen=True)
class Argument:
    """A keyword argument.

    Attributes:
        name: Its name.
        default: Its default, `inspect.Parameter.empty` if it has none.
        allowed: What values it may have.
        owner: The class or function in whose docstring it is described.
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
        """Return whether a value may be given for it; its default always may."""
        return fits(value, self.allowed) or value is self.default or equal(value, self.default)


@dataclass(frozen=True)
class Arguments:
    """What a class or function takes.

    Attributes:
        label: Its name in a message.
        known: The arguments by name.
        is_open: Whether it takes others as well.
    """

    label: str
    known: Mapping[str, Argument]
    is_open: bool


_cache: dict[int, tuple[Any, Arguments | None]] = {}


def arguments_of(target: Callable[..., Any]) -> Arguments | None:
    """Return what `target` takes, or None if it doesn't tell.

    `**kwargs` that a constructor only passes on to that of a base class stand for the arguments of
    the latter; other `**kwargs` may be anything.

    Args:
        target: A class or function.
    """
    kept, known = _cache.get(id(target), (None, None))
    if kept is not target:  # nothing else can have the number of what is kept
        known = _read(target)
        _cache[id(target)] = (target, known)
    return known


def taken_argument(key: str) -> Argument:
    """Return what a key may be that is taken out of a config before the call.

    Args:
        key: One of `TAKEN`.
    """
    return Argument(key, inspect.Parameter.empty, allowed(TAKEN[key][0]), None)


def _read(target: Callable[..., Any]) -> Arguments | None:
    try:
        parameters = inspect.signature(target).parameters
    except (TypeError, ValueError):
        return None
    if isinstance(target, FunctionType) and next(iter(parameters), None) == "self":
        parameters = MappingProxyType(dict(list(parameters.items())[1:]))  # of a method
    label = getattr(target, "__qualname__", None) or repr(target)
    known = {each.name: each for each in _arguments(parameters, target, _scope_of(target))}
    rest = _var_keyword(parameters)
    if rest is None:
        return Arguments(label, known, is_open=False)
    index, init = _own_init(target)
    if init is None or not isinstance(target, type):
        return Arguments(label, known, is_open=True)
    behind = _passed_on(target.__mro__, index, init, rest)
    if behind is None:
        return Arguments(label, known, is_open=True)
    return Arguments(label, {**behind, **known}, is_open=False)


def _own_init(target: Any) -> tuple[int, FunctionType | None]:
    """Return where in the MRO of a class its constructor is written, and that constructor."""
    if not isinstance(target, type) or "__signature__" in vars(target):
        return 0, None
    if type(target).__call__ is not type.__call__ or _is_made_elsewhere(target):
        return 0, None
    return _next_init(target.__mro__, 0)


def _is_made_elsewhere(target: type) -> bool:
    return any("__new__" in vars(each) for each in target.__mro__[:-1])


def _next_init(mro: tuple[type, ...], start: int) -> tuple[int, FunctionType | None]:
    for index in range(start, len(mro)):
        init = vars(mro[index]).get("__init__")
        if init is not None:
            return index, inspect.unwrap(init) if isinstance(init, FunctionType) else None
    return len(mro), None


def _passed_on(
    mro: tuple[type, ...], index: int, init: FunctionType, rest: str
) -> dict[str, Argument] | None:
    """Return what goes into the `**kwargs` of a constructor, or None if that may be anything.

    Args:
        mro: The classes of which the constructor is one's.
        index: The position of that class.
        init: The constructor.
        rest: What it calls its `**kwargs`.
    """
    forward = forward_of(init, rest, mro[index].__name__)
    if forward is None:
        return None
    base = _base_of(forward, mro, index, init)
    if base is None:
        return None
    taken = {name: Argument(name, None, None, mro[index]) for name in forward.read}
    found = _constructor(mro, base)
    if found is None:
        return None
    for position, (name, argument) in enumerate(found.items()):
        if position >= forward.positional and name not in forward.given:
            default = None if name in forward.defaulted else argument.default
            taken[name] = Argument(name, default, argument.allowed, argument.owner)
    return taken


def _base_of(forward: Forward, mro: tuple[type, ...], index: int, init: FunctionType) -> int | None:
    """Return the position in the MRO of the class to which a constructor passes on."""
    if forward.base is None:
        return index + 1
    base = init.__globals__.get(forward.base)
    return mro.index(base) if base in mro else None


def _constructor(mro: tuple[type, ...], start: int) -> dict[str, Argument] | None:
    """Return what the first constructor from `start` on takes, or None if that is anything."""
    index, init = _next_init(mro, start)
    if init is None:
        return {} if index == len(mro) or mro[index] is object else None
    owner = mro[index]
    if f"{owner.__module__}.{owner.__qualname__}" == _TAKES_NOTHING:
        return {}
    parameters = dict(list(inspect.signature(init).parameters.items())[1:])
    scope = _namespaces(mro[index:], init)
    known = {each.name: each for each in _arguments(parameters, owner, scope)}
    rest = _var_keyword(parameters)
    if rest is None:
        return known
    behind = _passed_on(mro, index, init, rest)
    return None if behind is None else {**known, **{k: behind[k] for k in behind if k not in known}}


def _arguments(
    parameters: Mapping[str, inspect.Parameter], owner: Any, scope: Mapping[str, Any]
) -> Iterator[Argument]:
    for name, parameter in parameters.items():
        if parameter.kind in _KEYWORDS:
            annotation = _resolved(parameter.annotation, scope)
            yield Argument(name, parameter.default, allowed(annotation), owner)


def _var_keyword(parameters: Mapping[str, inspect.Parameter]) -> str | None:
    kind = inspect.Parameter.VAR_KEYWORD
    return next((name for name, each in parameters.items() if each.kind is kind), None)


def _scope_of(target: Any) -> Mapping[str, Any]:
    """Return the names that the annotations of a class or function may use."""
    if isinstance(target, type):
        return _namespaces(target.__mro__, getattr(target, "__init__", None))
    return _namespaces((), target)


def _namespaces(classes: tuple[type, ...], function: Any) -> Mapping[str, Any]:
    # A signature that was put together by hand has annotations of several modules.
    own = getattr(inspect.unwrap(function), "__globals__", {})
    modules = dict.fromkeys(each.__module__ for each in classes)
    return ChainMap(own, *(vars(sys.modules[name]) for name in modules if name in sys.modules))


def _resolved(annotation: Any, scope: Mapping[str, Any]) -> Any:
    if not isinstance(annotation, str):
        return annotation
    holder = SimpleNamespace(__annotations__={"value": annotation})
    try:
        return get_type_hints(holder, {}, scope)["value"]
    except Exception:  # noqa: BLE001  # whatever stands there, it may name what exists for type checkers only
        return Any
