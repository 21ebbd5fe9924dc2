"""DVCLive backend."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, SupportsFloat

from engine.registry import VISBACKENDS, needs_trust
from engine.utils import check_types

from ._backend import (
    BaseVisBackend,
    Image,
    as_file_name,
    each_alone,
    files_of_run,
    force_init_env,
    parameters,
)

if TYPE_CHECKING:
    from engine.config import Config

_FOLDER = "dvclive"


@VISBACKENDS.register_module()
@needs_trust(type="a tracker starts programs and opens connections")
class DVCLiveVisBackend(BaseVisBackend):
    """Keeps images, numbers, parameters and files with DVCLive.

    Args:
        save_dir: The folder for its own, `dvclive`.
        artifact_suffix: How the names of the files end that are kept at the end, of those in the
            work directory.
        init_kwargs: Arguments of `dvclive.Live`.
    """

    requires: ClassVar[tuple[str, str] | None] = ("dvclive", "dvclive")

    @check_types
    def __init__(
        self,
        save_dir: str | os.PathLike[str],
        artifact_suffix: Sequence[str] | str = (".json", ".py", "yaml"),
        init_kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(save_dir)
        self._artifact_suffix = artifact_suffix
        self._init_kwargs = dict(init_kwargs or {})
        self._config: Config | None = None

    def _init_env(self) -> None:
        from dvclive import Live  # deferred: it is slow to import

        own = {"dir": os.path.join(self.save_dir, _FOLDER), "resume": self.run_id is not None}
        self._live = Live(**{**own, **self._init_kwargs})
        self.run_id: str | None = _FOLDER

    @property
    @force_init_env
    def experiment(self) -> Any:
        """The `dvclive.Live`."""
        return self._live

    def add_config(self, config: Config, **kwargs: Any) -> None:
        """Keep the values of the config as parameters, and its text as the file `config.py`.

        Args:
            config: The config.
            kwargs: Not used.
        """
        self._config = config
        live = self.experiment
        Path(live.dir, "config.py").write_text(config.pretty_text, encoding="utf-8")
        live.log_params(parameters(config))

    def add_image(self, name: str, image: Image, step: int = 0, **kwargs: Any) -> None:
        """Keep an image as the file `<name>_<step>.png`.

        Args:
            name: The name of the image.
            image: RGB of shape (H, W, 3).
            step: The time to which it belongs.
            kwargs: Not used.
        """
        self.experiment.log_image(as_file_name(f"{name}_{step}.png"), image)

    def add_scalar(self, name: str, value: SupportsFloat, step: int = 0, **kwargs: Any) -> None:
        """Keep a number.

        Args:
            name: The name of the number.
            value: The number.
            step: The time to which it belongs.
            kwargs: Not used.
        """
        self.add_scalars({name: value}, step)

    def add_scalars(
        self,
        scalar_dict: Mapping[str, SupportsFloat],
        step: int = 0,
        file_path: str | None = None,
        **kwargs: Any,
    ) -> None:
        """Keep several numbers, in files whose names are escaped where that is needed.

        Args:
            scalar_dict: Names and numbers.
            step: The time to which they belong.
            file_path: Not used.
            kwargs: Not used.
        """
        live = self.experiment
        live.step = step
        try:
            each_alone(
                partial(live.log_metric, as_file_name(name), float(value))
                for name, value in scalar_dict.items()
            )
        finally:
            live.make_summary()

    def _end(self) -> None:
        for path, _ in files_of_run(self._config, self.save_dir, self._artifact_suffix):
            self._live.log_artifact(str(path))
        self._live.end()
