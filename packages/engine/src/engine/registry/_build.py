"""Build functions: from a config to an object."""

from __future__ import annotations

from ._errors import BuildError, BuildKeyError, BuildTypeError
from ._scope import OVERRIDE, DefaultScope, ScopeSwitch, in_force_of
from ._trust import FROM_DATA, holds_data, trust_of
from .restrictions import check_options

TYPE_CHECKING = False  # see _registry.py
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from torch import nn

    from ._registry import Registry


def build_from_cfg(
    cfg: Mapping[str, Any],
    registry: Registry[Any],
    default_args: Mapping[str, Any] | None = None,
) -> Any:
    """Build an object of a class, or call a function, that a config names.

    Args:
        cfg: `type` (a name, a class or a function) and its keyword arguments. `_scope_` is the
            scope in force for this look-up and all builds inside this one; with
            `_fallback_=True` it is passed over where nobody knows it.
        registry: Where names are looked up.
        default_args: Keyword arguments (or `type`) for what `cfg` does not say.

    Raises:
        NotRegisteredError: If `type` is not registered.
        UntrustedError: If `cfg` is data and sets an option that only code may set.
        BuildKeyError: If there is no `type`.
        BuildTypeError: If `cfg` is no mapping, or its arguments don't fit the signature. What the
            class or function itself raises passes through, with a note of the config's place.
    """
    args = dict(cfg) if isinstance(cfg, dict) else _arguments(cfg)
    if default_args is not None:
        args = {**default_args, **args}
    scope = args.pop("_scope_", None)
    if scope is None:
        in_force = OVERRIDE.get() or DefaultScope.in_process
        token = None
    else:
        in_force = in_force_of(scope, args.pop("_fallback_", False))
        token = OVERRIDE.set(in_force)
    trusted = None if type(cfg) is dict else trust_of(cfg)
    was_data = FROM_DATA.get()
    is_data = was_data if trusted is None else not trusted
    if not is_data and type(cfg) is not dict:
        is_data = holds_data(cfg)  # what it hands on to another package by `**` has no marks
    if is_data is not was_data:
        FROM_DATA.set(is_data)
    try:
        target = args.pop("type", None)
        if not isinstance(target, type):
            # What `get` does first, without the calls: a build is to cost no more.
            try:
                target = registry.cached[in_force][target]
            except (KeyError, TypeError):
                target = _target(target, registry, cfg)
        if hasattr(target, "__needs_trust__"):
            check_options(target, cfg)
        try:
            return target(**args)
        except Exception as error:
            _explain_failure(error, target, args, cfg)
            raise
    finally:
        if is_data is not was_data:
            FROM_DATA.set(was_data)
        if token is not None:
            OVERRIDE.reset(token)


def unexpected(cfg: Any, built: object, expect: type[Any]) -> BuildTypeError:
    """Return the error that what was built is not what was expected."""
    given = type(built).__qualname__
    return BuildTypeError(f"{_place_of(cfg)}expected {expect.__qualname__}; this builds {given}")


def build_model_from_cfg(
    cfg: Mapping[str, Any] | list[Mapping[str, Any]] | tuple[Mapping[str, Any], ...],
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
    if isinstance(cfg, (list, tuple)):
        modules = [build_from_cfg(each, registry, default_args) for each in cfg]
        module = registry.root.get("engine.Sequential")(*modules)
    else:
        module = build_from_cfg(cfg, registry, default_args)
    return module


def build_runner_from_cfg(cfg: Mapping[str, Any], registry: Registry[Any]) -> Any:
    """Build a runner, of the class that `runner_type` names or of `Runner`.

    Args:
        cfg: The whole configuration of a run.
        registry: Where `runner_type` is looked up.
    """
    if not _is_mapping(cfg):
        raise BuildTypeError(f"the config of a runner is a mapping; got {cfg!r}")
    kind = cfg.get("runner_type", "engine.Runner")
    with _scope(cfg.get("_scope_")):
        target: Any = _target(kind, registry, cfg, "runner_type")
    return target.from_cfg(cfg)


def build_optimizer_from_cfg(
    cfg: Mapping[str, Any],
    registry: Registry[Any],
    default_args: Mapping[str, Any] | None = None,
) -> Any:
    """Build an optimizer.

    Args:
        cfg: A config as `build_from_cfg` takes it.
        registry: Where names are looked up.
        default_args: Keyword arguments for what `cfg` does not say, `params` among them.

    Raises:
        BuildTypeError: If there are no `params`, or they don't fit the signature.
    """
    return build_from_cfg(cfg, registry, default_args)


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
        default_args: Keyword arguments for what `cfg` does not say, `optimizer` among them. A
            scheduler with `fit_to` takes what it does not say from a `loop`, if one is among them.
    """
    args = {**(default_args or {}), **_arguments(cfg)}
    with _scope(args.pop("_scope_", None)):
        target: Any = _target(args.pop("type", None), registry, cfg)
        epoch_length, loop = args.pop("epoch_length", None), args.pop("loop", None)
        if args.get("convert_to_iter_based") and epoch_length is None:
            raise BuildError(f"{_place_of(cfg)}convert_to_iter_based needs epoch_length")
        try:
            if loop is not None and hasattr(target, "fit_to"):
                args |= target.fit_to(loop, args)
            if args.pop("convert_to_iter_based", False):
                target, args["epoch_length"] = target.build_iter_from_epoch, epoch_length
            return target(**args)
        except Exception as error:
            _explain_failure(error, target, args, cfg)
            raise


def _arguments(cfg: Any) -> dict[str, Any]:
    if _is_mapping(cfg):
        return dict(cfg)
    raise BuildTypeError(
        f"a config is a mapping with the key 'type'; got {type(cfg).__name__}: {cfg!r}"
    )


def _is_mapping(cfg: Any) -> bool:
    from collections.abc import Mapping  # deferred: most configs are dictionaries

    return isinstance(cfg, Mapping)


def _scope(scope: str | None) -> ScopeSwitch:
    return ScopeSwitch(None if scope is None else in_force_of(scope))


def _target(
    kind: Any, registry: Registry[Any], cfg: Mapping[str, Any], key: str = "type"
) -> Callable[..., Any]:
    try:
        return registry.get_from(cfg, key) if kind is cfg.get(key) else registry.get(kind)
    except TypeError:
        if callable(kind):
            target: Callable[..., Any] = kind
            return target
        if kind is not None:
            raise BuildTypeError(
                f"{_place_of(cfg)}'type' is a name, a class or a function; got {kind!r}"
            ) from None
    keys = ", ".join(map(repr, cfg)) or "no key at all"
    raise BuildKeyError(f"{_place_of(cfg)}a config needs the key 'type'; this one has {keys}")


def add_place(error: LookupError, cfg: Mapping[str, Any], key: str) -> None:
    """Add to an error which part of a config asked for a name.

    Args:
        error: The error of the look-up.
        cfg: The config.
        key: The key whose value is the name; that of a part itself is `type`.
    """
    from ._build_errors import place_of  # deferred: most look-ups succeed

    if place := place_of(cfg, None if key == "type" else key):
        error.add_note(f"asked for by {place.removesuffix(': ')}")


def _explain_failure(
    error: Exception, target: Callable[..., Any], args: Mapping[str, Any], cfg: Mapping[str, Any]
) -> None:
    from ._build_errors import explain_failure  # deferred: most builds succeed

    explain_failure(error, target, args, cfg)


def _place_of(cfg: Any) -> str:
    from ._build_errors import place_of  # deferred: most builds succeed

    return place_of(cfg)
