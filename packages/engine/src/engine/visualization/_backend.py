"""Base class of visual backends, and the names of files and keys that they write."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, SupportsFloat, TypeVar, cast

import numpy as np
import numpy.typing as npt

from engine.config import leaves
from engine.registry import needs_trust
from engine.registry.restrictions import WRITES_ELSEWHERE
from engine.utils import check_types

from ._requires import require

if TYPE_CHECKING:
    from torch import nn

    from engine.config import Config

Image = npt.NDArray[np.uint8]
F = TypeVar("F", bound=Callable[..., Any])

# What would mean another file, or none: an escape within the name itself, a slash beside
# which there is nothing, and the folders `.` and `..`.
_PATH = r"-(?=x[0-9A-F])|(?:\A|(?<=/))/|/\Z|(?:\A|(?<=/))\.(?=\.?(?:/|\Z))"
_NO_FILE = re.compile(rf'{_PATH}|[\x00-\x1f\x7f<>:"\\|?*]')
_NOT_FOR_MLFLOW = re.compile(rf"{_PATH}|[^/\w.\- ]")

# Folders to which trackers write.
_OF_TRACKERS = frozenset({".aim", ".neptune", "dvclive", "mlflow", "mlruns", "wandb"})


def force_init_env(old_func: F) -> F:
    """Let a method of a backend open the backend first, by `_init_env`, where it is not open.

    Args:
        old_func: The method.
    """

    @functools.wraps(old_func)
    def wrapper(self: BaseVisBackend, *args: Any, **kwargs: Any) -> Any:
        if not self._env_initialized:
            self._env_initialized = True  # now, so that `_init_env` may use such methods itself
            try:
                self.check_installed()
                self._init_env()
            except BaseException:
                self._env_initialized = False
                raise
        return old_func(self, *args, **kwargs)

    return cast("F", wrapper)


def each_alone(calls: Iterable[Callable[[], Any]]) -> None:
    """Do all of several things, though one of them may fail.

    Args:
        calls: The things to do.

    Raises:
        Exception: What one of them raised, after the last; a group of what several raised.
    """
    errors = []
    for call in calls:
        try:
            call()
        except Exception as error:  # noqa: BLE001  # it is raised below
            errors.append(error)
    if errors:
        raise errors[0] if len(errors) == 1 else ExceptionGroup(f"{len(errors)} failed", errors)


@needs_trust(save_dir=WRITES_ELSEWHERE)
class BaseVisBackend:
    """A place where the images and numbers of a run go.

    A backend implements what its place can hold; the rest is left out. What it writes to is opened
    by `_init_env`, at the first use of a method that `force_init_env` decorates, and let go of by
    `_end`; it can be opened again. One that sets `run_id` goes on in the same run of its tracker
    then, and so does that of a run which is resumed.

    Args:
        save_dir: The folder of what is kept locally.
    """

    close_timeout: ClassVar[float] = 120.0
    """How long the visualizer waits at the end for what is pending, in seconds."""

    requires: ClassVar[tuple[str, str] | None] = None
    """The package that the backend needs, and the extra of engine that brings it."""

    @check_types
    def __init__(self, save_dir: str | os.PathLike[str]) -> None:
        self.save_dir: str = os.fspath(save_dir)
        self.run_id: str | None = None
        self._env_initialized = False

    def check_installed(self) -> None:
        """Check that what the backend needs is installed.

        Raises:
            ImportError: If it is not; it says what to install.
        """
        if self.requires is not None:
            require(*self.requires, type(self).__name__)

    @property
    def experiment(self) -> Any:
        """The object of the library behind, for what this interface does not offer."""
        return self

    def add_config(self, config: Config, **kwargs: Any) -> None:
        """Keep the config of the run.

        Args:
            config: The config.
            kwargs: What the backend offers beyond.
        """

    def add_graph(self, model: nn.Module, data_batch: Sequence[Any] | None, **kwargs: Any) -> None:
        """Keep the structure of a model, or watch it.

        Args:
            model: The model.
            data_batch: What it is called with.
            kwargs: What the backend offers beyond.
        """

    def add_image(self, name: str, image: Image, step: int = 0, **kwargs: Any) -> None:
        """Keep an image.

        Args:
            name: The name of the image.
            image: RGB of shape (H, W, 3).
            step: The time to which it belongs.
            kwargs: What the backend offers beyond.
        """

    def add_scalar(self, name: str, value: SupportsFloat, step: int = 0, **kwargs: Any) -> None:
        """Keep a number.

        Args:
            name: The name of the number.
            value: The number; an array or tensor of one element will do.
            step: The time to which it belongs.
            kwargs: What the backend offers beyond.
        """

    def add_scalars(
        self,
        scalar_dict: Mapping[str, SupportsFloat],
        step: int = 0,
        file_path: str | None = None,
        **kwargs: Any,
    ) -> None:
        """Keep several numbers; one that fails is no loss to the others.

        Args:
            scalar_dict: Names and numbers.
            step: The time to which they belong.
            file_path: A file to write them to as well, where the backend writes files.
            kwargs: What the backend offers beyond.
        """
        each_alone(
            functools.partial(self.add_scalar, name, value, step, **kwargs)
            for name, value in scalar_dict.items()
        )

    def close(self) -> None:
        """Finish what is pending; a later use opens the backend again."""
        if self._env_initialized:
            self._env_initialized = False
            self._end()

    def state_dict(self) -> dict[str, str]:
        """Return what a resumed run needs to go on in the same run of the tracker."""
        if self.run_id is None:
            return {}
        return {"run_id": self.run_id, "start": Path(self.save_dir).resolve().parent.name}

    def load_state_dict(self, state_dict: Mapping[str, str]) -> None:
        """Go on in the run of the tracker that `state_dict` names.

        The folder of the start that began it, beside that of this start, is used again where it is
        still there.

        Args:
            state_dict: What `state_dict` returned.

        Raises:
            RuntimeError: If the backend is open already.
        """
        if self._env_initialized:
            raise RuntimeError("it was used before the run was resumed, and is a run of its own")
        self.run_id = state_dict["run_id"]
        own = Path(self.save_dir).resolve()
        starts = own.parent.parent
        earlier = (starts / state_dict["start"] / own.name).resolve()
        if earlier.is_dir() and earlier.parent.parent == starts:
            self.save_dir = str(earlier)

    def _init_env(self) -> None:
        """Open what the backend writes to."""

    def _end(self) -> None:
        """Finish what is pending, and let go of what was opened."""


def parameters(config: Config, keys: Collection[str] | None = None) -> dict[str, Any]:
    """Return the values of a config by their paths, `model.depth` and the like.

    Args:
        config: The config.
        keys: The keys of the top level that count; None means all.
    """
    plain = config.to_dict()
    return dict(leaves({key: plain[key] for key in plain if keys is None or key in keys}))


def files_of_run(
    config: Config | None, save_dir: str, suffix: str | Sequence[str]
) -> Iterator[tuple[Path, str]]:
    """Iterate over the files of a run that a tracker keeps; what trackers wrote is none of them.

    Args:
        config: The config of the run, which names its work directory.
        save_dir: The folder that counts where there is no config, or none with a `work_dir`.
        suffix: How their names end.

    Yields:
        A file, and in which folder of the run it is, with slashes; empty for the run's own.
    """
    root = Path(save_dir if config is None else config.get("work_dir", save_dir)).absolute()
    ends = (suffix,) if isinstance(suffix, str) else tuple(suffix)
    for folder, names, files in os.walk(root):
        names[:] = sorted(set(names) - _OF_TRACKERS)
        inside = Path(folder).relative_to(root).as_posix()
        for name in sorted(files):
            if name.endswith(ends):
                yield Path(folder, name), "" if inside == "." else inside


def as_file_name(name: str) -> str:
    """Return a name as that of a file below a folder, in which slashes make further folders.

    What can't stand in one is written as its code point, `-x3F-` for a question mark, so that
    different names stay different.
    """
    return _NO_FILE.sub(_escape, name)


def as_mlflow_name(name: str) -> str:
    """Return a name as MLflow takes it, escaped as that of a file: letters, digits and `_-./ `."""
    return _NOT_FOR_MLFLOW.sub(_escape, name)


def _escape(found: re.Match[str]) -> str:
    return f"-x{ord(found[0]):X}-"
