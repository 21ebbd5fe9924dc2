"""`custom_imports`: modules that are imported for a config, so that they register their parts."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Mapping

from ._errors import ConfigError
from ._node import Node


def import_custom_modules(cfg: Node) -> None:
    """Import what a config names: `custom_imports = dict(imports=['my_package.models'])`.

    Raises:
        ConfigError: If an import fails, unless the config has `allow_failed_imports=True`, which
            makes that a warning.
    """
    wanted = cfg["custom_imports"]
    place = cfg.__where__("custom_imports")
    names = wanted.get("imports", []) if isinstance(wanted, Mapping) else None
    names = [names] if isinstance(names, str) else names
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
        raise ConfigError(f"{place}: it is dict(imports=['package.module']); got {wanted!r}")
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError as error:
            message = f"{place}: {name!r} can't be imported: {error}"
            if not wanted.get("allow_failed_imports", False):
                raise ConfigError(message) from error
            warnings.warn(message, ImportWarning, stacklevel=3)
