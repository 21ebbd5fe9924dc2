"""Classes of the data of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def classes_of(loader: Any) -> Sequence[str] | None:
    """Return the classes in the metainfo of a loader's dataset, or None if it has no such list."""
    return _classes(getattr(getattr(loader, "dataset", None), "metainfo", None))


def classes_in(checkpoint: Mapping[str, Any]) -> Sequence[str] | None:
    """Return the classes that a checkpoint was trained on, or None if it does not say them."""
    meta = checkpoint.get("meta")
    return _classes(meta.get("dataset_meta")) if isinstance(meta, Mapping) else None


def _classes(metainfo: Any) -> Sequence[str] | None:
    classes = metainfo.get("classes") if isinstance(metainfo, Mapping) else None
    is_list = isinstance(classes, Sequence) and not isinstance(classes, str)
    return classes if is_list and classes else None
