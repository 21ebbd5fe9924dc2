"""Handlers of file formats: JSON, YAML, pickle and custom ones."""

from __future__ import annotations

import io
import json
import os
import pickle
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO, Any, ClassVar, Literal, TypeVar

import yaml

from engine.utils import decode_text

from ._atomic import atomic_write
from ._backend import PathLike

H = TypeVar("H", bound="type[BaseFileHandler]")

# The parser in C gives the same values ten times faster, where PyYAML was built with it.
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_SafeLoader):  # type: ignore[misc]  # one of two classes
    """Reads plain data, `1e-3` as a number."""


class _Dumper(yaml.SafeDumper):
    """Writes plain data so that `_Loader` reads it again: the text `1e-3` in quotes."""


_NUMBER = re.compile(r"[-+]?(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9_]+)[eE][-+]?[0-9]+$")
for _each in (_Loader, _Dumper):
    _each.add_implicit_resolver("tag:yaml.org,2002:float", _NUMBER, list("-+.0123456789"))


class BaseFileHandler(ABC):
    """A format of files.

    Attributes:
        str_like: Whether the format is text; if not, it is bytes.
        is_data: Whether reading such a file can't run code, even one by an attacker. If it can,
            `load` reads it only with `allow_pickle=True`.
    """

    str_like: ClassVar[bool] = True
    is_data: ClassVar[bool] = True

    @abstractmethod
    def load_from_fileobj(self, file: IO[Any], **kwargs: Any) -> Any:
        """Read a value from an open file.

        Args:
            file: The file.
            **kwargs: Options of the format.

        Raises:
            ValueError: The content is malformed.
        """

    @abstractmethod
    def dump_to_fileobj(self, obj: Any, file: IO[Any], **kwargs: Any) -> None:
        """Write a value to an open file.

        Args:
            obj: The value.
            file: The file.
            **kwargs: Options of the format.
        """

    @abstractmethod
    def dump_to_str(self, obj: Any, **kwargs: Any) -> str | bytes:
        """Return the content of a file with a value: text, or bytes if not `str_like`.

        Args:
            obj: The value.
            **kwargs: Options of the format.
        """

    def load_from_path(self, filepath: PathLike, mode: str = "r", **kwargs: Any) -> Any:
        """Read a value from a local file.

        Args:
            filepath: The file.
            mode: How it is opened: `'r'` for text in UTF-8, `'rb'` for bytes.
            **kwargs: Options of the format.

        Raises:
            ValueError: The content is malformed.
        """
        content = Path(filepath).read_bytes()
        file: IO[Any] = io.BytesIO(content)
        if "b" not in mode:
            file = io.StringIO(decode_text(content, filepath), newline="")
        return self.load_from_fileobj(file, **kwargs)

    def dump_to_path(
        self, obj: Any, filepath: PathLike, mode: Literal["w", "wb"] = "w", **kwargs: Any
    ) -> None:
        """Write a value to a local file, which is replaced in one step.

        Args:
            obj: The value.
            filepath: The file.
            mode: How it is opened: `'w'` for text in UTF-8, `'wb'` for bytes.
            **kwargs: Options of the format.
        """
        with atomic_write(filepath, mode) as file:
            self.dump_to_fileobj(obj, file, **kwargs)


class JsonHandler(BaseFileHandler):
    """JSON, read by `msgspec` where it is installed, and else by Python's `json`.

    NumPy and torch values, sets, ranges and paths are written as lists, numbers and strings.
    """

    def load_from_fileobj(self, file: IO[Any], **kwargs: Any) -> Any:
        """Read a value from an open file; `kwargs` are those of `json.load`."""
        content = file.read()  # of a file that the caller opened, with or without a byte order mark
        text = content.removeprefix("\ufeff") if isinstance(content, str) else content
        decode = None if kwargs else _fast_decoder()
        if decode is not None:
            with suppress(ValueError):  # `json` reads more, such as NaN, and its errors have a line
                return decode(text)
        return json.loads(text, **kwargs)

    def dump_to_fileobj(self, obj: Any, file: IO[Any], **kwargs: Any) -> None:
        """Write a value to an open file; `kwargs` are those of `json.dumps`."""
        file.write(self.dump_to_str(obj, **kwargs))

    def dump_to_str(self, obj: Any, **kwargs: Any) -> str:
        """Return a value as text; `kwargs` are those of `json.dumps`."""
        return json.dumps(obj, **{"default": _to_plain, **kwargs})


@cache
def _fast_decoder() -> Callable[[str | bytes], Any] | None:
    """Return a function that gives what `json.loads` gives, or a ValueError, in half the time."""
    try:
        from msgspec.json import decode
    except ModuleNotFoundError:
        return None
    return decode


