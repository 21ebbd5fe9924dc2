"""Neptune backend."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, SupportsFloat
from uuid import uuid4

from engine.registry import VISBACKENDS, needs_trust
from engine.utils import check_types

from ._backend import BaseVisBackend, Image, force_init_env

if TYPE_CHECKING:
    from engine.config import Config


@VISBACKENDS.register_module()
@needs_trust(type="a tracker starts programs and opens connections")
class NeptuneVisBackend(BaseVisBackend):
    """Keeps images and numbers in a run of Neptune.

    Without a project and an API token, from `init_kwargs` or the environment, the run is offline:
    it is kept in the folder `.neptune`, from where `neptune sync` sends it.

    Args:
        save_dir: Not used; Neptune has a folder of its own.
        init_kwargs: Arguments of `neptune.init_run`, such as `project`.
    """

    requires: ClassVar[tuple[str, str] | None] = ("neptune", "neptune")

    @check_types
    def __init__(
        self,
        save_dir: str | os.PathLike[str] | None = None,
        init_kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(save_dir or os.curdir)
        self._init_kwargs = dict(init_kwargs or {})

    def _init_env(self) -> None:
        import neptune  # deferred: it is slow to import

        options = {"custom_run_id": self.run_id or uuid4().hex, **self._init_kwargs}
        missing = [
            name
            for name in ("project", "api_token")
            if name not in options and f"NEPTUNE_{name.upper()}" not in os.environ
        ]
        if missing and "mode" not in options:
            logging.getLogger(__name__).warning(
                "Neptune was given no %s: the run is kept offline, in .neptune",
                " and no ".join(missing),
            )
            options["mode"] = "offline"
        self._run = neptune.init_run(**options)
        self.run_id: str | None = options["custom_run_id"]

    @property
    @force_init_env
    def experiment(self) -> Any:
        """The run of Neptune."""
        return self._run

    def add_config(self, config: Config, **kwargs: Any) -> None:
        """Keep the text of the config.

        Args:
            config: The config.
            kwargs: Not used.
        """
        run = self.experiment
        from neptune.types import File  # deferred, as in _init_env

        run["config"].upload(File.from_content(config.pretty_text, extension="py"))

    def add_image(self, name: str, image: Image, step: int = 0, **kwargs: Any) -> None:
        """Keep an image.

        Args:
            name: The name of the image.
            image: RGB of shape (H, W, 3).
            step: The time to which it belongs.
            kwargs: Not used.
        """
        run = self.experiment
        from neptune.types import File  # deferred, as in _init_env

        run[name].append(File.as_image(image / 255), step=step)

    def add_scalar(self, name: str, value: SupportsFloat, step: int = 0, **kwargs: Any) -> None:
        """Keep a number.

        Args:
            name: The name of the number.
            value: The number.
            step: The time to which it belongs.
            kwargs: Not used.
        """
        self.experiment[name].append(float(value), step=step)

    def _end(self) -> None:
        self._run.stop(seconds=self.close_timeout)
