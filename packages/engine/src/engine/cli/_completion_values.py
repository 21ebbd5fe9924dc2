"""Values that completion offers for arguments and options."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.config import SUFFIXES, Config, ConfigError, shipped_configs
from engine.registry import RegistryError, announced_packages, find_roots

from ._kept_names import KeptIndex

Offer = tuple[str, str]
"""A word, and what it means."""


def values_of(parameter: Any, current: str, places: Mapping[str, str]) -> Iterable[Offer]:
    """Return the values that an option or argument may have, unless it is a file.

    Args:
        parameter: The option or argument.
        current: What is there of it.
        places: The arguments before it, by their names.
    """
    metavar = (parameter.metavar or "").strip("[]")
    if "|" in metavar and metavar.islower():  # pytorch|slurm, unlike REGISTRY|LIBRARY
        return ((choice, "") for choice in metavar.split("|"))
    if metavar.startswith("KEY="):
        return _pairs(places.get("config", ""), current)
    complete_value = _BY_NAME.get(parameter.name)
    return () if complete_value is None else complete_value(current)


def _configs(current: str) -> Iterator[Offer]:
    package, colons, _ = current.partition("::")
    if colons:
        yield from ((name, "") for name in shipped_configs(package))
        return
    yield from ((f"{name}::", "configs of the package") for name in announced_packages().values())
    folder = current.rpartition("/")[0]
    for path in sorted(Path(folder or ".").glob("*")):
        name = f"{folder}/{path.name}" if folder else path.name
        if path.is_dir() and not path.name.startswith("."):
            yield f"{name}/", ""
        elif path.suffix in SUFFIXES:
            yield name, ""


def _pairs(config: str, current: str) -> Iterator[Offer]:
    """Yield keys of a config, one level at a time, and the value that a key has."""
    key, equals, value = current.partition("=")
    parent, _, last = key.rpartition(".")
    try:
        found: Any = Config.fromfile(config)
        for part in parent.split(".") if parent else ():
            found = found[int(part)] if isinstance(found, list) else found[part]
    except (ConfigError, OSError, LookupError, ValueError, TypeError):
        return  # the command itself will say what is wrong
    items = enumerate(found) if isinstance(found, list) else _items(found)
    for name, each in items:
        path = f"{parent}.{name}" if parent else f"{name}"
        if equals and f"{name}" == last:
            names = _names(value) if name == "type" else [(f"{each}", "as it is")]
            yield from ((f"{path}={word}", meaning) for word, meaning in names)
        elif not equals:
            is_open = isinstance(each, (dict, list))
            yield f"{path}{'.' if is_open else '='}", "" if is_open else f"{each}"


def _items(found: Any) -> Iterable[tuple[Any, Any]]:
    return found.items() if isinstance(found, Mapping) else ()


def _names(current: str) -> Iterator[Offer]:
    """Yield names in registries; those of a source once its prefix is there."""
    index = KeptIndex(lambda _: None, accepts_old=True)
    listing = index.listing()
    for each in listing.names:
        yield each.full_name, each.registry
        yield each.name, f"{each.registry} of {each.scope}"
    for prefix in listing.sources:
        if current.startswith(f"{prefix}."):
            try:
                found = index.names_of_source(prefix)
            except RegistryError:
                found = []
            yield from ((each.full_name, each.registry) for each in found)
        else:
            yield f"{prefix}.", "names of the package"


def _registries(_: str) -> Iterator[Offer]:
    yield from ((label, "registry") for label in find_roots())


def _scopes(_: str) -> Iterator[Offer]:
    listing = KeptIndex(lambda _: None, accepts_old=True).listing()
    yield from ((name, "library") for name in listing.libraries)
    yield from ((name, "source") for name in listing.sources)


def _registries_and_scopes(current: str) -> Iterator[Offer]:
    yield from _registries(current)
    yield from _scopes(current)


_BY_NAME: dict[str, Callable[[str], Iterable[Offer]]] = {
    "config": _configs,
    "first": _configs,
    "second": _configs,
    "name": _names,
    "pattern": _names,
    "registry": _registries,
    "scope": _scopes,
    "source": _scopes,
    "what": _registries_and_scopes,
}
