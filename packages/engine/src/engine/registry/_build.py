"""Build functions: from a config to an object."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.utils import did_you_mean

from ._errors import BuildError, BuildKeyError, BuildTypeError
from ._scope import ScopeSwitch

if TYPE_CHECKING:
    from inspect import Signature

    from torch import nn

    from ._registry import Registry


def build_from_cfg(
    cfg: Mapping[str, Any],
    registry: Registry[Any],
    default_args: Mapping[str, Any] | None = None,
) -> Any:
    """Build an object of a class, or call a function, that a config names.

    Args:
        cfg: `type` (a name, a class or a function) and its keyword arguments. `_scope_` starts the
            look-up, and all builds inside this one, in another scope.
        registry: Where names are looked up.
        default_args: Keyword arguments (or `type`) for what `cfg` does not say.

    Raises:
        NotRegisteredError: If `type` is not registered.
        BuildKeyError: If there is no `type`.
        BuildTypeError: If `cfg` is no mapping, or its arguments don't fit the signature. What the
            class or function itself raises passes through, with a note of the config's place.
    """
    args = _arguments(cfg, default_args)
    scope = args.pop("_scope_", None)
    target = _target(args.pop("type"), scope, cfg, registry)
    if scope is None:
        return _call(target, args, cfg)
    with ScopeSwitch(scope, everywhere=True):
        return _call(target, args, cfg)


def build_model_from_cfg(
    cfg: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    registry: Registry[nn.Module],
    default_args: Mapping[str, Any] | None = None,
) -> nn.Module:
    """Build a module, or of a list of configs a `Sequential`.

    Args:
        cfg: A config as `build_from_cfg` takes it, or a list of such.
        registry: Where names are looked up.
        default_args: Keyword arguments for what a config does not say.
    """
    module: nn.Module
    if isinstance(cfg, Sequence) and not isinstance(cfg, str):
        modules = [build_from_cfg(each, registry, default_args) for each in cfg]
        module = registry.root.get("Sequential")(*modules)
    else:
        module = build_from_cfg(cfg, registry, default_args)
    return module


def build_runner_from_cfg(cfg: Mapping[str, Any], registry: Registry[Any]) -> Any:
    """Build a runner, of the class that `runner_type` names or of `Runner`.

    Args:
        cfg: The whole configuration of a run.
        registry: Where `runner_type` is looked up.
    """
    if not isinstance(cfg, Mapping):
        raise BuildTypeError(f"the config of a runner is a mapping; got {cfg!r}")
    kind = cfg.get("runner_type", "Runner")
    target: Any = _target(kind, cfg.get("_scope_"), cfg, registry)
    return target.from_cfg(cfg)


def build_scheduler_from_cfg(
    cfg: Mapping[str, Any],
    registry: Registry[Any],
    default_args: Mapping[str, Any] | None = None,
) -> Any:
    """Build a parameter scheduler.

    Args:
        cfg: A config as `build_from_cfg` takes it. `convert_to_iter_based` turns one that is
            counted in epochs into one that steps each iteration; it needs `epoch_length`, the
            iterations of an epoch, here or in `default_args`.
        registry: Where names are looked up.
        default_args: Keyword arguments for what `cfg` does not say, `optimizer` among them.
    """
    args = _arguments(cfg, default_args)
    scope = args.pop("_scope_", None)
    target: Any = _target(args.pop("type"), scope, cfg, registry)
    epoch_length = args.pop("epoch_length", None)
    if args.pop("convert_to_iter_based", False):
        if epoch_length is None:
            raise BuildError(f"{_place(cfg)}convert_to_iter_based needs epoch_length")
        target, args["epoch_length"] = target.build_iter_from_epoch, epoch_length
    return _call(target, args, cfg)


def _arguments(cfg: Any, default_args: Mapping[str, Any] | None) -> dict[str, Any]:
    if not isinstance(cfg, Mapping):
        raise BuildTypeError(
            f"a config is a mapping with the key 'type'; got {type(cfg).__name__}: {cfg!r}"
        )
    args = dict(cfg)
    if default_args is not None:
        for key, value in default_args.items():
            args.setdefault(key, value)
    if "type" not in args:
        keys = ", ".join(map(repr, args)) or "no key at all"
        raise BuildKeyError(f"{_place(cfg)}a config needs the key 'type'; this one has {keys}")
    return args


def _target(
    kind: Any, scope: str | None, cfg: Mapping[str, Any], registry: Registry[Any]
) -> Callable[..., Any]:
    if isinstance(kind, str):
        try:
            return registry.start_of_build(scope).get(kind)
        except LookupError as error:
            if place := _place(cfg):
                error.add_note(f"asked for by {place.removesuffix(': ')}")
            raise
    if not callable(kind):
        raise BuildTypeError(f"{_place(cfg)}'type' is a name, a class or a function; got {kind!r}")
    target: Callable[..., Any] = kind
    return target


def _call(target: Callable[..., Any], args: dict[str, Any], cfg: Mapping[str, Any]) -> Any:
    try:
        return target(**args)
    except Exception as error:
        if isinstance(error, TypeError) and (misfit := _misfit(target, args, cfg)) is not None:
            raise BuildTypeError(misfit) from error
        error.add_note(f"while building {_place(cfg)}{_name(target)}")
        raise


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
            return f"{_place(cfg, key)}{_name(target)} has no argument {key!r}{hint}"
    missing = [
        name
        for name, parameter in known.items()
        if name not in args
        and parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
    ]
    if missing:
        return f"{_place(cfg)}{_name(target)} needs {', '.join(map(repr, missing))}"
    return f"{_place(cfg)}{_name(target)}: {problem}"


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


def _place(cfg: Any, key: str | None = None) -> str:
    """Return where `cfg` (or its `key`) stands, as `'model.backbone (x.py): '`, if it knows."""
    where = getattr(type(cfg), "__where__", None)
    place = where(cfg, key) if where is not None else ""
    return f"{place}: " if place else ""
