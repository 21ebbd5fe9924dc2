"""The configuration of a run."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any, Self

from ._config_dict import ConfigDict, place
from ._dump import dumps
from ._errors import ConfigError
from ._locate import locate
from ._merge import merged, nested
from ._read import BASE, parse, read

_FIELDS = ("_cfg_dict", "_filename", "_text")


class Config(MutableMapping[str, Any]):
    """A tree of values with attribute and item access.

    Args:
        cfg_dict: The values.
        cfg_text: The text from which they were read.
        filename: The file from which they were read.
    """

    _cfg_dict: ConfigDict
    _filename: str | None
    _text: str

    def __init__(
        self,
        cfg_dict: Mapping[str, Any] | None = None,
        cfg_text: str | None = None,
        filename: str | Path | None = None,
    ) -> None:
        if cfg_dict is not None and not isinstance(cfg_dict, Mapping):
            raise TypeError(f"a config is made of a mapping; got {type(cfg_dict).__name__}")
        self._filename = None if filename is None else str(filename)
        self._text = cfg_text or ""
        self._replace(cfg_dict or {})

    @classmethod
    def fromfile(cls, filename: str | Path) -> Self:
        """Read a config file and its bases.

        A Python file is run and may do anything; YAML and JSON files are data.

        Args:
            filename: A path ending in `.py`, `.yaml`, `.yml` or `.json`, or `package::path` for a
                config that a package ships.

        Raises:
            ConfigError: If there is no such file, or it can't be read; it says file and line.
        """
        path = locate(filename)
        return cls(read(path), path.read_text(encoding="utf-8"), path)

    @classmethod
    def fromstring(cls, cfg_str: str, file_format: str) -> Self:
        """Read a config from a text, which can't have bases.

        Args:
            cfg_str: The text.
            file_format: `.py`, `.yaml`, `.yml` or `.json`.

        Raises:
            ConfigError: If the text is not of that format.
        """
        values = parse(cfg_str, file_format, "<string>")
        if BASE in values:
            raise ConfigError(f"<string>: a text has no folder in which {BASE} could be found")
        return cls(values, cfg_str)

    @property
    def filename(self) -> str | None:
        """The file from which the config was read."""
        return self._filename

    @property
    def text(self) -> str:
        """The text from which the config was read, without that of its bases."""
        return self._text

    @property
    def pretty_text(self) -> str:
        """The whole config as the text of a Python config."""
        return dumps(self._cfg_dict, ".py")

    def dump(self, file: str | Path | None = None) -> str:
        """Return the text of the whole config; write it to `file` if there is one.

        Args:
            file: A path, whose ending says the format; None means Python and writes nothing.
        """
        if file is None:
            return self.pretty_text
        from engine.fileio import put_text  # deferred: most configs are never written

        text = dumps(self._cfg_dict, Path(file).suffix)
        put_text(text, file)
        return text

    def merge_from_dict(self, options: Mapping[str, Any], allow_list_keys: bool = True) -> None:
        """Change values by their dotted keys.

        Args:
            options: Values by key, such as `{'model.layers.0.depth': 1}`.
            allow_list_keys: Whether a number in a key means an item of a list.

        Raises:
            ConfigError: If a key leads into something that is neither a dictionary nor a list.
        """
        self._replace(merged(self._cfg_dict, nested(options), list_keys=allow_list_keys))

    def copy(self) -> Self:
        """Return a shallow copy."""
        return copy.copy(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the values as plain dictionaries."""
        return self._cfg_dict.to_dict()

    def __getitem__(self, key: str) -> Any:
        return self._cfg_dict[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._cfg_dict[key] = value
        place(self._cfg_dict[key], key, self._filename)

    def __delitem__(self, key: str) -> None:
        del self._cfg_dict[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._cfg_dict)

    def __len__(self) -> int:
        return len(self._cfg_dict)

    def __getattr__(self, name: str) -> Any:
        """Return the value of the key `name`."""
        if name.startswith("_") and name in _FIELDS:  # while a copy or pickle is being made
            raise AttributeError(name)
        return getattr(self._cfg_dict, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _FIELDS:
            super().__setattr__(name, value)
        else:
            self[name] = value

    def __delattr__(self, name: str) -> None:
        delattr(self._cfg_dict, name)

    def __copy__(self) -> Self:
        return type(self)(self._cfg_dict, self._text, self._filename)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return type(self)(copy.deepcopy(self._cfg_dict, memo), self._text, self._filename)

    def __reduce__(self) -> tuple[type[Config], tuple[dict[str, Any], str, str | None]]:
        return type(self), (dict(self._cfg_dict), self._text, self._filename)

    def __repr__(self) -> str:
        return f"Config (path: {self._filename}): {self._cfg_dict!r}"

    def _replace(self, values: Mapping[str, Any]) -> None:
        self._cfg_dict = ConfigDict(values)
        place(self._cfg_dict, "", self._filename)
