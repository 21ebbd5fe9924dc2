"""A library from the templates of this package."""

from __future__ import annotations

import json
import keyword
import re
import shutil
import sys
import tempfile
from importlib.resources import files
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from pathlib import Path
from string import Template

from packaging.version import Version

from engine import __version__
from engine.registry import announced_scopes

_SUFFIX = ".template"
_NAME = "__name__"  # in the name of a file or folder


def write_library(
    name: str,
    folder: str | Path = ".",
    description: str = "Parts for engine.",
    author: str | None = None,
) -> Path:
    """Write a library whose tests pass.

    Args:
        name: The name of the package, which is that of the scope and of the distribution as well.
        folder: Where the folder of the library is made.
        description: What it is, in one line.
        author: Who made it.

    Returns:
        The folder of the library.

    Raises:
        ValueError: If the name is no name of a package, or is taken; if a text has several lines.
        OSError: If the folder is there already, or can't be written.
    """
    _check_name(name)
    for what, text in (("description", description), ("author", author or "")):
        if not text.isprintable():
            raise ValueError(f"the {what} is one line of text; got {text!r}")
    target = Path(folder) / name
    if target.exists():
        raise FileExistsError(f"{target} is there already, and nothing is overwritten")
    version = Version(__version__)
    facts = {
        "name": name,
        "description": description,
        "description_text": json.dumps(description),
        "authors": f"authors = [{{ name = {json.dumps(author)} }}]\n" if author else "",
        "requires": f"engine>={version.major}.{version.minor},<{version.major}.{version.minor + 1}",
    }
    Path(folder).mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=folder))
    try:
        _fill(files("engine.cli") / "templates" / "library", partial, facts)
        partial.chmod(0o755)
        partial.rename(target)
    except BaseException:
        shutil.rmtree(partial)
        raise
    return target


def _check_name(name: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise ValueError(
            f"{name!r} is no name of a package: small letters, digits and _, such as my_models"
        )
    is_known = name in sys.stdlib_module_names or name in {"engine", *announced_scopes()}
    if is_known or find_spec(name) is not None:
        raise ValueError(f"there is a package {name!r} already; choose another name")


def _fill(source: Traversable, target: Path, facts: dict[str, str]) -> None:
    """Write the files of a folder of templates."""
    target.mkdir(exist_ok=True)
    for each in source.iterdir():
        path = target / each.name.replace(_NAME, facts["name"]).removesuffix(_SUFFIX)
        if each.is_dir():
            _fill(each, path, facts)
        elif each.name.endswith(_SUFFIX):
            path.write_text(Template(each.read_text("utf-8")).substitute(facts), "utf-8")
