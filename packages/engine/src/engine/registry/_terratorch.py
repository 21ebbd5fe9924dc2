"""The registries of TerraTorch as sources, where it is installed.

Only what its documentation tells is used: registries are sets of names with `build`, and that of
backbones knows the names of other packages with a prefix, `timm_prithvi_swin_B`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from importlib import import_module
from typing import Any

from ._discovery import is_installed
from ._package_sources import _bind_name, _mark_backbone
from ._source import PackageSource, Source
from .restrictions import TERRATORCH_OPTIONS

PACKAGE = "terratorch"


def terratorch_source(own: str, every: str | None = None) -> dict[str, Source]:
    """Return the source of a registry by its prefix, or nothing if TerraTorch is not installed.

    Args:
        own: The name of the registry, which has the names of TerraTorch itself.
        every: The name of the registry that asks other packages too, by their prefixes.
    """
    if not is_installed(PACKAGE):
        return {}
    source = PackageSource(
        PACKAGE,
        partial(_names, own),
        partial(_find, own, every),
        PACKAGE,
        is_known=partial(_is_prefixed, every) if every is not None else None,
    )
    return {PACKAGE: source}


def _registry(name: str) -> Any:
    import_module(PACKAGE)  # which fills its registries
    return getattr(import_module(f"{PACKAGE}.registry"), name)


def _names(own: str) -> Iterable[str]:
    return sorted(_registry(own))


def _is_prefixed(every: str, name: str) -> bool:
    registry = _registry(every)
    prefixes: Iterable[str] = registry.keys()
    return any(name.startswith(f"{each}_") for each in prefixes) and name in registry


def _find(own: str, every: str | None, name: str) -> Callable[..., Any]:
    registry = _registry(own)
    if every is not None and name not in registry:
        registry = _registry(every)

    if every is None:
        return _bind_name(registry.build, name, TERRATORCH_OPTIONS)

    def build(
        name: str, *args: Any, bands: Any = None, pretrained: bool | None = None, **kwargs: Any
    ) -> Any:
        told = {"bands": bands, "pretrained": pretrained}
        given = {key: value for key, value in told.items() if value is not None}
        return registry.build(name, *args, **given, **kwargs)

    return _mark_backbone(_bind_name(build, name, TERRATORCH_OPTIONS), maps={}, vectors={})
