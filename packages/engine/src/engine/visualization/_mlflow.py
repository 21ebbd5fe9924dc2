"""MLflow backend."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, SupportsFloat

from engine.registry import VISBACKENDS, needs_trust
from engine.utils import check_types

from ._backend import (
    BaseVisBackend,
    Image,
    as_mlflow_name,
    each_alone,
    files_of_run,
    force_init_env,
    parameters,
)

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from engine.config import Config

_MOST_PARAMS = 100  # that a server takes at once


@VISBACKENDS.register_module()
@needs_trust(type="a tracker starts programs and opens connections")
class MLflowVisBackend(BaseVisBackend):
    """Keeps images, numbers, parameters and files in a run of MLflow.

    MLflow takes no names with characters other than letters, digits and `_-./ `; others are written
    as their code points, `acc@1` as `acc-x40-1`.

    Args:
        save_dir: The folder of what is kept locally.
        exp_name: The experiment to which the run belongs, `Default` (in the SQLite file, `engine`)
            if it is not said; a new name makes a new experiment.
        run_name: The name of the run; MLflow makes one up by default.
        tags: Names and values that mark the run.
        params: Parameters of the run beside those of its config.
        tracking_uri: Where runs are kept: a server or a database. By default that of the variable
            `MLFLOW_TRACKING_URI`, else an SQLite file in `save_dir`.
        artifact_suffix: How the names of the files end that are kept at the end, of those in the
            work directory.
        tracked_config_keys: The keys of the config's top level that are parameters; None means all.
        artifact_location: Where a new experiment keeps files.
    """

    requires: ClassVar[tuple[str, str] | None] = ("mlflow", "mlflow")

    @check_types
    def __init__(
        self,
        save_dir: str | os.PathLike[str],
        exp_name: str | None = None,
        run_name: str | None = None,
        tags: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
        tracking_uri: str | None = None,
        artifact_suffix: Sequence[str] | str = (".json", ".log", ".py", "yaml"),
        tracked_config_keys: Collection[str] | None = None,
        artifact_location: str | None = None,
    ) -> None:
        super().__init__(save_dir)
        self._exp_name = exp_name
        self._run_name = run_name
        self._tags = dict(tags or {})
        self._params = dict(params or {})
        self._tracking_uri = tracking_uri or os.environ.get("MLFLOW_TRACKING_URI")
        self._artifact_suffix = artifact_suffix
        self._tracked_config_keys = tracked_config_keys
        self._artifact_location = artifact_location
        self._config: Config | None = None

    def _init_env(self) -> None:
        from mlflow import MlflowClient  # deferred: it is slow to import

        uri, name, location = self._tracking_uri, self._exp_name, self._artifact_location
        if uri is None:
            folder = Path(self.save_dir, "mlflow").absolute()
            folder.mkdir(parents=True, exist_ok=True)
            # The experiment `Default` of such a file keeps images in the current folder.
            uri, name = f"sqlite:///{folder / 'runs.db'}", name or "engine"
            location = location or (folder / "artifacts").as_uri()
        self._client = MlflowClient(uri)
        self._run = self.run_id or self._new_run(name or "Default", location)
        self.run_id: str | None = self._run
        self._client.update_run(self._run, status="RUNNING")
        self._keep_params(self._params)

    def _new_run(self, name: str, location: str | None) -> str:
        experiment = self._client.get_experiment_by_name(name)
        if experiment is None:
            number = self._client.create_experiment(name, location)
        else:
            number = experiment.experiment_id
        run = self._client.create_run(number, tags=self._tags, run_name=self._run_name)
        return str(run.info.run_id)

    @property
    @force_init_env
    def experiment(self) -> MlflowClient:
        """The client of MLflow, whose methods take the run as `run_id`."""
        return self._client

    def add_config(self, config: Config, **kwargs: Any) -> None:
        """Keep the values of the config as parameters, and its text as the file `config.py`.

        Args:
            config: The config.
            kwargs: Not used.
        """
        self._config = config
        self.experiment.log_text(self._run, config.pretty_text, "config.py")
        self._keep_params(parameters(config, self._tracked_config_keys))

    def add_image(self, name: str, image: Image, step: int = 0, **kwargs: Any) -> None:
        """Keep an image as the file `<name>_<step>.png`.

        Args:
            name: The name of the image.
            image: RGB of shape (H, W, 3).
            step: The time to which it belongs.
            kwargs: Not used.
        """
        self.experiment.log_image(self._run, image, as_mlflow_name(f"{name}_{step}.png"))

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
        """Keep several numbers, with one request.

        Args:
            scalar_dict: Names and numbers.
            step: The time to which they belong.
            file_path: Not used.
            kwargs: Not used.
        """
        client = self.experiment
        from mlflow.entities import Metric  # deferred, as in _init_env

        now = int(time.time() * 1000)  # milliseconds
        self._log(
            client,
            metrics=[
                Metric(as_mlflow_name(name), float(value), now, step)
                for name, value in scalar_dict.items()
            ],
        )

    def _end(self) -> None:
        files = files_of_run(self._config, self.save_dir, self._artifact_suffix)
        for path, folder in files:
            self._client.log_artifact(self._run, str(path), folder)
        self._client.set_terminated(self._run)

    def _keep_params(self, params: Mapping[str, Any]) -> None:
        """Keep those parameters that the run does not have; MLflow lets none of them change."""
        from mlflow.entities import Param  # deferred, as in _init_env

        known = self._client.get_run(self._run).data.params
        named = {as_mlflow_name(key): str(value) for key, value in params.items()}
        new = [Param(key, value) for key, value in named.items() if key not in known]
        each_alone(
            partial(self._log, self._client, params=new[first : first + _MOST_PARAMS])
            for first in range(0, len(new), _MOST_PARAMS)
        )

    def _log(self, client: MlflowClient, **entities: Any) -> None:
        """Keep several things with one request, and all but those that MLflow refuses."""
        from mlflow.exceptions import MlflowException  # deferred, as in _init_env

        [(kind, values)] = entities.items()
        try:
            client.log_batch(self._run, **entities)
        except MlflowException as error:
            if error.error_code != "INVALID_PARAMETER_VALUE" or len(values) == 1:
                raise
            each_alone(partial(self._log, client, **{kind: [value]}) for value in values)
