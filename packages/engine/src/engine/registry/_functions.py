"""Functions by name and metadata, in the manner of Lightning Flash."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from typing import Any, TypeVar, overload

from engine.utils import did_you_mean

from ._errors import DuplicateNameError, NotRegisteredError
from ._explain import Explanation, Searched, Winner
from ._trust import path_of

C = TypeVar("C", bound=Callable[..., Any])

# Parameters of `get` and `list`: metadata of such a name could never be asked for.
_RESERVED = ("key", "with_metadata", "strict", "pattern", "exclude")
_NO_MATCH = "Found no matches that fit your metadata criteria. Try removing some metadata"


@dataclass(frozen=True)
class Provider:
    """Who made what a registry holds.

    Attributes:
        name: The name, say `'rwightman/pytorch-image-models'`.
        url: Where to find the work.
    """

    name: str
    url: str = ""

    def __str__(self) -> str:
        """Return the name, and where to find it."""
        return f"{self.name} ({self.url})" if self.url else self.name


@dataclass(frozen=True)
class Entry:
    """A function that is registered.

    Attributes:
        fn: The function.
        name: Its name.
        metadata: What is said about it.
        providers: Who made it.
    """

    fn: Callable[..., Any]
    name: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    providers: tuple[Provider, ...] = ()

    def fits(self, metadata: Mapping[str, Any]) -> bool:
        """Return whether all of `metadata` is said of this entry."""
        return metadata.items() <= self.metadata.items()

    def to_dict(self) -> dict[str, Any]:
        """Return the entry as `get(..., with_metadata=True)` gives it."""
        return {
            "fn": self.fn,
            "name": self.name,
            "metadata": dict(self.metadata),
            "providers": self.providers,
        }


class FunctionRegistry:
    """Functions by name; several may have one name, told apart by their metadata.

    The registry itself is the decorator: `@backbones(name='resnet18', provider='timm')`.

    Args:
        name: The name of the registry.
        verbose: Whether to print what is registered.
    """

    def __init__(self, name: str, verbose: bool = False) -> None:
        self.name = name
        self._verbose = verbose
        self._entries: dict[str, list[Entry]] = {}

    @overload
    def __call__(self, fn: C, name: str | None = None, **options: Any) -> C: ...
    @overload
    def __call__(
        self, fn: None = None, name: str | None = None, **options: Any
    ) -> Callable[[C], C]: ...
    def __call__(
        self,
        fn: C | None = None,
        name: str | None = None,
        override: bool = False,
        providers: Provider | str | Sequence[Provider | str] = (),
        **metadata: Any,
    ) -> C | Callable[[C], C]:
        """Register a function, as a decorator or by a call.

        Args:
            fn: The function; None returns a decorator.
            name: Its name; None means its own, or that of the function within a `partial`.
            override: Whether to replace an entry of the same name and metadata.
            providers: Who made it.
            **metadata: What is said about it.

        Raises:
            TypeError: If `fn` is not callable, or its name is no string.
            ValueError: If metadata has the name of a parameter of `get` or `list`.
            DuplicateNameError: If there is such an entry already.
        """
        if fn is not None:
            self._register(fn, name, override, _providers(providers), metadata)
            return fn

        def decorate(decorated: C) -> C:
            self._register(decorated, name, override, _providers(providers), metadata)
            return decorated

        return decorate

    def get(
        self, key: str, with_metadata: bool = False, strict: bool = True, **metadata: Any
    ) -> Any:
        """Return a function, or all that fit.

        Args:
            key: The name. Where several fit, `explain` tells them all.
            with_metadata: Whether to return a dictionary of `fn`, `name`, `metadata` and
                `providers` instead.
            strict: Whether to return the first that fits; else a list of all that do.
            **metadata: What must be said about it.

        Raises:
            NotRegisteredError: If nothing has that name, or nothing of that name fits.
        """
        entries = [entry for entry in self.entries(key) if entry.fits(metadata)]
        if not entries:
            raise NotRegisteredError(_NO_MATCH)
        found = [entry.to_dict() if with_metadata else entry.fn for entry in entries]
        return found[0] if strict else found

    def remove(self, key: str) -> None:
        """Remove all that has the name `key`, if anything has."""
        self._entries.pop(key, None)

    def available_keys(self) -> list[str]:
        """Return the name of each function, sorted; a name of several is there several times."""
        return sorted(key for key in self for _ in self.entries(key))

    def entries(self, key: str) -> list[Entry]:
        """Return all entries of a name.

        Raises:
            NotRegisteredError: If nothing has that name.
        """
        if key not in self._entries:
            raise NotRegisteredError(lambda: _missing(self, key))
        return self._entries[key]

    def list(
        self, pattern: str = "*", exclude: str | Iterable[str] = (), **metadata: Any
    ) -> list[str]:
        """Return the names that match, sorted.

        Args:
            pattern: A wildcard pattern, say `'*resnet*'`.
            exclude: Patterns of names to leave out.
            **metadata: What must be said about an entry.
        """
        excluded = [exclude] if isinstance(exclude, str) else [*exclude]
        return sorted(
            key
            for key in self
            if fnmatchcase(key, pattern)
            and not any(fnmatchcase(key, each) for each in excluded)
            and any(entry.fits(metadata) for entry in self.entries(key))
        )

    def explain(self, key: str, **metadata: Any) -> Explanation:
        """Return which function `get(key, **metadata)` gives, and which others fit as well.

        Args:
            key: The name.
            **metadata: What must be said about it.
        """
        try:
            known = self.entries(key)
        except NotRegisteredError as error:
            return self._explanation(key, error=str(error))
        fitting = [entry for entry in known if entry.fits(metadata)]
        if not fitting:
            return self._explanation(key, error=_NO_MATCH)
        first, *others = (f"{path_of(entry.fn)} {dict(entry.metadata)}" for entry in fitting)
        return self._explanation(key, found=Winner(self.name, first), shadows=tuple(others))

    def _explanation(self, key: str, **facts: Any) -> Explanation:
        searched = (Searched(self.name, "found" in facts, {}),)
        source = "functions have no scope"
        return Explanation(key, self.name, self.name, None, source, searched=searched, **facts)

    def providers(self, key: str) -> tuple[Provider, ...]:
        """Return who made what has the name `key`."""
        return tuple({each: None for entry in self.entries(key) for each in entry.providers})

    def __add__(self, other: FunctionRegistry) -> ConcatRegistry:
        """Return a registry that asks this one, then the other."""
        return ConcatRegistry(self, other)

    def __contains__(self, key: object) -> bool:
        """Return whether something has the name `key`."""
        return key in self._entries

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names, each once."""
        return iter(self._entries)

    def __len__(self) -> int:
        """Return the number of functions."""
        return sum(map(len, self._entries.values()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name}, functions={self.available_keys()})"

    def _register(
        self,
        fn: Any,
        name: str | None,
        override: bool,
        providers: tuple[Provider, ...],
        metadata: Mapping[str, Any],
    ) -> None:
        if not callable(fn):
            raise TypeError(f"You can only register a callable, found: {fn}")
        key = _own_name(fn) if name is None else name
        if not isinstance(key, str):
            raise TypeError(f"`name` must be a str, found {key}")
        taken = [each for each in _RESERVED if each in metadata]
        if taken:
            raise ValueError(
                f"metadata of {key} can't be called {taken[0]!r}: that is a parameter of `get` or "
                "`list`, which could not ask for it"
            )
        same = [entry for entry in self._entries.get(key, ()) if entry.metadata == metadata]
        if same and not override:
            raise DuplicateNameError(
                f"Function with name: {key} and metadata: {dict(metadata)} is already present "
                f"within {self.name}. HINT: Use `override=True`."
            )
        others = [entry for entry in self._entries.get(key, ()) if entry.metadata != metadata]
        self._entries[key] = [*others, Entry(fn, key, metadata, providers)]
        if self._verbose:
            print(f"Registering: {key} with metadata: {dict(metadata)}")  # noqa: T201  # asked for


