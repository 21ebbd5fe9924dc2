"""Error messages for failed builds: the location in the config, and what would be right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import FunctionType
from typing import TYPE_CHECKING, Any

from engine.utils import did_you_mean

from ._errors import BuildTypeError, RegistryError

if TYPE_CHECKING:
    from inspect import Signature


def explain_failure(
    error: Exception, target: Callable[..., Any], args: Mapping[str, Any], cfg: Mapping[str, Any]
) -> None:
    """Add the location in the config to an error of a call, or raise a better error.

    Args:
        error: The error.
        target: The class or function that was called.
        args: The arguments of the call.
        cfg: The config that they come from.

    Raises:
        BuildTypeError: If the arguments don't fit the signature or its annotations; `error` is its
            cause.
    """
    if isinstance(error, TypeError) and (text := _describe_mismatch(target, args, cfg)) is not None:
        raise BuildTypeError(text) from error
    if (
        isinstance(error, (TypeError, AttributeError))
        and not isinstance(error, RegistryError)  # which tells of a part within this one
        and (text := _describe_wrong_value(target, args, cfg)) is not None
    ):
        raise BuildTypeError(f"{text}\n  {type(error).__name__}: {error}") from error
    error.add_note(f"while building {format_location(cfg)}{_name(target)}")


def add_location_note(error: LookupError, cfg: Mapping[str, Any], key: str) -> None:
    """Add to the error of a lookup which part of a config gave the name.

    Args:
        error: The error.
        cfg: The config.
        key: The key whose value is the name; that of a part itself is `type`.
    """
    if location := format_location(cfg, None if key == "type" else key):
        error.add_note(f"asked for by {location.removesuffix(': ')}")


def format_location(cfg: Any, key: str | None = None) -> str:
    """Return the location of `cfg` or its `key`, as `'model.backbone (x.py): '`, or `''`."""
    where = getattr(type(cfg), "__where__", None)
    location = where(cfg, key) if where is not None else ""
    return f"{location}: " if location else ""


def _describe_mismatch(
    target: Callable[..., Any], args: Mapping[str, Any], cfg: Mapping[str, Any]
) -> str | None:
    """Return how `args` don't fit the signature of `target`, or None if they do."""
    import inspect  # deferred: only a failed build pays for it

    try:
        signature = inspect.signature(target)
    except ValueError:  # a builtin without a signature
        return None
    try:
        signature.bind(**args)
    except TypeError as error:
        problem = _find_problem(str(error), signature, target, args, cfg)
        return f"{problem}\n  {_format_signature(target, signature)}"
    return None


def _describe_wrong_value(
    target: Callable[..., Any], args: Mapping[str, Any], cfg: Mapping[str, Any]
) -> str | None:
    """Return which argument of a config an annotation of `target` rules out, or None."""
    from engine.utils._annotations import find_checks  # deferred, as above

    owner = getattr(target, "__self__", None)
    target = owner if isinstance(owner, type) else target  # whose class method makes one
    for call in _calls_of(target):
        for key, check in find_checks(call).items():
            if key in args and key in cfg and not check.passes(cfg[key]):
                problem = check.error(f"{key} of {_name(target)}", cfg[key])
                return f"{format_location(cfg, key)}{problem}"
    return None


def _calls_of(target: Callable[..., Any]) -> Iterator[FunctionType]:
    """Yield a function, or the constructors of a class as far as each has `**kwargs` to pass on."""
    import inspect  # deferred, as above

    bases = target.__mro__ if isinstance(target, type) else ()
    calls = [vars(each)["__init__"] for each in bases if "__init__" in vars(each)] or [target]
    for call in map(inspect.unwrap, calls):
        if not isinstance(call, FunctionType):  # a builtin, or an object that is called
            return
        yield call
        if not call.__code__.co_flags & inspect.CO_VARKEYWORDS:
            return


def _find_problem(
    message: str,
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
            return f"{format_location(cfg, key)}{_name(target)} has no argument {key!r}{hint}"
    missing = [
        name
        for name, parameter in known.items()
        if name not in args
        and parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
    ]
    if missing:
        return f"{format_location(cfg)}{_name(target)} needs {', '.join(map(repr, missing))}"
    return f"{format_location(cfg)}{_name(target)}: {message}"


def _format_signature(target: Callable[..., Any], signature: Signature) -> str:
    """Return a signature without annotations: `ResNet(depth, in_channels=3)`."""
    shown = []
    for name, parameter in signature.parameters.items():
        star = {"VAR_POSITIONAL": "*", "VAR_KEYWORD": "**"}.get(parameter.kind.name, "")
        default = "" if parameter.default is parameter.empty else f"={parameter.default!r}"
        shown.append(f"{star}{name}{default}")
    return f"{_name(target)}({', '.join(shown)})"


def _name(target: Callable[..., Any]) -> str:
    return getattr(target, "__qualname__", None) or repr(target)
