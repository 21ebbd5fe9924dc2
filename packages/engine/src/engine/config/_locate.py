"""From what a user names to the file of a config."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from engine.utils import near

from ._errors import ConfigNotFoundError

SUFFIXES = (".py", ".yaml", ".yml", ".json")


def locate(name: str | Path, relative_to: Path | None = None) -> Path:
    """Return the file that `name` means.

    Args:
        name: A path, or `package::path` for a config that an installed package ships in its
            folder `configs`.
        relative_to: The folder from which a relative path counts; None means the present one.

    Raises:
        ConfigNotFoundError: If there is no such file or package; it names near ones.
    """
    package, colons, rest = str(name).partition("::")
    if colons:
        return _shipped(package, rest)
    path = (relative_to or Path()) / Path(name).expanduser()
    if not path.is_file():
        folder = path.parent
        names = [file.name for file in folder.iterdir()] if folder.is_dir() else []
        raise ConfigNotFoundError(f"there is no config file {path}{_hint(path.name, names)}")
    return path


def _shipped(package: str, name: str) -> Path:
    spec = find_spec(package) if package.isidentifier() else None
    if spec is None or not spec.submodule_search_locations:
        raise ConfigNotFoundError(
            f"{package}::{name}: the package {package!r} is not installed. "
            f"Install it: pip install {package}"
        )
    folder = Path(spec.submodule_search_locations[0]) / "configs"
    path = folder / name
    if not path.is_file():
        shipped = [
            file.relative_to(folder).as_posix()
            for file in folder.rglob("*")
            if file.suffix in SUFFIXES
        ]
        raise ConfigNotFoundError(
            f"{package} ships no config {name!r}{_hint(name, shipped, prefix=f'{package}::')}"
        )
    return path


def _hint(name: str, names: list[str], prefix: str = "") -> str:
    matches = near(name, [each for each in names if each.endswith(SUFFIXES)])
    return f"; did you mean {' or '.join(prefix + match for match in matches)}?" if matches else ""
