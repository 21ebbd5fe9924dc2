"""Checkpoint loaders by URL scheme."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar, TypeVar, overload

import torch

from engine.utils import is_url

from ._file import CheckpointError, CheckpointNotFoundError, Location
from ._read import is_checkpoint, read_checkpoint

Loader = Callable[[str, Location], dict[str, Any]]
L = TypeVar("L", bound=Loader)


class CheckpointLoader:
    """Reads checkpoints; what is in front of `://` in a name may decide how.

    `https://` and `http://` are downloaded once, into a folder for the URL in torch's cache;
    `torchvision://resnet18` names the weights that torchvision has for a model. All other names are
    read by `read_checkpoint`.
    """

    _schemes: ClassVar[dict[str, Loader]] = {}

    @overload
    @classmethod
    def register_scheme(
        cls, prefixes: str | Sequence[str], loader: None = None, force: bool = False
    ) -> Callable[[L], L]: ...

    @overload
    @classmethod
    def register_scheme(
        cls, prefixes: str | Sequence[str], loader: L, force: bool = False
    ) -> L: ...

    @classmethod
    def register_scheme(
        cls, prefixes: str | Sequence[str], loader: L | None = None, force: bool = False
    ) -> L | Callable[[L], L]:
        """Let a function read the checkpoints whose names begin in a certain way.

        Args:
            prefixes: How they begin; of several that fit, the longest counts.
            loader: A function of the name and the device that returns the checkpoint; None makes
                this a decorator.
            force: Whether a prefix may be taken from another function.

        Raises:
            KeyError: If a prefix is taken, and `force` is not set.
        """
        if loader is None:
            return lambda given: cls.register_scheme(prefixes, given, force)
        for prefix in [prefixes] if isinstance(prefixes, str) else prefixes:
            if prefix in cls._schemes and not force:
                raise KeyError(f"{prefix!r} is registered already; force=True replaces its loader")
            cls._schemes[prefix] = loader
        return loader

    @classmethod
    def knows(cls, name: str) -> bool:
        """Return whether a function was registered for names that begin so."""
        return any(name.startswith(prefix) for prefix in cls._schemes)

    @classmethod
    def load_checkpoint(
        cls,
        filename: str | Path,
        map_location: Location = None,
        logger: logging.Logger | str | None = "current",
        mmap: bool = False,
    ) -> dict[str, Any]:
        """Return what a checkpoint holds; nothing in it is executed.

        Args:
            filename: Its name.
            map_location: The device to which its tensors go; None means that where they were saved.
            logger: Not used: what is wrong is an error, and all else is not worth a line.
            mmap: As in `read_checkpoint`, by which a name without such a beginning is read.

        Raises:
            CheckpointError: If it can't be read.
        """
        name = os.fspath(filename)
        fitting = [prefix for prefix in cls._schemes if name.startswith(prefix)]
        if fitting:
            return cls._schemes[max(fitting, key=len)](name, map_location)
        return read_checkpoint(name, map_location, mmap=mmap)


def check_exists(filename: str | Path) -> None:
    """Check that a checkpoint is there, before anything that takes time; URLs are not looked at.

    Args:
        filename: Its name, as in `CheckpointLoader.load_checkpoint`.

    Raises:
        CheckpointNotFoundError: If there is no such local file or folder.
    """
    name = os.fspath(filename)
    if not (is_url(name) or CheckpointLoader.knows(name) or is_checkpoint(name)):
        why = ", and this folder has no manifest.json" if Path(name).is_dir() else ""
        raise CheckpointNotFoundError(f"there is no checkpoint {name}{why}")


@CheckpointLoader.register_scheme(("http://", "https://"))
def _download(url: str, map_location: Location) -> dict[str, Any]:
    # Not where torch looks for the files of others, which it would take for what it downloaded
    # itself, and unpickle: two URLs may end in one name.
    folder = _cache() / hashlib.sha256(url.encode()).hexdigest()[:16]
    return _read_once(url, folder, map_location)


def _cache() -> Path:
    return Path(torch.hub.get_dir()) / "checkpoints"


def _read_once(url: str, folder: Path, map_location: Location) -> dict[str, Any]:
    file = folder / url.partition("?")[0].rpartition("/")[2]
    if not file.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        try:
            torch.hub.download_url_to_file(url, str(file), progress=False)
        except OSError as error:
            raise CheckpointError(f"{url} could not be downloaded: {error}") from error
    return read_checkpoint(file, map_location)


@CheckpointLoader.register_scheme("torchvision://")
def _of_torchvision(name: str, map_location: Location) -> dict[str, Any]:
    from engine.utils import did_you_mean

    model = name.removeprefix("torchvision://")
    known = get_torchvision_models()
    if model not in known:
        hint = did_you_mean(model, known)
        raise CheckpointError(f"torchvision has no weights for {model!r}{hint}")
    return _read_once(known[model], _cache(), map_location)


def get_torchvision_models() -> dict[str, str]:
    """Return the URLs of torchvision's weights, by the name of the model and that of the weights.

    Raises:
        ImportError: If torchvision is missing.
    """
    try:
        from torchvision.models import get_model_weights, list_models
    except ImportError as error:
        raise ImportError(
            "the weights of torchvision need it: pip install 'engine[torchvision]'"
        ) from error
    urls: dict[str, str] = {}
    for model in list_models():
        for weights in get_model_weights(model):
            urls.setdefault(model, weights.url)
            urls[f"{type(weights).__name__}.{weights.name}"] = weights.url
    return urls
