"""Weights & Biases backend."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, SupportsFloat

from engine.registry import VISBACKENDS, needs_trust
from engine.utils import check_types

from ._backend import BaseVisBackend, Image, force_init_env

if TYPE_CHECKING:
    from torch import nn

    from engine.config import Config

# The name of the step. The steps of W&B's own only grow, and so could be neither those of
# epochs among those of iterations, nor those that a resumed run repeats.
_STEP = "step"


@VISBACKENDS.register_module()
@needs_trust(type="a tracker starts programs and opens connections")
class WandbVisBackend(BaseVisBackend):
    """Keeps images and numbers in a run of Weights & Biases.

    Args:
        save_dir: The folder of what is kept locally.
        init_kwargs: Arguments of `wandb.init`, such as `project`.
        define_metric_cfg: How metrics are summed up, `{"mIoU": "max"}`; or a list of arguments of
            `wandb.define_metric`. The x-axis is the step, if it is not said.
        commit: Whether each call makes a row of its own; else it joins the next one.
        log_code_name: The name under which the code in the current folder is kept; by default it
            is not.
        watch_kwargs: Arguments of `wandb.watch`, for `add_graph`.
    """

    requires: ClassVar[tuple[str, str] | None] = ("wandb", "wandb")

    @check_types
    def __init__(
        self,
        save_dir: str | os.PathLike[str],
        init_kwargs: Mapping[str, Any] | None = None,
        define_metric_cfg: Mapping[str, str] | Sequence[Mapping[str, Any]] | None = None,
        commit: bool = True,
        log_code_name: str | None = None,
        watch_kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(save_dir)
        self._init_kwargs = dict(init_kwargs or {})
        given = define_metric_cfg or ()
        self._metrics = (
            [{"name": name, "summary": summary} for name, summary in given.items()]
            if isinstance(given, Mapping)
            else [dict(each) for each in given]
        )
        self._commit = commit
        self._log_code_name = log_code_name
        self._watch_kwargs = dict(watch_kwargs or {})

    def _init_env(self) -> None:
        import wandb  # deferred: it is slow to import

        Path(self.save_dir).mkdir(parents=True, exist_ok=True)
        same_run = {} if self.run_id is None else {"id": self.run_id, "resume": "allow"}
        self._run = wandb.init(**{"dir": self.save_dir, **same_run, **self._init_kwargs})
        self.run_id: str | None = self._run.id
        self._run.define_metric(_STEP, hidden=True)
        for metric in ({"name": "*"}, *self._metrics):
            self._run.define_metric(**{"step_metric": _STEP, "step_sync": False, **metric})
        if self._log_code_name is not None:
            self._run.log_code(name=self._log_code_name)

    @property
    @force_init_env
    def experiment(self) -> Any:
        """The module `wandb`, whose current run is this one."""
        import wandb  # deferred, as in _init_env

        return wandb

    @force_init_env
    def add_config(self, config: Config, **kwargs: Any) -> None:
        """Keep the values of the config, and its text as the file `config.py`.

        Args:
            config: The config.
            kwargs: Not used.
        """
        values = config.to_dict()
        self._run.config.update(values, allow_val_change=True)  # type: ignore[no-untyped-call]  # wandb gives it no types
        path = Path(self._run.dir, "config.py")
        path.write_text(config.pretty_text, encoding="utf-8")
        self._run.save(path, base_path=path.parent, policy="now")

    @force_init_env
    def add_graph(self, model: nn.Module, data_batch: Sequence[Any] | None, **kwargs: Any) -> None:
        """Watch the gradients or parameters of a model, as `watch_kwargs` say.

        Args:
            model: The model.
            data_batch: Not used.
            kwargs: Not used.
        """
        self._run.watch(model, **self._watch_kwargs)

    @force_init_env
    def add_image(self, name: str, image: Image, step: int = 0, **kwargs: Any) -> None:
        """Keep an image.

        Args:
            name: The name of the image.
            image: RGB of shape (H, W, 3).
            step: The time to which it belongs.
            kwargs: Not used.
        """
        self._log({name: self.experiment.Image(image)}, step)

    def add_scalar(self, name: str, value: SupportsFloat, step: int = 0, **kwargs: Any) -> None:
        """Keep a number.

        Args:
            name: The name of the number.
            value: The number.
            step: The time to which it belongs.
            kwargs: Not used.
        """
        self.add_scalars({name: value}, step)

    @force_init_env
    def add_scalars(
        self,
        scalar_dict: Mapping[str, SupportsFloat],
        step: int = 0,
        file_path: str | None = None,
        **kwargs: Any,
    ) -> None:
        """Keep several numbers, as one row.

        Args:
            scalar_dict: Names and numbers.
            step: The time to which they belong, if they don't say it themselves.
            file_path: Not used.
            kwargs: Not used.
        """
        self._log({name: float(value) for name, value in scalar_dict.items()}, step)

    def _log(self, values: Mapping[str, Any], step: int) -> None:
        self._run.log({_STEP: step, **values}, commit=self._commit)

    def _end(self) -> None:
        self._run.finish()
