"""Aim backend."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, SupportsFloat

from engine.registry import VISBACKENDS, needs_trust
from engine.utils import check_types

from ._backend import BaseVisBackend, Image, force_init_env

if TYPE_CHECKING:
    from engine.config import Config


@VISBACKENDS.register_module()
@needs_trust(type="a tracker starts programs and opens connections")
class AimVisBackend(BaseVisBackend):
    """Keeps images and numbers in a run of Aim.

    Args:
        save_dir: The folder of the repository of Aim, if `init_kwargs` don't name a `repo`; None
            means the current folder.
        init_kwargs: Arguments of `aim.Run`, such as `experiment`.
    """

    requires: ClassVar[tuple[str, str] | None] = ("aim", "aim")

    @check_types
    def __init__(
        self,
        save_dir: str | os.PathLike[str] | None = None,
        init_kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(save_dir or os.curdir)
        self._init_kwargs = dict(init_kwargs or {})

    def _init_env(self) -> None:
        import aim  # deferred: it is slow to import

        if "repo" not in self._init_kwargs:
            Path(self.save_dir).mkdir(parents=True, exist_ok=True)
        options = {"repo": self.save_dir, "run_hash": self.run_id, **self._init_kwargs}
        self._run = aim.Run(**options)
        self.run_id: str | None = self._run.hash

    @property
    @force_init_env
    def experiment(self) -> Any:
        """The `aim.Run`."""
        return self._run

    def add_config(self, config: Config, **kwargs: Any) -> None:
        """Keep the values of the config as `hparams`, and its text as `config`.

        Args:
            config: The config.
            kwargs: Not used.
        """
        self.experiment["config"] = config.pretty_text
        self.experiment.set("hparams", config.to_dict(), strict=False)

    def add_image(self, name: str, image: Image, step: int = 0, **kwargs: Any) -> None:
        """Keep an image.

        Args:
            name: The name of the image.
            image: RGB of shape (H, W, 3).
            step: The time to which it belongs.
            kwargs: Not used.
        """
        run = self.experiment
        import aim  # deferred, as in _init_env

        run.track(aim.Image(image), name=name, step=step)

    def add_scalar(self, name: str, value: SupportsFloat, step: int = 0, **kwargs: Any) -> None:
        """Keep a number.

        Args:
            name: The name of the number.
            value: The number.
            step: The time to which it belongs.
            kwargs: Not used.
        """
        self.experiment.track(float(value), name=name, step=step)

    def _end(self) -> None:
        self._run.close()
