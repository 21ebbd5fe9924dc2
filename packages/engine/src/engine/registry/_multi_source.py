"""Several registries behind one, in the manner of TerraTorch."""

from __future__ import annotations

from collections.abc import Iterator, KeysView, Mapping
from typing import Any

from engine.utils import near

from ._discovery import import_announced
from ._errors import NotRegisteredError
from ._source import Source


class MultiSourceRegistry(Mapping[str, Any]):
    """A registry that asks several sources, by prefix or in the order in which they were added.

    `timm_resnet18` is the `resnet18` of the source `timm`; `resnet18` is that of the first source
    that has one. Where several prefixes fit a name, the longest is tried first.

    As a mapping it holds the sources by prefix. Iteration and `in` are about the names in them.

    Args:
        name: What the registry holds.
        discover: Whether the installed libraries are asked to add their sources, when the registry
            is first used.
    """

    def __init__(self, name: str = "registry", *, discover: bool = False) -> None:
        self.name = name
        self._own: dict[str, Source] = {}
        self._discover = discover

    def register_source(self, prefix: str, registry: Source) -> None:
        """Add a source behind those that are there.

        Args:
            prefix: The prefix of its names.
            registry: The source: a registry, or what has `get` and can be iterated over.

        Raises:
            ValueError: If the prefix is taken.
        """
        if prefix in self._own:
            raise ValueError(f"{self.name}: a source with the prefix {prefix!r} is there already")
        self._own[prefix] = registry

    def keys(self) -> KeysView[str]:
        """Return the prefixes, in the order in which the sources were added."""
        return self._sources.keys()

    def find_registry(self, name: str) -> Source:
        """Return the source that has `name`.

        Raises:
            NotRegisteredError: If no source has it.
        """
        return self._found(name)[0]

    def find_class(self, name: str) -> Any:
        """Return what `name` stands for.

        Raises:
            NotRegisteredError: If no source has it.
        """
        source, key = self._found(name)
        return source.get(key)

    def get(self, key: str, default: Any = None, /) -> Any:
        """Return what `key` stands for, or `default`."""
        return self.find_class(key) if key in self else default

    def build(self, name: str, *constructor_args: Any, **constructor_kwargs: Any) -> Any:
        """Make what `name` stands for; what its constructor raises passes through.

        Args:
            name: The name, with or without the prefix of its source.
            *constructor_args: Passed on.
            **constructor_kwargs: Passed on.

        Raises:
            NotRegisteredError: If no source has the name.
        """
        return self.find_class(name)(*constructor_args, **constructor_kwargs)

    def __getitem__(self, prefix: str) -> Source:
        """Return the source of a prefix."""
        return self._sources[prefix]

    def __contains__(self, name: object) -> bool:
        """Return whether a source has `name`."""
        return isinstance(name, str) and self._find(name) is not None

    def __iter__(self) -> Iterator[str]:
        """Iterate over all names, with their prefixes."""
        for prefix, source in self._sources.items():
            yield from (f"{prefix}_{name}" for name in source)

    def __len__(self) -> int:
        """Return the number of names."""
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        """Return true: an empty registry is a registry."""
        return True

    def __repr__(self) -> str:
        return f"MultiSourceRegistry({self.name!r}, sources={[*self._sources]})"

    @property
    def _sources(self) -> dict[str, Source]:
        if self._discover:
            self._discover = False
            import_announced()
        return self._own

    def _find(self, name: str) -> tuple[Source, str] | None:
        fitting = [prefix for prefix in self._sources if name.startswith(f"{prefix}_")]
        for prefix in sorted(fitting, key=len, reverse=True):
            source, key = self._sources[prefix], name[len(prefix) + 1 :]
            if key in source:
                return source, key
        return next(((source, name) for source in self._sources.values() if name in source), None)

    def _found(self, name: str) -> tuple[Source, str]:
        found = self._find(name)
        if found is None:
            raise NotRegisteredError(lambda: self._missing(name))
        return found

    def _missing(self, name: str) -> str:
        by_name: dict[str, list[str]] = {}
        for prefix, source in self._sources.items():
            for key in source:
                by_name.setdefault(key, []).append(f"{prefix}_{key}")
                by_name.setdefault(f"{prefix}_{key}", []).append(f"{prefix}_{key}")
        matches = dict.fromkeys(full for match in near(name, by_name) for full in by_name[match])
        hint = f"; did you mean {' or '.join(map(repr, [*matches][:3]))}?" if matches else ""
        failed = "".join(f"\n  {reason}" for reason in import_announced().values())
        sources = ", ".join(self._sources) or "none"
        return (
            f"Model {name} could not be instantiated from any source of {self.name} "
            f"({sources}){hint}{failed}"
        )
