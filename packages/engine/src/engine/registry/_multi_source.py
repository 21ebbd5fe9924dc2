"""A registry of several sources, as in TerraTorch."""

from __future__ import annotations

from collections.abc import (
    Callable,
    Collection,
    ItemsView,
    Iterable,
    Iterator,
    KeysView,
    Mapping,
    ValuesView,
)
from typing import Any, Generic, TypeVar

from engine.utils import close_matches, did_you_mean

from ._discovery import import_announced
from ._errors import DuplicateNameError, NotRegisteredError
from ._explain import Explanation, Resolution, Searched, describe
from ._node import T
from ._parameters import named_arguments, refused_arguments
from ._registry import Registry
from ._source import PackageSource, Source, get_constructor

C = TypeVar("C", bound=Callable[..., Any])


class MultiSourceRegistry(Mapping[str, Any], Generic[T]):
    """A registry that asks several sources, by prefix or in the order in which they were added.

    `timm_resnet18` is the `resnet18` of the source `timm`; `resnet18` is that of the first source
    that has one. Where that one refuses an argument, such as `pretrained`, the next source is taken
    that has the name, a parameter for the argument, and takes the others too. Where several
    prefixes fit a name, the longest is tried first.

    As a mapping it holds the sources by prefix. Iteration, `len` and `in` are about the names in
    them.

    Args:
        name: What the registry holds.
        discover: Whether the installed libraries are imported, so that they add their sources, when
            the registry is first used.
        behind: Sources that are asked after all that are added.
    """

    def __init__(
        self,
        name: str = "registry",
        *,
        discover: bool = False,
        behind: Mapping[str, Source] | None = None,
    ) -> None:
        self.name = name
        self._added: dict[str, Source] = {}
        self._behind = dict(behind or {})
        self._all = self._behind
        self._discovers = self._to_discover = discover

    def register_source(self, prefix: str, registry: Source) -> None:
        """Add a source, asked after those that were added before.

        Args:
            prefix: The prefix of its names.
            registry: The source: a registry, or what else has `build`, `in` and iteration.

        Raises:
            DuplicateNameError: If the prefix is taken.
        """
        if prefix in self._all:
            raise DuplicateNameError(f"Source for prefix {prefix} already exists.")
        self._added[prefix] = registry
        self._all = self._added | self._behind

    def register(self, constructor: C) -> C:
        """Register a class or a function in the first source that is a `Registry`.

        Args:
            constructor: The class or function.

        Raises:
            TypeError: If no source takes it.
            DuplicateNameError: If the name is taken.
        """
        for source in self._sources.values():
            if isinstance(source, Registry):
                return source.register(constructor)
        raise TypeError(f"{self.name}: no source takes more names; add one with register_source")

    def keys(self) -> KeysView[str]:
        """Return the prefixes, in the order in which the sources are asked."""
        return self._sources.keys()

    def values(self) -> ValuesView[Source]:
        """Return the sources, in the order in which they are asked."""
        return self._sources.values()

    def items(self) -> ItemsView[str, Source]:
        """Return the prefixes with their sources, in the order in which they are asked."""
        return self._sources.items()

    def find_registry(self, name: str, arguments: Iterable[str] = ()) -> Source:
        """Return the source that has `name`.

        Args:
            name: The name, with or without the prefix of its source.
            arguments: The names of the arguments with which it is to be built.

        Raises:
            NotRegisteredError: If no source has it.
        """
        return self._find_or_raise(name, arguments)[0]

    def find_class(self, name: str, arguments: Iterable[str] = ()) -> Callable[..., T]:
        """Return what `name` stands for.

        Args:
            name: The name, with or without the prefix of its source.
            arguments: The names of the arguments with which it is to be built.

        Raises:
            NotRegisteredError: If no source has it.
        """
        source, key = self._find_or_raise(name, arguments)
        return get_constructor(source, key)

    def get(self, key: str, default: Any = None, /) -> Any:
        """Return what `key` stands for, or `default`."""
        found = self._find(key)
        return default if found is None else get_constructor(*found)

    def build(self, name: str, *constructor_args: Any, **constructor_kwargs: Any) -> T:
        """Build what `name` stands for; what its constructor raises passes through.

        Args:
            name: The name, with or without the prefix of its source.
            *constructor_args: Passed on.
            **constructor_kwargs: Passed on.

        Raises:
            NotRegisteredError: If no source has the name.
            TypeError: If no source with a bare name takes the arguments.
        """
        source, key = self._find_or_raise(name, constructor_kwargs)
        if key == name and constructor_kwargs:
            self._check_arguments(name, source, constructor_kwargs)
        if not hasattr(source, "build"):  # a mapping of constructors
            make: Callable[..., T] = get_constructor(source, key)
            return make(*constructor_args, **constructor_kwargs)
        built: T = source.build(key, *constructor_args, **constructor_kwargs)
        return built

    def explain(self, name: str, arguments: Iterable[str] = ()) -> Explanation:
        """Return the steps of the lookup of a name: the sources asked, and others that have it.

        Args:
            name: The name, with or without the prefix of its source.
            arguments: The names of the arguments with which it is to be built.
        """
        asked, arguments = [*self._sources], [*arguments]
        found = self._find(name, arguments)
        facts: dict[str, Any] = {"key": name, "asked": self.name, "scope": None}
        facts |= {"scope_source": "sources have no scope", "start": asked[0] if asked else "none"}
        if found is None:
            searched = tuple(Searched(prefix, False, {}) for prefix in asked)
            return Explanation(**facts, searched=searched, error=self._format_missing(name))
        prefix = next(prefix for prefix in asked if self._all[prefix] is found[0])
        before = asked[: asked.index(prefix)] if found[1] == name else []
        others = [each for each in asked if each != prefix and found[1] in self._all[each]]
        return Explanation(
            **facts,
            searched=tuple(
                Searched(
                    each,
                    each == prefix,
                    {},
                    self._refused(each, name, arguments) if each != prefix else (),
                )
                for each in [*before, prefix]
            ),
            found=Resolution(f"source {prefix}", describe(get_constructor(*found))),
            shadows=tuple(f"{each}_{found[1]}" for each in others if found[1] == name),
        )

    def __getitem__(self, prefix: str) -> Source:
        """Return the source of a prefix."""
        if prefix not in self._sources:
            raise NotRegisteredError(
                f"{self.name} has no source {prefix!r}; it has {', '.join(self._all) or 'none'}"
            )
        return self._all[prefix]

    def __contains__(self, name: object) -> bool:
        """Return whether a source has `name`."""
        return isinstance(name, str) and self._find(name) is not None

    def __iter__(self) -> Iterator[str]:
        """Iterate over all names, with their prefixes, each once."""
        names = (
            f"{prefix}_{name}"
            for prefix, source in self._sources.items()
            for name in _names(source)
        )
        return iter(dict.fromkeys(names))

    def __len__(self) -> int:
        """Return the number of names."""
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        """Return true: an empty registry is a registry."""
        return True

    def __eq__(self, other: object) -> bool:
        return object.__eq__(self, other)  # a mapping would compare the names

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"MultiSourceRegistry({self.name!r}, sources={[*self._sources]})"

    @property
    def _sources(self) -> dict[str, Source]:
        if self._to_discover:
            self._to_discover = False
            import_announced()  # the error for a missing name says which import failed
        return self._all

    def _find(self, name: str, arguments: Iterable[str] = ()) -> tuple[Source, str] | None:
        fitting = [prefix for prefix in self._sources if name.startswith(f"{prefix}_")]
        for prefix in sorted(fitting, key=len, reverse=True):
            source, key = self._all[prefix], name[len(prefix) + 1 :]
            if key in source:
                return source, key
        having = (source for source in self._all.values() if name in source)
        first = next(having, None)
        if first is None:
            return None
        given = {*arguments}
        refused = {*refused_arguments(get_constructor(first, name), given)} if given else {*()}
        for other in having if refused else ():
            make = get_constructor(other, name)
            if named_arguments(make) & refused and not refused_arguments(make, given):
                return other, name
        return first, name

    def _refused(self, prefix: str, name: str, arguments: Iterable[str]) -> tuple[str, ...]:
        source = self._all[prefix]
        if name not in source:
            return ()
        return tuple(refused_arguments(get_constructor(source, name), arguments))

    def _check_arguments(self, name: str, source: Source, given: Collection[str]) -> None:
        """Tell what else there is where the source of a bare name refuses an argument."""
        make = get_constructor(source, name)
        refused = refused_arguments(make, given)
        if not refused:
            return
        prefix = next(each for each in self._all if self._all[each] is source)
        hint = "".join(did_you_mean(each, named_arguments(make)) for each in refused)
        others = [
            f"{each}_{name}"
            for each, other in self._all.items()
            if name in other and each != prefix
        ]
        raise TypeError(
            f"{prefix}_{name} has no argument {' or '.join(map(repr, refused))}"
            f"{hint or '.'}"
            + (f" There is also {' or '.join(map(repr, others))}" if others else "")
            + "".join(
                f"\n  {each.how_to_install}"
                for each in self._all.values()
                if isinstance(each, PackageSource) and not each.is_installed
            )
        )

    def _find_or_raise(self, name: str, arguments: Iterable[str] = ()) -> tuple[Source, str]:
        found = self._find(name, arguments)
        if found is None:
            raise NotRegisteredError(lambda: self._format_missing(name))
        return found

    def _format_missing(self, name: str) -> str:
        by_name: dict[str, list[str]] = {}
        for prefix, source in self._all.items():
            for key in _names(source):
                by_name.setdefault(key, []).append(f"{prefix}_{key}")
                by_name.setdefault(f"{prefix}_{key}", []).append(f"{prefix}_{key}")
        matches = dict.fromkeys(
            full for match in close_matches(name, by_name) for full in by_name[match]
        )
        hint = f"; did you mean {' or '.join(map(repr, [*matches][:3]))}?" if matches else ""
        reasons = [*import_announced().values()] if self._discovers else []
        reasons += filter(None, map(_import_names, self._all.values()))
        return "\n  ".join(
            [
                f"Model {name} could not be instantiated from any source of {self.name} "
                f"({', '.join(self._all) or 'none'}){hint}",
                *reasons,
            ]
        )


def _names(source: Source) -> Iterator[str]:
    _import_names(source)  # if that fails, the names that are there
    return iter(source)


def _import_names(source: Source) -> str | None:
    """Import all names of a source, and return the error message if that fails."""
    try:
        if isinstance(source, Registry):
            source.import_from_location()
        elif isinstance(source, PackageSource):
            source.names()
    except NotRegisteredError as error:
        return str(error)
    return None