class YamlHandler(BaseFileHandler):
    """YAML without tags, by PyYAML's safe loader and dumper; `1e-3` is a number, as in YAML 1.2."""

    def load_from_fileobj(self, file: IO[Any], **kwargs: Any) -> Any:
        """Read a value from an open file; there are no options."""
        if kwargs:
            raise TypeError(f"YAML has no options for reading; got {', '.join(kwargs)}")
        try:
            return yaml.load(file, Loader=_Loader)  # noqa: S506 (a safe loader)
        except yaml.YAMLError as error:
            raise ValueError(str(error)) from error

    def dump_to_fileobj(self, obj: Any, file: IO[Any], **kwargs: Any) -> None:
        """Write a value to an open file; `kwargs` are those of `yaml.safe_dump`."""
        file.write(self.dump_to_str(obj, **kwargs))

    def dump_to_str(self, obj: Any, **kwargs: Any) -> str:
        """Return a value as text; `kwargs` are those of `yaml.safe_dump`."""
        try:
            options = {"sort_keys": False, "allow_unicode": True, **kwargs}
            text: str = yaml.dump(obj, Dumper=_Dumper, **options)
        except yaml.representer.RepresenterError as error:
            raise TypeError(f"not plain data, so it can't be written as YAML: {error}") from error
        return text


class PickleHandler(BaseFileHandler):
    """Python's pickle, whose reading can run any code that the writer wanted.

    `load` reads one by `load_plain`, which can't, unless it gets `allow_pickle=True`.
    """

    str_like = False
    is_data = False

    def load_from_fileobj(self, file: IO[Any], **kwargs: Any) -> Any:
        """Read a value from an open file; `kwargs` are those of `pickle.load`."""
        try:
            return pickle.load(file, **kwargs)  # noqa: S301 (`load` asks for the user's word)
        except (pickle.UnpicklingError, EOFError) as error:
            raise ValueError(str(error)) from error

    def load_plain(self, file: IO[bytes], **kwargs: Any) -> Any:
        """Read plain data and NumPy arrays from an open file, and nothing else.

        Args:
            file: The file.
            **kwargs: `encoding` and `errors` of `pickle.load`.

        Raises:
            NotPlainError: If anything else is in it.
            ValueError: If it is malformed.
        """
        from ._plain_pickle import read_plain_pickle  # deferred: it needs NumPy

        return read_plain_pickle(file.read(), **kwargs)

    def load_from_path(self, filepath: PathLike, mode: str = "rb", **kwargs: Any) -> Any:
        """Read a value from a local file; `kwargs` are those of `pickle.load`."""
        return super().load_from_path(filepath, mode, **kwargs)

    def dump_to_fileobj(self, obj: Any, file: IO[Any], **kwargs: Any) -> None:
        """Write a value to an open file; `kwargs` are those of `pickle.dump`."""
        pickle.dump(obj, file, **kwargs)

    def dump_to_str(self, obj: Any, **kwargs: Any) -> bytes:
        """Return a value as bytes; `kwargs` are those of `pickle.dumps`."""
        return pickle.dumps(obj, **kwargs)

    def dump_to_path(
        self, obj: Any, filepath: PathLike, mode: Literal["w", "wb"] = "wb", **kwargs: Any
    ) -> None:
        """Write a value to a local file; `kwargs` are those of `pickle.dump`."""
        super().dump_to_path(obj, filepath, mode, **kwargs)


HANDLERS: dict[str, BaseFileHandler] = {
    "json": JsonHandler(),
    "yaml": YamlHandler(),
    "yml": YamlHandler(),
    "pickle": PickleHandler(),
    "pkl": PickleHandler(),
}


def register_handler(
    file_formats: str | Sequence[str], force: bool = False, **kwargs: Any
) -> Callable[[H], H]:
    """Return a decorator that registers the class of a format.

    Args:
        file_formats: The suffixes of such files, one or several, without the dot.
        force: Whether it may replace the owner of a suffix.
        **kwargs: Arguments of the class.

    Raises:
        TypeError: The class is no subclass of `BaseFileHandler`.
        ValueError: A suffix is taken already.
    """
    formats = [file_formats] if isinstance(file_formats, str) else list(file_formats)

    def register(cls: H) -> H:
        if not (isinstance(cls, type) and issubclass(cls, BaseFileHandler)):
            raise TypeError(f"a handler must be a subclass of BaseFileHandler; got {cls!r}")
        for each in formats:
            if each in HANDLERS and not force:
                owner = type(HANDLERS[each]).__name__
                raise ValueError(f"{each!r} belongs to {owner} already; force=True replaces it")
        HANDLERS.update(dict.fromkeys(formats, cls(**kwargs)))
        return cls

    return register


def _to_plain(value: Any) -> Any:
    if hasattr(value, "tolist"):  # NumPy arrays and scalars, torch tensors
        return value.tolist()
    if isinstance(value, AbstractSet | range):
        return list(value)
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise TypeError(f"a {type(value).__name__} is not plain data and can't be written as JSON")
