"""Build an object from a config."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from ._build_errors import explain_failure, format_location
from ._errors import BuildError, BuildKeyError, BuildTypeError
from ._scope import OVERRIDE, ActiveScope, DefaultScope, ScopeSwitch, make_active_scope
from ._trust import FROM_DATA, get_allowed_object, holds_data, trust_of
from .restrictions import check_options

if TYPE_CHECKING:
    from torch import nn


class RegistryLike(Protocol):
    """What a build asks of a registry.

    Attributes:
        cache: What former lookups have found, by active scope and key.
    """

    cache: dict[ActiveScope | None, dict[str, Callable[..., Any]]]

    def get(self, key: str, /) -> Callable[..., Any]:
        """Return what a name stands for."""

    def get_from(self, cfg: Mapping[str, Any], key: str, /) -> Callable[..., Any]:
        """Return what the value of a key in a config names."""


def build_from_cfg(
    cfg: Mapping[str, Any],
    registry: RegistryLike,
    default_args: Mapping[str, Any] | None = None,
) -> Any:
    """Build an object of a class, or call a function, that a config names.

    Args:
        cfg: `type` (a name, a class or a function) and its keyword arguments. `_scope_` is the
            active scope of this lookup and all builds inside this one; with `_fallback_=True` it is
            skipped if it is unknown.
        registry: Where names are looked up.
        default_args: Keyword arguments (or `type`) that `cfg` overrides.

    Raises:
        NotRegisteredError: If `type` is not registered.
        UntrustedError: If `cfg` is data and sets an option that only code may set.
        BuildKeyError: If there is no `type`.
        BuildTypeError: If `cfg` is not a mapping, or its arguments don't fit the signature. What
            the class or function itself raises passes through, with a note of the location in the
            config.
    """
    args = dict(cfg) if isinstance(cfg, dict) else _copy(cfg)
    if default_args is not None:
        args = {**default_args, **args}
    scope = args.pop("_scope_", None)
    if scope is None:
        active = OVERRIDE.get() or DefaultScope.process_scope
        token = None
    else:
        active = make_active_scope(scope, args.pop("_fallback_", False))
        token = OVERRIDE.set(active)
    trusted = None if type(cfg) is dict else trust_of(cfg)
    was_data = FROM_DATA.get()
    is_data = was_data if trusted is None else not trusted
    if not is_data and type(cfg) is not dict:
        is_data = holds_data(cfg)  # what is passed on to another package by `**` has no origin
    if is_data is not was_data:
        FROM_DATA.set(is_data)
    try:
        target = args.pop("type", None)
        if not isinstance(target, type):
            try:  # what `get` does first, without the calls, since every build comes here
                target = registry.cache[active][target]
            except (KeyError, TypeError):
                target = _find_target(target, registry, cfg)
        if hasattr(target, "__needs_trust__"):
            check_options(target, cfg)
        try:
            return target(**args)
        except Exception as error:
            explain_failure(error, target, args, cfg)
            raise
    finally:
        if is_data is not was_data:
            FROM_DATA.set(was_data)
        if token is not None:
            OVERRIDE.reset(token)


def build_model_from_cfg(
    cfg: Mapping[str, Any] | list[Mapping[str, Any]] | tuple[Mapping[str, Any], ...],
    registry: RegistryLike,
    default_args: Mapping[str, Any] | None = None,
) -> nn.Module:
    """Build a module, or a `Sequential` from a list of configs.

    Args:
        cfg: A config as `build_from_cfg` takes it, or a list of them.
        registry: Where names are looked up.
        default_args: Keyword arguments that a config overrides.
    """
    module: nn.Module
    if isinstance(cfg, (list, tuple)):
        modules = [build_from_cfg(each, registry, default_args) for each in cfg]
        sequential: Any = get_allowed_object("engine.model.Sequential", is_code=True)
        module = sequential(*modules)
    else:
        module = build_from_cfg(cfg, registry, default_args)
    return module


def build_runner_from_cfg(cfg: Mapping[str, Any], registry: RegistryLike) -> Any:
    """Build a runner, of the class that `runner_type` names or of `Runner`.

    Args:
        cfg: The whole config of a run.
        registry: Where `runner_type` is looked up.
    """
    if not isinstance(cfg, Mapping):
        raise BuildTypeError(f"the config of a runner must be a mapping; got {cfg!r}")
    kind = cfg.get("runner_type", "engine.Runner")
    with _switch_scope(cfg.get("_scope_")):
        target: Any = _find_target(kind, registry, cfg, "runner_type")
    return target.from_cfg(cfg)


def build_optimizer_from_cfg(
    cfg: Mapping[str, Any],
    registry: RegistryLike,
    default_args: Mapping[str, Any] | None = None,
) -> Any:
    """Build an optimizer.

    Args:
        cfg: A config as `build_from_cfg` takes it.
        registry: Where names are looked up.
        default_args: Keyword arguments that `cfg` overrides, `params` among them.

    Raises:
        BuildTypeError: If there are no `params`, or they don't fit the signature.
    """
    return build_from_cfg(cfg, registry, default_args)


def build_scheduler_from_cfg(
    cfg: Mapping[str, Any],
    registry: RegistryLike,
    default_args: Mapping[str, Any] | None = None,
) -> Any:
    """Build a parameter scheduler.

    Args:
        cfg: A config as `build_from_cfg` takes it. `convert_to_iter_based` turns one that is
            counted in epochs into one that steps each iteration; it needs `epoch_length`, the
            iterations of an epoch, here or in `default_args`.
        registry: Where names are looked up.
        default_args: Keyword arguments that `cfg` overrides, `optimizer` among them. A scheduler
            with `fit_to` takes what is missing from a `loop`, if one is among them.
    """
    args = {**(default_args or {}), **_copy(cfg)}
    with _switch_scope(args.pop("_scope_", None)):
        target: Any = _find_target(args.pop("type", None), registry, cfg)
        epoch_length, loop = args.pop("epoch_length", None), args.pop("loop", None)
        if args.get("convert_to_iter_based") and epoch_length is None:
            raise BuildError(f"{format_location(cfg)}convert_to_iter_based needs epoch_length")
        try:
            if loop is not None and hasattr(target, "fit_to"):
                args |= target.fit_to(loop, args)
            if args.pop("convert_to_iter_based", False):
                target, args["epoch_length"] = target.build_iter_from_epoch, epoch_length
            return target(**args)
        except Exception as error:
            explain_failure(error, target, args, cfg)
            raise


def _copy(cfg: Any) -> dict[str, Any]:
    if isinstance(cfg, Mapping):
        return dict(cfg)
    raise BuildTypeError(
        f"a config must be a mapping with the key 'type'; got {type(cfg).__name__}: {cfg!r}"
    )


def _switch_scope(scope: str | None) -> ScopeSwitch:
    return ScopeSwitch(None if scope is None else make_active_scope(scope))


def _find_target(
    kind: Any, registry: RegistryLike, cfg: Mapping[str, Any], key: str = "type"
) -> Callable[..., Any]:
    try:
        return registry.get_from(cfg, key) if kind is cfg.get(key) else registry.get(kind)
    except TypeError:
        if callable(kind):
            target: Callable[..., Any] = kind
            return target
        if kind is not None:
            raise BuildTypeError(
                f"{format_location(cfg)}'type' must be a name, a class or a function; got {kind!r}"
            ) from None
    keys = ", ".join(map(repr, cfg)) or "no key at all"
    raise BuildKeyError(f"{format_location(cfg)}a config needs the key 'type'; this one has {keys}")
