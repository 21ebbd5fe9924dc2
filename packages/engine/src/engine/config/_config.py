"""The configuration of a run."""

from __future__ import annotations

import argparse
import posixpath
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self

from engine.registry import is_building_from_data

from . import _formats as formats
from ._config_dict import ConfigDict, call_site, prefer_methods
from ._errors import ConfigError
from ._flatten import find_value
from ._imports import find_named
from ._node import copy_into, fill_node, restore_node
from ._options import Options, auto_argparser, order_options, set_option
from ._paths import locate, read_text, resolve
from ._provenance import Provenance, Site
from ._python import STRING
from ._python_data import loads
from ._reader import Reader, import_modules
from ._source_text import SourceText
from ._to_plain import to_dicts, to_named


class _Description(NamedTuple):
    """Where a config was read.

    Attributes:
        filename: Its file.
        text: Its text.
        env_variables: The environment variables that were substituted in it.
        written: The dotted paths by which it names classes and functions.
    """

    filename: str | None
    text: str
    env_variables: dict[str, str]
    written: tuple[str, ...] = ()


@prefer_methods
class Config(ConfigDict):
    """A tree of values with attribute and item access, which knows where each comes from.

    Args:
        cfg_dict: The values.
        cfg_text: The text from which they were read.
        filename: The file from which they were read.
        env_variables: The environment variables that were substituted in it.
        format_python_code: Has no effect: the resolve form needs no formatter.
    """

    __slots__ = ("_description",)
    _description: _Description

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
        if isinstance(values, ConfigDict) and values._location[1] is not None:
            fill_node(self, values, values._location, values._origins)
        else:
            site = call_site() if filename is None else Site(str(filename))
            fill_node(self, values, ("", site, ""))
        name = None if filename is None else str(filename)
        written = values._description.written if isinstance(values, Config) else ()
        _set_description(
            self, _Description(name, cfg_text or "", dict(env_variables or {}), written)
        )

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
            lazy_import: Has no effect: configs of both kinds are read alike.
            format_python_code: Without effect: the resolve form needs no formatter.
            trust: Whether a text config may import modules and have Python configs as bases.

        Raises:
            ConfigError: If there is no such file, or it can't be read; it names file and line.
        """
        location = locate(filename)
        suffix = formats.check_suffix(posixpath.splitext(location)[1], location)
        if suffix == formats.PYTHON and not trust and is_building_from_data():
            raise ConfigError(
                f"{location} would run as code, and a config that is data asks for it; give the "
                "config itself, or trust the one that asks (trust=True, --trust)"
            )
        text = read_text(location)
        reader = Reader(
            trust, use_predefined_variables, use_environment_variables, import_custom_modules
        )
        root = reader.parse(text, suffix, location, (resolve(location),))
        if import_custom_modules and "custom_imports" in root:
            import_modules(root)
        return cls._of(root, _Description(location, text, reader.variables, tuple(reader.written)))

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
            source = SourceText(STRING, cfg_str, file_format, is_code=trust)
            data = ConfigDict()
            fill_node(data, loads(cfg_str, STRING), ("", source, ""))
            return cls._of(data, _Description(None, cfg_str, {}))
        reader = Reader(trust)
        root = reader.parse(cfg_str, file_format, STRING)
        if "custom_imports" in root:
            import_modules(root)
        return cls._of(root, _Description(None, cfg_str, reader.variables, tuple(reader.written)))

    @classmethod
    def _of(cls, root: ConfigDict, description: _Description) -> Self:
        new = cls.__new__(cls)
        copy_into(new, root)
        _set_description(new, description)
        return new

    @staticmethod
    def auto_argparser(
        description: str | None = None,
    ) -> tuple[argparse.ArgumentParser, Config]:
        """Return a parser with an option for each value of the config that is on the command line.

        Args:
            description: The description of the program in the help of the parser.

        Returns:
            The parser, and the config. `cfg.merge_from_dict(vars(parser.parse_args()))` sets the
            given values.
        """
        return auto_argparser(description, Config.fromfile)

    @staticmethod
    def diff(cfg1: str | Path | Config, cfg2: str | Path | Config) -> str:
        """Return the differences between two configs as a unified diff of their texts.

        `engine.config.changes` yields them value by value, with the place of each.

        Args:
            cfg1: A config or its file.
            cfg2: Another.

        Returns:
            The lines of the diff; '' if the texts are equal.
        """
        import difflib  # deferred: most configs are not compared

        before, after = (
            each if isinstance(each, Config) else Config.fromfile(each) for each in (cfg1, cfg2)
        )
        lines = difflib.unified_diff(
            before.pretty_text.splitlines(),
            after.pretty_text.splitlines(),
            before.filename or "",
            after.filename or "",
            lineterm="",
        )
        return "\n".join(lines)

    @property
    def filename(self) -> str | None:
        """The file from which the config was read."""
        return self._description.filename

    @property
    def text(self) -> str:
        """The text from which the config was read, without that of its bases."""
        return self._description.text

    @property
    def env_variables(self) -> dict[str, str]:
        """The environment variables that were substituted, and their values."""
        return dict(self._description.env_variables)

    @property
    def pretty_text(self) -> str:
        """The whole config as the text of a Python config."""
        return formats.dumps(self.to_dict(), formats.PYTHON)

    def dump(self, file: str | Path | None = None) -> str:
        """Return the text of the whole config; write it to `file` if there is one.

        Args:
            file: A path or URL, whose suffix is the format; None writes nothing, and means the
                format in which the config was read, or Python.

        Raises:
            ConfigError: If the format can't hold a value.
        """
        suffix = posixpath.splitext(str(self.filename if file is None else file))[1]
        if file is None:
            can_hold = suffix in formats.WRITABLE
            return formats.dumps(self.to_dict(), suffix if can_hold else formats.PYTHON)
        from engine.fileio import put_text  # deferred: most configs are never written

        text = formats.dumps(self.to_dict(), suffix)
        put_text(text, file)
        return text

    def merge_from_dict(self, options: Mapping[str, Any], allow_list_keys: bool = True) -> None:
        """Set values by their dotted keys, one after the other.

        Args:
            options: Values by key, such as `{'model.layers.0.depth': 1}`. At any
                position, `{'model._delete_': True}` has its meaning in a file: the other options
                replace `model`.
            allow_list_keys: Whether a number in a key means an item of a list.

        Raises:
            ConfigError: If a key leads into something that is neither a dictionary nor a list.
        """
        source = options.source if isinstance(options, Options) else call_site()
        for key, value in order_options(options):
            set_option(self, key, value, source, list_keys=allow_list_keys)

    def provenance(self, path: str) -> Provenance:
        """Return where a value comes from, and what it overrode.

        Args:
            path: Its dotted key: `'model.backbone.depth'`, `'train_pipeline.0.type'`.

        Raises:
            ConfigError: If there is no such value; it names a similar key.
        """
        value, origin = find_value(self, path)
        return Provenance.of(path, value, origin)

    def to_dict(self, keep_imported: bool = False) -> dict[str, Any]:
        """Return plain dictionaries all the way down.

        Args:
            keep_imported: Whether classes and functions are kept; otherwise their dotted names
                replace them, as the config wrote them.
        """
        values: dict[str, Any]
        if keep_imported:
            values = to_dicts(self)
        else:
            values = to_named(self, find_named(self._description.written))
        return values

    def __copy__(self) -> Self:
        new = super().__copy__()
        _set_description(new, self._description)
        return new

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        new = super().__deepcopy__(memo)
        _set_description(new, self._description)
        return new

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (super().__reduce__()[1], tuple(self._description))

    def __repr__(self) -> str:
        return f"Config (path: {self.filename}): {super().__repr__()}"


_set_description = vars(Config)["_description"].__set__


def _restore(node: tuple[Any, ...], description: tuple[Any, ...]) -> Config:
    new: Config = restore_node(*node)
    _set_description(new, _Description(*description))
    return new
