"""Check of the files that a run's config names."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.checkpoint import CheckpointError, check_exists
from engine.fileio import join_path
from engine.utils import is_url

from .run_table import LOADERS


def missing_files(cfg: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what a config names and what is not there: local checkpoints and annotation files.

    Args:
        cfg: The config of a run.

    Yields:
        Dotted keys, and what to say of each.
    """
    for key in ("load_from", "resume"):
        if isinstance(cfg.get(key), str):
            yield from _missing_checkpoint(key, cfg[key])
    for key, part in _parts(cfg.get("model"), "model"):
        if str(part.get("type")).rpartition(".")[2] in ("Pretrained", "PretrainedInit"):
            yield from _missing_checkpoint(f"{key}.checkpoint", part.get("checkpoint"))
    yield from missing_annotations(cfg, LOADERS)


def missing_annotations(
    cfg: Mapping[str, Any], loaders: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Yield the annotation files of some data loaders that are not there; see `missing_files`."""
    for loader in loaders:
        for key, part in _parts(cfg.get(loader), loader):
            name = part.get("ann_file")
            if isinstance(name, str) and name and not _is_there(name, part):
                root = part.get("data_root")
                where = f" in {root}" if root and not os.path.isabs(name) else ""
                yield f"{key}.ann_file", f"there is no annotation file {name}{where}"


def missing_folders(cfg: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the local folders of data that are not there, by the dotted key that names each.

    Args:
        cfg: The config of a run.
    """
    for loader in LOADERS:
        for key, part in _parts(cfg.get(loader), loader):
            root, prefixes = part.get("data_root"), part.get("data_prefix")
            if "backend_args" in part or is_url(str(root)):
                continue
            if isinstance(root, str) and root and not Path(root).is_dir():
                yield f"{key}.data_root", f"there is no folder {root}"
                continue
            for name, prefix in prefixes.items() if isinstance(prefixes, Mapping) else ():
                if isinstance(prefix, str) and prefix and not is_url(prefix):
                    folder = join_path(str(root or ""), prefix)
                    if not Path(folder).exists() and not _is_start_of_names(folder):
                        yield f"{key}.data_prefix.{name}", f"there is no folder {folder}"


def _is_start_of_names(prefix: str) -> bool:
    """Return whether files begin with a prefix that is no folder: `images/left_`."""
    folder, name = os.path.split(prefix)
    return bool(name) and any(Path(folder or ".").glob(f"{glob.escape(name)}*"))


def _missing_checkpoint(key: str, name: object) -> Iterator[tuple[str, str]]:
    if isinstance(name, str):
        try:
            check_exists(name)
        except CheckpointError as error:
            yield key, str(error)


def _is_there(name: str, part: Mapping[str, Any]) -> bool:
    """Return whether an annotation file is there, or is for others to look for.

    Args:
        name: Its name.
        part: The config of the dataset, which may say below which folder it is.
    """
    prefixes = part.get("data_prefix")
    below = [*prefixes.values()] if isinstance(prefixes, Mapping) else []
    roots = [part.get("data_root"), *below]
    if "backend_args" in part or any(is_url(each) for each in (name, *map(str, roots))):
        return True
    folder = str(part.get("data_root") or "")
    names = [name, join_path(folder, name)]
    names += [join_path(folder, each, name) for each in below if isinstance(each, str)]
    return any(Path(each).exists() for each in names)


def _parts(value: Any, key: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield all dictionaries in a value, by their dotted keys."""
    if isinstance(value, Mapping):
        yield key, value
        for name, each in value.items():
            yield from _parts(each, f"{key}.{name}")
    elif isinstance(value, (list, tuple)):
        for index, each in enumerate(value):
            yield from _parts(each, f"{key}.{index}")