class ExternalRegistry(FunctionRegistry):
    """The functions of another library, which a getter makes.

    What `get('x')` returns calls `getter('x', ...)`. Without `names` only such a call can tell
    whether there is an `'x'`: `get` then takes any name, `in` and iteration know none, and
    `available_keys` names the providers.

    Args:
        getter: A function whose first argument is the name; it may take more.
        name: The name of the registry.
        providers: Who made the functions.
        names: Returns all names; it is called once, when they are first needed.
        **metadata: What is said about each of the functions.
    """

    def __init__(
        self,
        getter: Callable[..., Any],
        name: str,
        providers: Provider | str | Sequence[Provider | str] = (),
        names: Callable[[], Iterable[str]] | None = None,
        **metadata: Any,
    ) -> None:
        super().__init__(name)
        self._getter = getter
        self._providers = _providers(providers)
        self._list_names = names
        self._names: dict[str, None] | None = None
        self._metadata = metadata

    @property
    def is_open(self) -> bool:
        """Whether `get` takes any name, since the names are not known."""
        return self._list_names is None

    def available_keys(self) -> list[str]:
        """Return the names, or where they are not known, one line with the providers."""
        if not self.is_open:
            return super().available_keys()
        return [", ".join(each.name for each in self._providers)] if self._providers else []

    def entries(self, key: str) -> list[Entry]:
        """Return the entry of a name, as a list.

        Raises:
            NotRegisteredError: If there is no such name.
        """
        if not self.is_open and key not in self:
            raise NotRegisteredError(lambda: _missing(self, key))
        return [Entry(partial(self._getter, key), key, self._metadata, self._providers)]

    def remove(self, key: str) -> None:
        """Refuse: what another library has stays.

        Raises:
            TypeError: Always.
        """
        raise TypeError(f"{self.name} is external; nothing can be removed from it")

    def __contains__(self, key: object) -> bool:
        """Return whether `key` is among the names that are known."""
        return key in self._listed()

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names that are known."""
        return iter(self._listed())

    def __len__(self) -> int:
        """Return the number of names that are known."""
        return len(self._listed())

    def _listed(self) -> dict[str, None]:
        if self._names is None:
            self._names = dict.fromkeys(self._list_names() if self._list_names else ())
        return self._names

    def _register(self, *args: Any) -> None:
        raise TypeError(f"{self.name} is external; nothing can be added to it")


class ConcatRegistry(FunctionRegistry):
    """Several registries as one, asked in order.

    Registering goes to the first of them that is not external, removing to all that are not.

    Args:
        *registries: The registries, in the order in which they are asked.
    """

    def __init__(self, *registries: FunctionRegistry) -> None:
        self.registries: tuple[FunctionRegistry, ...] = tuple(
            part
            for registry in registries
            for part in (
                registry.registries if isinstance(registry, ConcatRegistry) else [registry]
            )
        )
        super().__init__(",".join(dict.fromkeys(part.name for part in self.registries)))

    def available_keys(self) -> list[str]:
        """Return what the registries have, sorted."""
        return sorted(key for part in self.registries for key in part.available_keys())

    def entries(self, key: str) -> list[Entry]:
        """Return the entries of a name, those of a registry before those of the ones behind it.

        Raises:
            NotRegisteredError: If no registry has that name.
        """
        asked = [part for part in self.registries if key in part] or [
            part for part in self.registries if isinstance(part, ExternalRegistry) and part.is_open
        ]
        if not asked:
            raise NotRegisteredError(lambda: _missing(self, key))
        return [entry for part in asked for entry in part.entries(key)]

    def remove(self, key: str) -> None:
        """Remove what has the name `key` from the registries that are not external."""
        for registry in self._own:
            registry.remove(key)

    def __contains__(self, key: object) -> bool:
        """Return whether a registry has the name `key`."""
        return any(key in registry for registry in self.registries)

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names, each once."""
        return iter(dict.fromkeys(key for registry in self.registries for key in registry))

    def __len__(self) -> int:
        """Return the number of functions."""
        return sum(map(len, self.registries))

    @property
    def _own(self) -> list[FunctionRegistry]:
        return [part for part in self.registries if not isinstance(part, ExternalRegistry)]

    def _register(self, *args: Any) -> None:
        if not self._own:
            raise TypeError(f"{self.name} are all external; nothing can be added to them")
        self._own[0]._register(*args)


FlashRegistry = FunctionRegistry


def _own_name(fn: Callable[..., Any]) -> str | None:
    while isinstance(fn, partial):
        fn = fn.func
    return getattr(fn, "__name__", None)


def _missing(registry: FunctionRegistry, key: str) -> str:
    kind = "FlashRegistry" if type(registry) is FunctionRegistry else type(registry).__name__
    return f"Key: {key} is not in {kind}{did_you_mean(key, registry)}"


def _providers(given: Provider | str | Sequence[Provider | str]) -> tuple[Provider, ...]:
    listed = [given] if isinstance(given, (Provider, str)) else given
    return tuple(each if isinstance(each, Provider) else Provider(each) for each in listed)
