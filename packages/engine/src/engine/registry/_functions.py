"""Registries of functions by name and metadata, as in Lightning Flash."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from typing import Any, TypeVar, overload

from engine.utils import did_you_mean

from ._errors import DuplicateNameError, NotRegisteredError
from ._explain import Explanation, Resolution, Searched, describe

C = TypeVar("C", bound=Callable[..., Any])

# Parameters of `get` and `list`, which could not ask for metadata of these names.
_RESERVED = ("key", "with_metadata", "strict", "pattern", "exclude")
_NO_MATCH = "Found no matches that fit your metadata criteria. Try removing some metadata"


@dataclass(frozen=True)
class Provider:
    """The author of registered functions.

    Attributes:
        name: The name, say `'rwightman/pytorch-image-models'`.
        url: The address of the work.
    """

    name: str
    url: str = ""

    def __str__(self) -> str:
        """Return the name and the address."""
        return f"{self.name} ({self.url})" if self.url else self.name


@dataclass(frozen=True)
class Entry:
    """A registered function.

    Attributes:
        fn: The function.
        name: Its name.
        metadata: Its metadata.
        providers: Its authors.
    """

    fn: Callable[..., Any]
    name: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    providers: tuple[Provider, ...] = ()

    def matches(self, metadata: Mapping[str, Any]) -> bool:
        """Return whether the entry has all of `metadata`."""
        return metadata.items() <= self.metadata.items()


class FunctionRegistry:
    """Functions by name and metadata; functions of one name differ in their metadata.

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
            providers: Its authors.
            **metadata: Its metadata.

        Raises:
            TypeError: If `fn` is not callable, or its name is not a str.
            ValueError: If metadata has the name of a parameter of `get` or `list`.
            DuplicateNameError: If an entry has the same name and metadata.
        """
        if fn is not None:
            self._register(fn, name, override, _make_providers(providers), metadata)
            return fn

        def decorate(decorated: C) -> C:
            self._register(decorated, name, override, _make_providers(providers), metadata)
            return decorated

        return decorate

    def get(
        self, key: str, with_metadata: bool = False, strict: bool = True, **metadata: Any
    ) -> Any:
        """Return a function, or all that match.

        Args:
            key: The name. If several functions match, `explain` lists them.
            with_metadata: Whether to return a dictionary of `fn`, `name`, `metadata` and
                `providers` instead.
            strict: Whether to return the first that matches; else a list of all that do.
            **metadata: The metadata that a function must have.

        Raises:
            NotRegisteredError: If no function has that name, or none of that name matches.
        """
        entries = [entry for entry in self.entries(key) if entry.matches(metadata)]
        if not entries:
            raise NotRegisteredError(_NO_MATCH)
        found = [
            {**vars(entry), "metadata": dict(entry.metadata)} if with_metadata else entry.fn
            for entry in entries
        ]
        return found[0] if strict else found

    def remove(self, key: str) -> None:
        """Remove all functions called `key`, if there are any."""
        self._entries.pop(key, None)

    def available_keys(self) -> list[str]:
        """Return the name of each function, sorted; a name of several functions is repeated."""
        return sorted(key for key in self for _ in self.entries(key))

    def entries(self, key: str) -> list[Entry]:
        """Return all entries of a name.

        Raises:
            NotRegisteredError: If no function has that name.
        """
        if key not in self._entries:
            raise NotRegisteredError(lambda: _format_missing(self, key))
        return self._entries[key]

    def list(
        self, pattern: str = "*", exclude: str | Iterable[str] = (), **metadata: Any
    ) -> list[str]:
        """Return the names that match, sorted.

        Args:
            pattern: A wildcard pattern, say `'*resnet*'`.
            exclude: Patterns of names to leave out.
            **metadata: The metadata that a function must have.
        """
        excluded = [exclude] if isinstance(exclude, str) else [*exclude]
        return sorted(
            key
            for key in self
            if fnmatchcase(key, pattern)
            and not any(fnmatchcase(key, each) for each in excluded)
            and any(entry.matches(metadata) for entry in self.entries(key))
        )

    def explain(self, key: str, **metadata: Any) -> Explanation:
        """Return which function `get(key, **metadata)` returns, and which others match as well.

        Args:
            key: The name.
            **metadata: The metadata that a function must have.
        """
        try:
            known = self.entries(key)
        except NotRegisteredError as error:
            return self._explanation(key, error=str(error))
        matching = [entry for entry in known if entry.matches(metadata)]
        if not matching:
            return self._explanation(key, error=_NO_MATCH)
        first, *others = (f"{describe(entry.fn)} {dict(entry.metadata)}" for entry in matching)
        return self._explanation(key, found=Resolution(self.name, first), shadows=tuple(others))

    def _explanation(self, key: str, **facts: Any) -> Explanation:
        searched = (Searched(self.name, "found" in facts, {}),)
        source = "functions have no scope"
        return Explanation(key, self.name, self.name, None, source, searched=searched, **facts)

    def providers(self, key: str) -> tuple[Provider, ...]:
        """Return the authors of the functions called `key`."""
        return tuple({each: None for entry in self.entries(key) for each in entry.providers})

    def __add__(self, other: FunctionRegistry) -> ConcatRegistry:
        """Return a registry that asks this one, then the other."""
        return ConcatRegistry(self, other)

    def __contains__(self, key: object) -> bool:
        """Return whether a function is called `key`."""
        return key in self._known()

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names, each once."""
        return iter(self._known())

    def __len__(self) -> int:
        """Return the number of functions."""
        return sum(map(len, self._entries.values()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name}, functions={self.available_keys()})"

    def _known(self) -> Mapping[str, Any]:
        return self._entries

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
        key: Any = name
        if name is None:
            inner = fn
            while isinstance(inner, partial):
                inner = inner.func
            key = getattr(inner, "__name__", None)
        if not isinstance(key, str):
            raise TypeError(f"`name` must be a str, found {key}")
        for each in _RESERVED:
            if each in metadata:
                raise ValueError(
                    f"metadata of {key} can't be called {each!r}: that is a parameter of `get` or "
                    "`list`, which could not ask for it"
                )
        entries = self._entries.get(key, [])
        others = [entry for entry in entries if entry.metadata != metadata]
        if len(others) < len(entries) and not override:
            raise DuplicateNameError(
                f"Function with name: {key} and metadata: {dict(metadata)} is already present "
                f"within {self.name}. HINT: Use `override=True`."
            )
        self._entries[key] = [*others, Entry(fn, key, metadata, providers)]
        if self._verbose:
            print(f"Registering: {key} with metadata: {dict(metadata)}")  # noqa: T201  # asked for


