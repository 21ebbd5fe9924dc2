"""Paths and URLs of config files."""

from __future__ import annotations

import os
import posixpath
from importlib.util import find_spec
from pathlib import Path

from engine.utils import close_matches, decode_text, is_url

from ._errors import ConfigError, ConfigNotFoundError

SUFFIXES = (".py", ".yaml", ".yml", ".json", ".toml")
_FOLDERS = ("configs", ".mim/configs")  # in which a package ships configs; the second by `mim`


def locate(name: str | Path, beside: str = "") -> str:
    """Return the path or URL of a config.

    Args:
        name: A path, a URL such as `s3://bucket/x.yaml`, or `package::path` for a config that an
            installed package ships in its folder `configs`, or else in `.mim/configs`.
        beside: The path or URL of the config that names it; a relative path starts at its folder.

    Raises:
        ConfigNotFoundError: If there is no such file or package; it names similar ones.
    """
    given = os.fspath(name)
    package, colons, rest = given.partition("::")
    if is_url(given):
        return given
    if colons:
        return str(_locate_shipped(package, rest))
    if is_url(beside):
        scheme, _, rest = beside.partition("://")
        return f"{scheme}://{posixpath.normpath(posixpath.join(posixpath.dirname(rest), given))}"
    path = Path(beside).parent / Path(given).expanduser()
    if not path.is_file():
        folder = path.parent
        files = folder.iterdir() if folder.is_dir() else ()
        names = [file.name for file in files if file.is_file()]
        raise ConfigNotFoundError(f"there is no config file {path}{_hint(path.name, names)}")
    return str(path)


def resolve(location: str) -> str:
    """Return the absolute path of a file with its links resolved, or the URL."""
    return location if is_url(location) else str(Path(location).resolve())


def read_text(location: str) -> str:
    """Return the text of a config.

    Raises:
        ConfigNotFoundError: If there is no such file.
        ConfigError: If it can't be read, or is no text.
    """
    try:
        if is_url(location):
            from engine.fileio import get_text  # deferred: most configs are local

            return get_text(location)
        return decode_text(Path(location).read_bytes(), location)
    except FileNotFoundError:
        raise ConfigNotFoundError(f"there is no config file {location}") from None
    except (OSError, ImportError, ValueError) as error:  # of a file, a protocol, an encoding
        message = str(error)  # which names a URL already
        raise ConfigError(
            message if message.startswith(location) else f"{location} can't be read: {message}"
        ) from error


def package_folder(package: str) -> str | None:
    """Return the folder of an installed package, without importing it."""
    try:
        spec = find_spec(package) if package.isidentifier() else None
    except ValueError:  # of a module that was made without a file
        return None
    return spec.submodule_search_locations[0] if spec and spec.submodule_search_locations else None


def _locate_shipped(package: str, name: str) -> Path:
    home = package_folder(package)
    if home is None:
        raise ConfigNotFoundError(
            f"{package}::{name}: the package {package!r} is not installed. "
            f"Install it: pip install {package}"
        )
    for folder in _FOLDERS:
        path = Path(home, folder, name)
        if path.is_file():
            return path
    hint = _hint(name, _configs_in(home), prefix=f"{package}::")
    raise ConfigNotFoundError(f"{package} ships no config {name!r}{hint}")


def shipped_configs(package: str) -> list[str]:
    """Return the configs that an installed package ships, without those that are only bases.

    Args:
        package: The name of the package, which is not imported.

    Returns:
        Their names, `package::file`, in alphabetical order.
    """
    home = package_folder(package)
    names = [] if home is None else _configs_in(home)
    whole = [name for name in names if not any(part.startswith("_") for part in name.split("/"))]
    return [f"{package}::{name}" for name in sorted(whole)]


def _configs_in(home: str) -> list[str]:
    """Return the configs in the folders of a package; one in the first hides its namesakes."""
    names: dict[str, None] = {}
    for folder in (Path(home, each) for each in _FOLDERS):
        files = (file for file in folder.rglob("*") if file.suffix in SUFFIXES)
        names |= dict.fromkeys(file.relative_to(folder).as_posix() for file in files)
    return [*names]


def _hint(name: str, names: list[str], prefix: str = "") -> str:
    matches = close_matches(name, [each for each in names if each.endswith(SUFFIXES)])
    return f"; did you mean {' or '.join(prefix + match for match in matches)}?" if matches else ""
