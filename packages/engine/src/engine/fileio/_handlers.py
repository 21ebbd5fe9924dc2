"""Plain data in and out of JSON and YAML files."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import IO, Any, NamedTuple

import yaml

from ._io import BackendArgs, PathLike, get_text, put_text

# The parser in C gives the same values ten times faster, where PyYAML was built with it.
_YAML_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load(
    file: PathLike | IO[str] | IO[bytes],
    file_format: str | None = None,
    backend_args: BackendArgs = None,
) -> Any:
    """Read plain data from a JSON or YAML file. Nothing in such a file can run code.

    Args:
        file: A local path, a URL or an open file.
        file_format: `'json'`, `'yaml'` or `'yml'`; by default, the ending of the name.
        backend_args: Options of the fsspec file system behind the URL.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The format is unknown, or the content is malformed.
    """
    name = _name_of(file)
    handler = _handler_of(name, file_format)
    if isinstance(file, str | os.PathLike):
        text: str | bytes = get_text(file, backend_args=backend_args)
    else:
        text = file.read()
    try:
        return handler.parse(text)
    except (ValueError, yaml.YAMLError) as error:
        raise ValueError(f"{name or 'the given file'} is malformed: {error}") from error


def dump(
    obj: Any,
    file: PathLike | IO[str] | None = None,
    file_format: str | None = None,
    backend_args: BackendArgs = None,
    **kwargs: Any,
) -> str | None:
    """Write plain data as JSON or YAML; a local file atomically.

    NumPy and torch values, sets, ranges and paths are written to JSON as lists, numbers and
    strings.

    Args:
        obj: Plain data.
        file: A local path, a URL or an open text file; without one, the text is returned.
        file_format: `'json'`, `'yaml'` or `'yml'`; by default, the ending of the name.
        backend_args: Options of the fsspec file system behind the URL.
        kwargs: Options of `json.dumps` or `yaml.safe_dump`, such as `indent=2`.

    Raises:
        TypeError: `obj` holds something that is not plain data.
        ValueError: The format is unknown.
    """
    text = _handler_of(_name_of(file), file_format).render(obj, **kwargs)
    if file is None:
        return text
    if isinstance(file, str | os.PathLike):
        put_text(text, file, backend_args)
    else:
        file.write(text)
    return None


class _Handler(NamedTuple):
    parse: Callable[[str | bytes], Any]
    render: Callable[..., str]


def _render_json(obj: Any, **kwargs: Any) -> str:
    return json.dumps(obj, **{"default": _to_plain, **kwargs})


def _to_plain(value: Any) -> Any:
    if hasattr(value, "tolist"):  # NumPy arrays and scalars, torch tensors
        return value.tolist()
    if isinstance(value, AbstractSet | range):
        return list(value)
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise TypeError(f"a {type(value).__name__} is not plain data and can't be written as JSON")


def _parse_yaml(text: str | bytes) -> Any:
    return yaml.load(text, Loader=_YAML_LOADER)  # noqa: S506 (one of the two safe loaders)


def _render_yaml(obj: Any, **kwargs: Any) -> str:
    try:
        text: str = yaml.safe_dump(obj, **{"sort_keys": False, "allow_unicode": True, **kwargs})
    except yaml.representer.RepresenterError as error:
        raise TypeError(f"not plain data, so it can't be written as YAML: {error}") from error
    return text


_YAML = _Handler(_parse_yaml, _render_yaml)
_HANDLERS = {"json": _Handler(json.loads, _render_json), "yaml": _YAML, "yml": _YAML}


def _name_of(file: object) -> str | None:
    if isinstance(file, str | os.PathLike):
        return str(file)
    name = getattr(file, "name", None)
    return name if isinstance(name, str) else None


def _handler_of(name: str | None, file_format: str | None) -> _Handler:
    if file_format is None and name is None:
        raise ValueError("file_format ('json' or 'yaml') is needed where there is no file name")
    key = file_format or Path(name or "").suffix.removeprefix(".")
    if key in ("pkl", "pickle"):
        raise ValueError("pickle files are not read or written: loading one can run any code")
    if key not in _HANDLERS:
        known = ", ".join(_HANDLERS)
        raise ValueError(f"{name or 'file_format'}: unknown format {key!r}; known are {known}")
    return _HANDLERS[key]
