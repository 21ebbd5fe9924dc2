"""Reading a config file, and the bases that it names."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

from ._errors import ConfigError
from ._locate import locate
from ._merge import joined, merged, stripped

BASE = "_base_"


def read(path: Path, above: tuple[Path, ...] = ()) -> dict[str, Any]:
    """Return the values of a config file, laid over those of its bases.

    A Python file is run, and its code may do anything; YAML and JSON files are data.

    Args:
        path: The file.
        above: The files on the way to this one, each of which names the next as a base.

    Raises:
        ConfigError: If the file or one of its bases can't be read; it says file and line.
    """
    if path.resolve() in above:
        raise ConfigError(f"{path}: the config is a base of itself")
    values = parse(path.read_text(encoding="utf-8"), path.suffix, str(path))
    names = values.pop(BASE, [])
    if isinstance(names, str):
        names = [names]
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
        raise ConfigError(f"{path}: {BASE} is a file name or a list of such; got {names!r}")
    chain = (*above, path.resolve())
    bases = [(name, read(locate(name, relative_to=path.parent), chain)) for name in map(str, names)]
    if not bases:
        return dict(stripped(values))
    try:
        return dict(merged(joined(bases), values))
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None


def parse(text: str, suffix: str, filename: str) -> dict[str, Any]:
    """Return the values that a text describes, without regard to its bases.

    Args:
        text: The text of the config.
        suffix: The format: `.py`, `.yaml`, `.yml` or `.json`.
        filename: What errors call the text.

    Raises:
        ConfigError: If the format is not known, or the text is not of it.
    """
    parser = _PARSERS.get(suffix)
    if parser is None:
        raise ConfigError(f"{filename}: a config ends in {', '.join(_PARSERS)}; not in {suffix!r}")
    values = parser(text, filename)
    if not isinstance(values, Mapping):
        raise ConfigError(f"{filename}: a config is a mapping; this is {type(values).__name__}")
    if odd := [key for key in values if not isinstance(key, str)]:
        raise ConfigError(f"{filename}: the keys of a config are strings; got {odd[0]!r}")
    return dict(values)


def _parse_python(text: str, filename: str) -> dict[str, Any]:
    namespace: dict[str, Any] = {"__file__": filename, "__name__": "__config__"}
    try:
        exec(compile(text, filename, "exec"), namespace)  # noqa: S102  # a Python config is code, by design
    except SyntaxError as error:
        line = (error.text or "").strip()
        raise ConfigError(f"{error.filename}:{error.lineno}: {error.msg}\n  {line}") from error
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if frame.filename == filename]
        line = str(lines[-1]) if lines else "?"
        raise ConfigError(f"{filename}:{line}: {type(error).__name__}: {error}") from error
    dropped = (ModuleType, FunctionType, BuiltinFunctionType, type)
    return {
        key: value
        for key, value in namespace.items()
        if not key.startswith("__") and not isinstance(value, dropped)
    }


def _parse_yaml(text: str, filename: str) -> Any:
    import yaml  # deferred: most configs are Python

    try:
        return yaml.safe_load(text) or {}
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise ConfigError(f"{filename}:{line}: {error.problem}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{filename}: {error}") from error


def _parse_json(text: str, filename: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigError(f"{filename}:{error.lineno}: {error.msg}") from error


_PARSERS: dict[str, Callable[[str, str], Any]] = {
    ".py": _parse_python,
    ".yaml": _parse_yaml,
    ".yml": _parse_yaml,
    ".json": _parse_json,
}
