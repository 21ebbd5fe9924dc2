"""The configuration of a run."""

from __future__ import annotations

import argparse
import posixpath
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from engine.registry import is_building_from_data

from . import _formats as formats
from ._config_dict import ConfigDict, blank, caller, methods_first, place, restored, to_plain
from ._errors import ConfigError
from ._imports import import_custom_modules as import_modules
from ._flatten import find
from ._paths import identity, locate, text_of
from ._options import Options, in_order, set_option
from ._to_plain import named
from ._provenance import Provenance, Site, Text
from ._python import STRING
from ._python_data import loads
from ._reader import Reader


@methods_first
class Config(ConfigDict):
    """A tree of values with attribute and item access, which knows where each comes from.

    Args:
        cfg_dict: The values.
        cfg_text: The text from which they were read.
        filename: The file from which they were read.
        env_variables: The environment variables that were substituted in it.
        format_python_code: Without effect: the canonical form needs no formatter.
    """

    __slots__ = ("_env_variables", "_filename", "_text")
    _filename: str | None
    _text: str
    _env_variables: dict[str, str]

    def __init__(
        self,
        cfg_dict: Mapping[str, Any] | None = None,
        cfg_text: str | None = None,
        filename: str | Path | None = None,
        env_variables: Mapping[str, str] | None = None,
        format_python_code: bool = True,
    ) -> None:
        values = {} if cfg_dict is None else cfg_dict
        if not isinstance(values, Mapping):
            raise TypeError(f"a config is made of a mapping; got {type(values).__name__}")
        super().__init__()
        if isinstance(values, ConfigDict) and values._origin[1] is not None:
            origin, marks = values._origin, values._marks
        else:
            site = caller() if filename is None else Site(str(filename))
            origin, marks = ("", site, ""), None
        object.__setattr__(self, "_origin", origin)
        object.__setattr__(self, "_marks", None if marks is None else dict(marks))
        place(self, values)
        self._describe(filename, cfg_text or "", env_variables or {})

    def _describe(
        self, filename: str | Path | None, text: str, variables: Mapping[str, str]
    ) -> None:
        object.__setattr__(self, "_filename", None if filename is None else str(filename))
        object.__setattr__(self, "_text", text)
        object.__setattr__(self, "_env_variables", dict(variables))

    @classmethod
    def fromfile(
        cls,
        filename: str | Path,
        use_predefined_variables: bool = True,
        import_custom_modules: bool = True,
        use_environment_variables: bool = True,
        lazy_import: bool | None = None,
        format_python_code: bool = True,
        *,
        trust: bool = False,
    ) -> Self:
        """Read a config file and its bases.

        A Python file is run and may do anything. YAML, JSON and TOML files are data.

        Args:
            filename: A path ending in `.py`, `.yaml`, `.yml`, `.json` or `.toml`; `package::path`
                for a config that a package ships; or a URL for fsspec (`s3://bucket/x.yaml`).
            use_predefined_variables: Whether to substitute `{{ fileDirname }}` and the like.
            import_custom_modules: Whether to import what `custom_imports` names.
            use_environment_variables: Whether to substitute `{{ $NAME:default }}`.
            lazy_import: Without effect: configs of both kinds are read alike.
            format_python_code: Without effect: the canonical form needs no formatter.
            trust: Whether a text config may import modules and have Python configs as bases.

        Raises:
            ConfigError: If there is no such file, or it can't be read; it says file and line.
        """
        location = locate(filename)
        suffix = formats.checked(posixpath.splitext(location)[1], location)
        if suffix == formats.PYTHON and not trust and is_building_from_data():
            raise ConfigError(
                f"{location} would run as code, and a config that is data asks for it; give the "
                "config itself, or trust the one that asks (trust=True, --trust)"
            )
        text = text_of(location)
        reader = Reader(
            trust, use_predefined_variables, use_environment_variables, import_custom_modules
        )
        root = reader.parse(text, suffix, location, (identity(location),))
        if import_custom_modules and "custom_imports" in root:
            import_modules(root)
        return cls._read(root, location, text, reader.variables)

    @classmethod
    def fromstring(
        cls, cfg_str: str, file_format: str, *, trust: bool = False, run: bool = True
    ) -> Self:
        """Read a config from a text, which can't have bases.

        Args:
            cfg_str: The text.
            file_format: `.py`, `.yaml`, `.yml`, `.json` or `.toml`.
            trust: As for `fromfile`.
            run: Whether a Python text runs, as a Python config does. Otherwise it is read as data,
                and must be what `pretty_text` gives.

        Raises:
            ConfigError: If the text is not of that format, or is code and must not run.
        """
        if file_format == ".py" and not run:
            source = Text(STRING, cfg_str, file_format, is_code=trust)
            data = blank(ConfigDict, ("", source, ""))
            place(data, loads(cfg_str, STRING))
            return cls._read(data, None, cfg_str, {})
        reader = Reader(trust)
        root = reader.parse(cfg_str, file_format, STRING)
        if "custom_imports" in root:
            import_modules(root)
        return cls._read(root, None, cfg_str, reader.variables)

    @classmethod
    def _read(
        cls, root: ConfigDict, location: str | None, text: str, variables: Mapping[str, str]
    ) -> Self:
        new = cls.__new__(cls)
        dict.update(new, root)
        object.__setattr__(new, "_origin", root._origin)
        object.__setattr__(new, "_marks", root._marks)
        new._describe(location, text, variables)
        return new

    @staticmethod
    def auto_argparser(
        description: str | None = None,
    ) -> tuple[argparse.ArgumentParser, Config]:
        """Return a parser with an option for each value of the config that is on the command line.

        Args:
            description: What the parser says of the program.

        Returns:
            The parser, and the config. `cfg.merge_from_dict(vars(parser.parse_args()))` takes over
            what was given.
        """
        from ._argparser import auto_argparser  # it needs this class

        return auto_argparser(description)

    @staticmethod
    def diff(cfg1: str | Path | Config, cfg2: str | Path | Config) -> str:
        """Return in what two configs differ, with the place of each value; '' if in nothing.

        Args:
            cfg1: A config or its file.
            cfg2: Another.
        """
        from ._diff import changes  # deferred: most configs are not compared

        first, second = (
            each if isinstance(each, Config) else Config.fromfile(each) for each in (cfg1, cfg2)
        )
        return "\n".join(map(str, changes(first, second)))

    @property
    def filename(self) -> str | None:
        """The file from which the config was read."""
        return self._filename

    @property
    def text(self) -> str:
        """The text from which the config was read, without that of its bases."""
        return self._text

    @property
    def env_variables(self) -> dict[str, str]:
        """The environment variables that were substituted, and their values."""
        return dict(self._env_variables)

    @property
    def pretty_text(self) -> str:
        """The whole config as the text of a Python config."""
        return formats.dumps(self, formats.PYTHON)

    def dump(self, file: str | Path | None = None) -> str:
        """Return the text of the whole config; write it to `file` if there is one.

        Args:
            file: A path or URL, whose ending says the format; None means Python and writes nothing.

        Raises:
            ConfigError: If the format can't hold a value.
        """
        if file is None:
            return formats.dumps(self, formats.PYTHON)
        from engine.fileio import put_text  # deferred: most configs are never written

        text = formats.dumps(self, posixpath.splitext(str(file))[1])
        put_text(text, file)
        return text

    def merge_from_dict(self, options: Mapping[str, Any], allow_list_keys: bool = True) -> None:
        """Change values by their dotted keys, one after the other.

        Args:
            options: Values by key, such as `{'model.layers.0.depth': 1}`. Wherever it stands,
                `{'model._delete_': True}` means what it means in a file: `model` becomes what the
                other options say of it.
            allow_list_keys: Whether a number in a key means an item of a list.

        Raises:
            ConfigError: If a key leads into something that is neither a dictionary nor a list.
        """
        source = options.source if isinstance(options, Options) else caller()
        for key, value in in_order(options):
            set_option(self, key, value, source, list_keys=allow_list_keys)

    def provenance(self, path: str) -> Provenance:
        """Return where a value comes from, and what it overrode.

        Args:
            path: Its dotted key: `'model.backbone.depth'`, `'train_pipeline.0.type'`.

        Raises:
            ConfigError: If there is no such value; it names a near key.
        """
        value, mark = find(self, path)
        return Provenance.of(path, value, mark)

    def to_dict(self, keep_imported: bool = False) -> dict[str, Any]:
        """Return plain dictionaries all the way down.

        Args:
            keep_imported: Whether classes and functions stay what they are; otherwise their dotted
                names take their places.
        """
        values: dict[str, Any] = to_plain(self) if keep_imported else named(self)
        return values

    def __copy__(self) -> Self:
        return self._like_this(super().__copy__())

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self._like_this(super().__deepcopy__(memo))

    def _like_this(self, new: Self) -> Self:
        new._describe(self._filename, self._text, self._env_variables)
        return new

    def __reduce__(self) -> tuple[Any, ...]:
        described = (self._filename, self._text, self._env_variables)
        return _restored, (super().__reduce__()[1], described)

    def __repr__(self) -> str:
        return f"Config (path: {self._filename}): {super().__repr__()}"


def _restored(values: tuple[Any, ...], described: tuple[str | None, str, dict[str, str]]) -> Config:
    new: Config = restored(*values)
    new._describe(*described)
    return new
