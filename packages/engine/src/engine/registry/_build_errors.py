"""What a user is told of a build that fails: where in the config, and what would be right."""

from __future__ import annotations

from engine.utils import did_you_mean

from ._errors import BuildTypeError

TYPE_CHECKING = False  # see _registry.py
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from inspect import Signature
    from typing import Any


def explain_failure(
    error: Exception, target: Callable[..., Any], args: Mapping[str, Any], cfg: Mapping[str, Any]
) -> None:
    """Say more of an error that a call has raised, or raise a better one.

    Args:
        error: The error, which gets a note of the config's place.
        target: The class or function that was called.
        args: What it was called with.
        cfg: The config that says so.

    Raises:
        BuildTypeError: If the arguments don't fit the signature; the error is its cause.
    """
    if isinstance(error, TypeError) and (misfit := _misfit(target, args, cfg)) is not None:
        raise BuildTypeError(misfit) from error
    error.add_note(f"while building {place_of(cfg)}{_name(target)}")


def _misfit(
    target: Callable[..., Any], args: Mapping[str, Any], cfg: Mapping[str, Any]
) -> str | None:
    """Say how `args` don't fit the signature of `target`, or None if they do."""
    import inspect  # deferred: only a failed build pays for it

    try:
        signature = inspect.signature(target)
    except ValueError:  # a builtin without a signature
        return None
    try:
        signature.bind(**args)
    except TypeError as error:
        return f"{_describe(str(error), signature, target, args, cfg)}\n  {_call_form(target)}"
    return None


def _describe(
    problem: str,
    signature: Signature,
    target: Callable[..., Any],
    args: Mapping[str, Any],
    cfg: Mapping[str, Any],
) -> str:
    known = signature.parameters
    takes_any = any(parameter.kind is parameter.VAR_KEYWORD for parameter in known.values())
    for key in args:
        if key not in known and not takes_any:
            hint = did_you_mean(key, [name for name in known if name not in args])
            return f"{place_of(cfg, key)}{_name(target)} has no argument {key!r}{hint}"
    missing = [
        name
        for name, parameter in known.items()
        if name not in args
        and parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
    ]
    if missing:
        return f"{place_of(cfg)}{_name(target)} needs {', '.join(map(repr, missing))}"
    return f"{place_of(cfg)}{_name(target)}: {problem}"


def _call_form(target: Callable[..., Any]) -> str:
    """Return the call that `target` takes, without annotations: `ResNet(depth, in_channels=3)`."""
    import inspect

    shown = []
    for name, parameter in inspect.signature(target).parameters.items():
        star = {"VAR_POSITIONAL": "*", "VAR_KEYWORD": "**"}.get(parameter.kind.name, "")
        default = "" if parameter.default is parameter.empty else f"={parameter.default!r}"
        shown.append(f"{star}{name}{default}")
    return f"{_name(target)}({', '.join(shown)})"


def _name(target: Callable[..., Any]) -> str:
    return getattr(target, "__qualname__", None) or repr(target)


def place_of(cfg: Any, key: str | None = None) -> str:
    """Return where `cfg` (or its `key`) stands, as `'model.backbone (x.py): '`, if it knows."""
    where = getattr(type(cfg), "__where__", None)
    place = where(cfg, key) if where is not None else ""
    return f"{place}: " if place else ""