class ExternalRegistry(FunctionRegistry):
    """The functions of another library, called through a getter.

    `get('x')` returns a function that calls `getter('x', ...)`. Without `names` only such a call
    shows whether there is an `'x'`: `get` then takes any name, `in` and iteration know none, and
    `available_keys` names the providers.

    Args:
        getter: A function whose first argument is the name; it may take more.
        name: The name of the registry.
        providers: The authors of the functions.
        names: Returns all names; it is called once, when they are first needed.
        is_known: Returns whether there is a name that is not among those.
        **metadata: The metadata of each function.
    """

    def __init__(
        self,
        getter: Callable[..., Any],
        name: str,
        providers: Provider | str | Sequence[Provider | str] = (),
        names: Callable[[], Iterable[str]] | None = None,
        is_known: Callable[[str], bool] | None = None,
        **metadata: Any,
    ) -> None:
        super().__init__(name)
        self._getter = getter
        self._providers = _make_providers(providers)
        self._list_names = names
        self._is_known = is_known
        self._names: dict[str, None] | None = None
        self._metadata = metadata

    @property
    def is_open(self) -> bool:
        """Whether `get` takes any name, since the names are not known."""
        return self._list_names is None

    def available_keys(self) -> list[str]:
        """Return the names; if they are not known, one line with the providers."""
        if not self.is_open:
            return super().available_keys()
        return [", ".join(each.name for each in self._providers)] if self._providers else []

    def entries(self, key: str) -> list[Entry]:
        """Return the entry of a name, as a list.

        Raises:
            NotRegisteredError: If there is no such name.
        """
        if not self.is_open and key not in self:
            raise NotRegisteredError(lambda: _format_missing(self, key))
        return [Entry(partial(self._getter, key), key, self._metadata, self._providers)]

    def remove(self, key: str) -> None:
        """Raise an error: the functions belong to another library.

        Raises:
            TypeError: Always.
        """
        raise TypeError(f"{self.name} is external; nothing can be removed from it")

    def __contains__(self, key: object) -> bool:
        """Return whether there is such a name."""
        if super().__contains__(key) or self._is_known is None:
            return super().__contains__(key)
        return isinstance(key, str) and self._is_known(key)

    def __len__(self) -> int:
        """Return the number of names that are known."""
        return len(self._known())

    def _known(self) -> Mapping[str, Any]:
        if self._names is None:
            self._names = dict.fromkeys(self._list_names() if self._list_names else ())
        return self._names

    def _register(self, *args: Any) -> None:
        raise TypeError(f"{self.name} is external; nothing can be added to it")


class ConcatRegistry(FunctionRegistry):
    """Several registries as one, asked in order.

    A function is registered in the first that is not external, and removed from all that are not.

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
        """Return the name of each function of the registries, sorted."""
        return sorted(key for part in self.registries for key in part.available_keys())

    def entries(self, key: str) -> list[Entry]:
        """Return the entries of a name, in the order of the registries.

        Raises:
            NotRegisteredError: If no registry has that name.
        """
        asked = [part for part in self.registries if key in part] or [
            part for part in self.registries if isinstance(part, ExternalRegistry) and part.is_open
        ]
        if not asked:
            raise NotRegisteredError(lambda: _format_missing(self, key))
        return [entry for part in asked for entry in part.entries(key)]

    def remove(self, key: str) -> None:
        """Remove the functions called `key` from the registries that are not external."""
        for registry in self._own:
            registry.remove(key)

    def __contains__(self, key: object) -> bool:
        """Return whether a registry has `key`."""
        return any(key in registry for registry in self.registries)

    def __len__(self) -> int:
        """Return the number of functions."""
        return sum(map(len, self.registries))

    def _known(self) -> Mapping[str, Any]:
        return dict.fromkeys(key for registry in self.registries for key in registry)

    @property
    def _own(self) -> list[FunctionRegistry]:
        return [part for part in self.registries if not isinstance(part, ExternalRegistry)]

    def _register(self, *args: Any) -> None:
        if not self._own:
            raise TypeError(f"{self.name} are all external; nothing can be added to them")
        self._own[0]._register(*args)


FlashRegistry = FunctionRegistry


def _format_missing(registry: FunctionRegistry, key: str) -> str:
    kind = "FlashRegistry" if type(registry) is FunctionRegistry else type(registry).__name__
    return f"Key: {key} is not in {kind}{did_you_mean(key, registry)}"


def _make_providers(given: Provider | str | Sequence[Provider | str]) -> tuple[Provider, ...]:
    listed = [given] if isinstance(given, (Provider, str)) else given
    return tuple(each if isinstance(each, Provider) else Provider(each) for each in listed)
