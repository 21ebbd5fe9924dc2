"""`custom_imports`: the modules that a config wants imported, so that they register."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Mapping

from ._config_dict import ConfigDict
from ._errors import ConfigError


def import_custom_modules(cfg: ConfigDict) -> None:
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
            told = f"{place}: {name!r} can't be imported: {error}"
            if not wanted.get("allow_failed_imports", False):
                raise ConfigError(told) from error
            warnings.warn(told, ImportWarning, stacklevel=3)
