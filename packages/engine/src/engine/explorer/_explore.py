"""All names of all registries, and configs, gathered for a page."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from engine import __version__
from engine import registry as registries
from engine.config import Config
from engine.registry import (
    MultiSourceRegistry,
    Registry,
    announced_packages,
    find_roots,
    import_announced,
)

from ._configs import describe_config
from ._names import Tell, describe_names
from ._page import Explorer
from ._several import add_several
from ._uses import add_uses

Root = Registry[Any] | MultiSourceRegistry[Any]


def explore(
    configs: Mapping[str, Config] | Iterable[str | Path] = (),
    *,
    roots: Mapping[str, Root] | None = None,
    sources: bool = True,
    uses: bool = True,
    tell: Tell = warnings.warn,
) -> Explorer:
    """Return a page of all registered names, and of configs with what lint finds in them.

    All installed libraries are imported, and with `uses` the configs that they ship are run, as
    Python configs are.

    Args:
        configs: The files of configs to show, `package::file` for those that a package ships; or
            configs by name.
        roots: The registries to show, by name: roots of trees, and registries of several sources.
            None means those of `engine.registry`.
        sources: Whether to list the names of sources such as timm, which imports their packages.
        uses: Whether to tell which shipped configs use a name.
        tell: Called with a message for what is left out; the page tells it too.

    Raises:
        ConfigError: If a config can't be read.
    """
    start = time.perf_counter()
    notes: list[str] = []

    def note(message: str) -> None:
        notes.append(message)
        tell(message)

    shown = _read(configs)  # first: a wrong name fails at once
    for library, reason in import_announced().items():
        note(f"{library} is left out: {reason}")
    wanted = _all_roots() if roots is None else roots
    trees = {label: root for label, root in wanted.items() if isinstance(root, Registry)}
    found = describe_names(trees, sources, note)
    for label, root in wanted.items():
        if isinstance(root, MultiSourceRegistry):
            add_several(found, label, root, trees, sources)
    found.add_hiding()
    shipped = add_uses(found, sorted({*announced_packages().values()}) if uses else [], note)
    data = {
        "version": __version__,
        "registries": found.registries,
        "names": found.names,
        "shipped": shipped,
        "configs": [describe_config(cfg, name, found) for name, cfg in shown.items()],
        "notes": notes,
    }
    return Explorer(data, time.perf_counter() - start)


def _all_roots() -> dict[str, Root]:
    several = {
        name: value
        for name in dir(registries)
        if isinstance(value := getattr(registries, name), MultiSourceRegistry)
    }
    return {**find_roots(), **several}


def _read(configs: Mapping[str, Config] | Iterable[str | Path]) -> Mapping[str, Config]:
    if isinstance(configs, Mapping):
        return configs
    return {str(each): Config.fromfile(each) for each in configs}
