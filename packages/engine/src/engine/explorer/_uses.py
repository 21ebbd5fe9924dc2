"""Which configs that installed libraries ship use a name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from engine.config import Config, ConfigError, shipped_configs
from engine.lint import Visitor, visit
from engine.registry import RegistryError

from ._names import Names, Tell


def add_uses(found: Names, libraries: Iterable[str], tell: Tell) -> list[str]:
    """Add to each name where the configs of libraries use it.

    Args:
        found: The names; each that is used gets `uses`, pairs of a config's index and a path in it.
        libraries: The packages whose configs are read.
        tell: Called with a message for each config that can't be read.

    Returns:
        The names of the configs.
    """
    configs: list[str] = []
    by_id = {each["id"]: each for each in found.names}
    for config in (name for library in libraries for name in shipped_configs(library)):
        try:
            cfg = Config.fromfile(config, import_custom_modules=False)
            uses = [*iter_uses(found, cfg, visit(cfg))]
        except (ConfigError, RegistryError) as error:
            tell(f"{config} is left out: {error}")
            continue
        for path, key in uses:
            if key in by_id:
                by_id[key].setdefault("uses", []).append([len(configs), path])
        configs.append(config)
    return configs


def iter_uses(found: Names, cfg: Mapping[str, Any], visitor: Visitor) -> Iterator[tuple[str, str]]:
    """Yield the path of each name in a config that is among the names, and its id.

    Args:
        found: The names.
        cfg: The config.
        visitor: Has visited it.
    """
    for path, resolved in visitor.names.items():
        key = found.find(resolved, _value_at(cfg, path))
        if key is not None:
            yield path, key


def _value_at(value: Any, path: str) -> Any:
    for key in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(key)
        elif isinstance(value, Sequence) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value
