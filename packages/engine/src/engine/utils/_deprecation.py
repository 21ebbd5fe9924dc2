"""Deprecation of names and arguments."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])


def deprecated_api_warning(
    name_dict: Mapping[str, str], cls_name: str | None = None
) -> Callable[[F], F]:
    """Make a decorator that lets a function take keywords by their old names, with a warning.

    Args:
        name_dict: The new names by the old ones.
        cls_name: The class of the method, for the text of the warning.

    Returns:
        A decorator; the function that it returns raises a TypeError if it gets a keyword by both
        names.
    """

    def decorate(func: F) -> F:
        name = f"{cls_name}.{func.__name__}" if cls_name else func.__name__

        @functools.wraps(func)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            for old, new in name_dict.items():
                if old not in kwargs:
                    continue
                if new in kwargs:
                    raise TypeError(f"{name} got both {new!r} and its old name {old!r}")
                warnings.warn(
                    f"{old!r} of {name} is deprecated; write {new!r}",
                    DeprecationWarning,
                    stacklevel=2,
                )
                kwargs[new] = kwargs.pop(old)
            return func(*args, **kwargs)

        return cast("F", wrapper)

    return decorate


def deprecated_function(
    since: str, removed_in: str, instructions: str
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a decorator for a function that will be removed: each call gives a warning.

    Args:
        since: The version since which it is deprecated.
        removed_in: The version that will not have it any more.
        instructions: What to do instead.
    """

    def decorate(func: Callable[P, R]) -> Callable[P, R]:
        message = (
            f"{func.__name__} is deprecated since {since} and will be removed in {removed_in}: "
            f"{instructions}"
        )

        @functools.wraps(func)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
            warnings.warn(message, DeprecationWarning, stacklevel=2)
            return func(*args, **kwargs)

        wrapper.__doc__ = f"{(func.__doc__ or '').rstrip()}\n\nDeprecated: {message}\n".lstrip()
        return wrapper

    return decorate
