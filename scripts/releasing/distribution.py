"""The files of a release: a source distribution, a wheel and a bill of materials."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from .programs import ReleaseError, run, uv
from .workspace import Library

BILL = "sbom.cdx.json"


def lock(root: Path) -> None:
    """Write the versions of the libraries into the lock, and choose no others."""
    run(sys.executable, root / "scripts" / "lock", "--exclude-newer", "false", folder=root, UV=uv())


def write_bill(library: Library) -> None:
    """Write what a library needs, in the versions of the lock, as CycloneDX.

    The wheel takes it into its metadata (PEP 770). It is committed, so that whoever builds a tag
    has the same wheel.
    """
    options = ("--quiet", "--frozen", "--no-dev", "--format", "cyclonedx1.5")
    exported = run(uv(), "export", "--package", library.name, *options, folder=library.folder)
    bill = json.loads(exported)
    for component in (bill["metadata"]["component"], *bill["components"]):
        component.pop("externalReferences", None)  # which name the index; uv.lock has the hashes
        component.setdefault("purl", f"pkg:pypi/{component['name']}@{component['version']}")
    text = json.dumps(bill, indent=1)
    (library.folder / BILL).write_text(f"{text}\n", encoding="utf-8")


def build(name: str, roots: Sequence[Path], out: Path) -> list[Path]:
    """Build a library in work trees of one commit, and check that the files are equal.

    Args:
        name: The name of the library.
        roots: The work trees, in different folders.
        out: Where the files are put, in a folder for each work tree.

    Returns:
        The wheel and the source distribution.
    """
    built = [_build(name, root, out / str(number)) for number, root in enumerate(roots)]
    for one, *others in zip(*built, strict=True):
        if any(other.read_bytes() != one.read_bytes() for other in others):
            raise ReleaseError(f"{one.name} has other bytes when it is built in another folder")
    return built[0]


def build_wheel(name: str, root: Path, out: Path) -> Path:
    """Build the wheel of a library alone."""
    return _build(name, root, out, "--wheel")[0]


def _build(name: str, root: Path, out: Path, *options: str) -> list[Path]:
    """Build with what the lock has hashes of."""
    out.mkdir(parents=True)
    tools = out / "build.txt"
    run(uv(), "export", "--frozen", "--only-group", "build", "-o", tools, folder=root)
    hashed = ("--require-hashes", "--build-constraints", str(tools))
    put = ("--no-create-gitignore", "--out-dir", str(out))
    time = run("git", "show", "--no-patch", "--format=%ct", folder=root).strip()
    run(
        *(uv(), "build", "--package", name, *options, *hashed, *put),
        folder=root,
        SOURCE_DATE_EPOCH=time,
    )
    tools.unlink()
    return sorted(out.iterdir())
