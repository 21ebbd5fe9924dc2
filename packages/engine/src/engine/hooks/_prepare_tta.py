"""Test-time augmentation."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from engine.config import Config, ConfigDict, ConfigError
from engine.registry import HOOKS, MODELS, RUNNERS
from engine.utils import check_types, mutable_copy

from ._hook import Hook, RunnerLike


@HOOKS.register_module()
class PrepareTTAHook(Hook):
    """Puts a model for test-time augmentation around the model during a test.

    Args:
        tta_cfg: Its config, a subclass of `BaseTTAModel`.
    """

    @check_types
    def __init__(self, tta_cfg: Mapping[str, Any]) -> None:
        self.tta_cfg: dict[str, Any] = mutable_copy(tta_cfg)
        self._model: Any = None

    def before_test(self, runner: RunnerLike) -> None:
        """Put it around the model."""
        self._model = runner.model
        runner.model = MODELS.build(self.tta_cfg, default_args={"module": runner.model})
        runner.model.to(runner.strategy.device)

    def after_test(self, runner: RunnerLike) -> None:
        """Take it away again."""
        self._take_away(runner)

    def after_run(self, runner: RunnerLike) -> None:
        """Remove it after an interrupted test as well."""
        self._take_away(runner)

    def _take_away(self, runner: RunnerLike) -> None:
        if self._model is not None:
            runner.model, self._model = self._model, None


def build_runner_with_tta(cfg: Config | Mapping[str, Any]) -> Any:
    """Make a runner that tests with augmentation.

    Args:
        cfg: The whole config of a run. `tta_model` is the config of a `BaseTTAModel`, and
            `tta_pipeline` the transforms that make the views of a sample; they take the place of
            the pipeline of the test data, also where its dataset is wrapped in others.

    Returns:
        The runner.

    Raises:
        ConfigError: If one of them is missing, or the test data have no pipeline.
    """
    if missing := [key for key in ("tta_model", "tta_pipeline") if key not in cfg]:
        raise ConfigError(f"a test with augmentation needs {' and '.join(missing)} in the config")
    changed = copy.copy(cfg) if isinstance(cfg, Config) else Config(cfg)
    dataset = _own(_own(changed, "test_dataloader"), "dataset")
    while "pipeline" not in dataset and isinstance(dataset.get("dataset"), Mapping):
        dataset = _own(dataset, "dataset")
    if "pipeline" not in dataset:
        raise ConfigError("test_dataloader.dataset has no pipeline for tta_pipeline to replace")
    dataset["pipeline"] = changed["tta_pipeline"]
    hook = {"type": "engine.PrepareTTAHook", "tta_cfg": changed["tta_model"]}
    changed["custom_hooks"] = [*(changed.get("custom_hooks") or ()), hook]
    return RUNNERS.build(changed)


def _own(node: ConfigDict, key: str) -> ConfigDict:
    """Put a copy of a part in its place, so that the config that was given stays as it is."""
    part = node.get(key)
    if not isinstance(part, ConfigDict):
        raise ConfigError("a test with augmentation needs test_dataloader.dataset in the config")
    node[key] = copy.copy(part)
    own: ConfigDict = node[key]
    return own
