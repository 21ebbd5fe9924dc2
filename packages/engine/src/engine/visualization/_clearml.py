"""ClearML backend."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, SupportsFloat

from engine.registry import VISBACKENDS, needs_trust
from engine.utils import check_types

from ._backend import BaseVisBackend, Image, files_of_run, force_init_env

if TYPE_CHECKING:
    from engine.config import Config


@VISBACKENDS.register_module()
@needs_trust(type="a tracker starts programs and opens connections")
class ClearMLVisBackend(BaseVisBackend):
    """Keeps images, numbers and files in a task of ClearML.

    Args:
        save_dir: The folder whose files are kept where the config names no `work_dir`; None means
            the current one.
        init_kwargs: Arguments of `clearml.Task.init`, such as `project_name`, which is `engine` if
            it is not said.
        artifact_suffix: How the names of the files end that are kept at the end, of those in the
            work directory.
    """

    requires: ClassVar[tuple[str, str] | None] = ("clearml", "clearml")

    @check_types
    def __init__(
        self,
        save_dir: str | os.PathLike[str] | None = None,
        init_kwargs: Mapping[str, Any] | None = None,
        artifact_suffix: Sequence[str] | str = (".py", ".pth"),
    ) -> None:
        super().__init__(save_dir or os.curdir)
        self._init_kwargs = dict(init_kwargs or {})
        self._artifact_suffix = artifact_suffix
        self._config: Config | None = None

    def _init_env(self) -> None:
        from clearml import Task  # deferred: it is slow to import

        same_task: dict[str, Any] = {"reuse_last_task_id": False}
        if self.run_id is not None:  # 0: what ClearML would otherwise add to our steps
            same_task = {"reuse_last_task_id": self.run_id, "continue_last_task": 0}
        self._task = Task.init(**{"project_name": "engine", **same_task, **self._init_kwargs})
        self._logger = self._task.get_logger()
        self.run_id: str | None = self._task.id

    @property
    @force_init_env
    def experiment(self) -> Any:
        """The `clearml.Task`."""
        return self._task

    def add_config(self, config: Config, **kwargs: Any) -> None:
        """Keep the text of the config.

        Args:
            config: The config.
            kwargs: Not used.
        """
        self._config = config
        self.experiment.set_configuration_object("config", config_text=config.pretty_text)

    @force_init_env
    def add_image(self, name: str, image: Image, step: int = 0, **kwargs: Any) -> None:
        """Keep an image.

        Args:
            name: The name of the image.
            image: RGB of shape (H, W, 3).
            step: The time to which it belongs.
            kwargs: Not used.
        """
        self._logger.report_image(name, name, iteration=step, image=image)

    @force_init_env
    def add_scalar(self, name: str, value: SupportsFloat, step: int = 0, **kwargs: Any) -> None:
        """Keep a number.

        Args:
            name: The name of the number.
            value: The number.
            step: The time to which it belongs.
            kwargs: Not used.
        """
        self._logger.report_scalar(name, name, value=float(value), iteration=step)

    def _end(self) -> None:
        for path, folder in files_of_run(self._config, self.save_dir, self._artifact_suffix):
            self._task.upload_artifact(f"{folder}/{path.name}".lstrip("/"), str(path))
        self._task.close()
