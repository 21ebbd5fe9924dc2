"""Build functions: from a config to an object."""

from __future__ import annotations

from ._errors import BuildError, BuildKeyError, BuildTypeError
from ._scope import OVERRIDE, DefaultScope, in_force_of

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
        cfg: `type` (a name, a class or a function) and its keyword arguments. `_scope_` starts the
            look-up, and all builds inside this one, in another scope; with `_fallback_=True` in
            the registry itself where there is no such scope.
        registry: Where names are looked up.
        default_args: Keyword arguments (or `type`) for what `cfg` does not say.

    Raises:
        NotRegisteredError: If `type` is not registered.
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
    else:
        in_force = in_force_of(scope, True, args.pop("_fallback_", False))
    target = args.pop("type", None)
    if not isinstance(target, type):
        # What `start_in` and `get` do first, without the calls: a build is to cost no more.
        try:
            node = registry if in_force is None else registry.starts[in_force]
            found = node.cached[target]
        except (KeyError, TypeError):
            found = None
        target = found or _target(target, registry.start_in(in_force), cfg)
    token = None if scope is None else OVERRIDE.set(in_force)
    try:
        return target(**args)
    except Exception as error:
        _explain_failure(error, target, args, cfg)
        raise
    finally:
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
    if not _is_mapping(cfg):
        raise BuildTypeError(f"the config of a runner is a mapping; got {cfg!r}")
    kind = cfg.get("runner_type", "Runner")
    target: Any = _target(kind, _start(registry, cfg.get("_scope_")), cfg)
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
    target: Any = _target(args.pop("type", None), _start(registry, args.pop("_scope_", None)), cfg)
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


def _start(registry: Registry[Any], scope: str | None) -> Registry[Any]:
    if scope is None:
        return registry.start_of_build()
    return registry.start_in(in_force_of(scope, True, False))


def _target(kind: Any, node: Registry[Any], cfg: Mapping[str, Any]) -> Callable[..., Any]:
    try:
        return node.get(kind)
    except LookupError as error:
        if place := _place_of(cfg):
            error.add_note(f"asked for by {place.removesuffix(': ')}")
        raise
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


def _explain_failure(
    error: Exception, target: Callable[..., Any], args: Mapping[str, Any], cfg: Mapping[str, Any]
) -> None:
    from ._misfit import explain_failure  # deferred: most builds succeed

    explain_failure(error, target, args, cfg)


def _place_of(cfg: Any) -> str:
    from ._misfit import place_of  # deferred: most builds succeed

    return place_of(cfg)
