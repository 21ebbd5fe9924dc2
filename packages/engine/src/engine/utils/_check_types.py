"""Check of the arguments of a call by their annotations."""

from __future__ import annotations

import functools

TYPE_CHECKING = False  # as in _manager.py
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, TypeVar

    F = TypeVar("F", bound=Callable[..., Any])


def check_types(function: F) -> F:
    """Make a function check its arguments before it runs: a decorator.

    An argument is checked where its annotation is plain (`int`, `float`, `str`, `bool`, `None`,
    `Path`, `Literal`, and lists, tuples, mappings and unions of them), or an interface such as
    `Sized` or `Callable`. It is for constructors and other calls that are made now and then: each
    argument costs about a microsecond.

    Args:
        function: A function, or the constructor of a class. It then raises a TypeError for an
            argument of a wrong type, and a ValueError for one that is not among its `Literal`s.
    """
    owner = function.__qualname__.removesuffix(".__init__")
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    known: Mapping[str, Any] | None = None

    @functools.wraps(function)
    def checked(*args: Any, **kwargs: Any) -> Any:
        nonlocal known
        if known is None:
            from ._annotations import find_checks  # deferred: it needs typing

            known = find_checks(function)
        for given in (dict(zip(names, args, strict=False)), kwargs):
            for name, value in given.items():
                if name in known and not known[name].passes(value):
                    raise known[name].error(f"{owner}: {name}", value)
        return function(*args, **kwargs)

    return checked  # type: ignore[return-value]  # it has the signature of the function
