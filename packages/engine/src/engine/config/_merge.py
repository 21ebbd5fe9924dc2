"""How one config is laid over another.

- A dictionary is merged into a dictionary, key by key; anything else replaces what was there.
- `_delete_=True` in a dictionary makes it replace the former one instead.
- A dictionary whose keys are numbers, over a list, changes those items of the list.
- A dictionary over anything else is an error, unless it says `_delete_=True`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ._config_dict import DELETE, ConfigDict, mark_of, note, placed, put
from ._errors import ConfigError
from ._limits import index_of, is_huge, short, shown
from ._provenance import Mark, Source

_MISSING: Any = object()


def lay(node: ConfigDict, over: Mapping[str, Any], source: Source | None, at: str) -> None:
    """Lay `over` over a dictionary of a config, which is changed.

    Args:
        node: What was there.
        over: What is to hold now.
        source: Where `over` comes from, unless it knows better itself.
        at: Its path there.

    Raises:
        ConfigError: If the two don't fit together.
    """
    for key, value in over.items():
        if key == DELETE:
            continue
        mark = _mark_of(over, key, source, at)
        origin, there = mark.source, mark.at
        key = key_in(node, key)  # noqa: PLW2901  # the same key, as the dictionary has it
        old = dict.get(node, key, _MISSING)
        if old is value and isinstance(value, (dict, list)):
            continue  # `model = _base_.model`
        if old is _MISSING or not _merges(value):
            put(node, key, value, origin, there)
            if old is _MISSING and mark.former is not None:
                note(node, key, mark)
        elif isinstance(old, ConfigDict):
            lay(old, value, origin, there)
        elif isinstance(old, (list, tuple)):
            items = _laid_items(node, str(key), old, value, (origin, there))
            dict.__setitem__(node, key, items)
        else:
            raise _misfit(node, key, old, origin, there)


def key_in(node: Mapping[Any, Any], key: Any) -> Any:
    """Return a key as a dictionary has it: `'0'` means its key 0, if it has no `'0'`."""
    if key in node or not isinstance(key, str):
        return key
    index = index_of(key)
    return key if index is None or index not in node else index


def _merges(value: Any) -> bool:
    return isinstance(value, Mapping) and not value.get(DELETE, False)


def _mark_of(over: Mapping[str, Any], key: str, source: Source | None, at: str) -> Mark:
    """Return what has set a value of `over`."""
    if isinstance(over, ConfigDict):
        mark = mark_of(over, key)
        if mark.source is not None:
            return mark
    return Mark(source, f"{at}.{key}" if at else str(key))


def _laid_items(
    node: ConfigDict,
    within: str,
    items: list[Any] | tuple[Any, ...],
    over: Mapping[Any, Any],
    origin: tuple[Source | None, str],
) -> list[Any] | tuple[Any, ...]:
    """Return the items of a list with some of them changed.

    Args:
        node: The dictionary that holds the list.
        within: The path of the list in it.
        items: The list.
        over: The changes, by index.
        origin: Where they come from, and their path there.
    """
    new = list(items)
    source, at = origin
    for key, value in over.items():
        if is_huge(key):
            raise ConfigError(f"{_told(source, at)}: {short(key)} is no item of a list")
        there, rel = f"{at}.{key}", f"{within}.{key}"
        index = _checked_index(key, items, _told(source, there), node.__where__(within))
        old = new[index]
        if isinstance(old, ConfigDict) and _merges(value):
            lay(old, value, source, there)
        elif isinstance(old, (list, tuple)) and _merges(value):
            new[index] = _laid_items(node, rel, old, value, (source, there))
        else:
            if _merges(value):
                raise _misfit(node, rel, old, source, there)
            _replace_item(node, new, rel, (index, value), (source, there))
    if isinstance(items, list):
        items[:] = new  # it stays the list that others know
        return items
    return tuple(new)


def _replace_item(
    node: ConfigDict,
    items: list[Any],
    within: str,
    item: tuple[int, Any],
    origin: tuple[Source | None, str],
) -> None:
    """Replace an item of a list, and note what set it.

    Args:
        node: The dictionary that holds the list.
        items: The list.
        within: The path of the item from the dictionary on.
        item: The index and the new value.
        origin: Where the value comes from, and its path there.
    """
    index, value = item
    source, at = origin
    note(node, within, Mark(source, at, items[index], mark_of(node, within)))
    path = node._origin[0]
    items[index] = placed(value, f"{path}.{within}" if path else within, source, at)


def _checked_index(key: object, items: Sequence[Any], here: str, known: str) -> int:
    """Return the index that a key means.

    Args:
        key: The key.
        items: The list.
        here: The place of the change.
        known: The place of the list.

    Raises:
        ConfigError: If it means none of the items.
    """
    if not str(key).isdecimal():
        raise ConfigError(
            f"{here}: {known} is a list; name one of its items by a number, "
            f"or write {DELETE}=True to replace it"
        )
    index = index_of(key)
    if index is None or index >= len(items):
        raise ConfigError(f"{here}: {known} has {len(items)} items, the first being 0")
    return index


def _misfit(node: ConfigDict, key: str, old: object, source: Source | None, at: str) -> ConfigError:
    return ConfigError(
        f"{_told(source, at)}: a dictionary can't be merged into {shown(old)}, "
        f"which is {node.__where__(key)}; to replace it, write {DELETE}=True in the dictionary"
    )


def _told(source: Source | None, at: str) -> str:
    return at if source is None else f"{at} ({source.at(at)})"


def joined(bases: Sequence[ConfigDict]) -> ConfigDict:
    """Return several base configs as one, which is the first of them with the rest put in.

    Raises:
        ConfigError: If two of them have the same key.
    """
    first, *others = bases
    for other in others:
        for key, value in dict.items(other):
            if key in first:
                raise ConfigError(
                    f"two bases of one config set the same key: {first.__where__(key)} and "
                    f"{other.__where__(key)}"
                )
            dict.__setitem__(first, key, value)
            note(first, key, mark_of(other, key))
    return first
