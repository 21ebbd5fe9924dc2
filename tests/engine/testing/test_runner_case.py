"""The small run, as the tests of another library use it."""

from __future__ import annotations

import os
from pathlib import Path

from engine.dist import get_world_size, is_distributed
from engine.logging import MessageHub, get_logger
from engine.registry import DefaultScope
from engine.testing import RunnerTestCase


class TestSmallRun(RunnerTestCase):
    """Is collected as any other test case."""

    def test_epochs(self) -> None:
        runner = self.build_runner(self.epoch_based_cfg)
        runner.train()
        assert runner.epoch == 2
        assert (self.temp_dir / "run" / "epoch_2.pth").exists()
        self.clear_work_dir()
        assert not list(self.temp_dir.iterdir())

    def test_iterations(self) -> None:
        self.iter_based_cfg.train_cfg.max_iters = 12
        runner = self.build_runner(self.iter_based_cfg)
        before = runner.val()["error"]
        runner.train()
        assert runner.iter == 12
        assert runner.test()["error"] < before

    def test_names_differ(self) -> None:
        runners = [self.build_runner(self.epoch_based_cfg) for _ in range(2)]
        names = {runner.experiment_name for runner in runners}
        assert len(names) == 2
        assert all(name.startswith("test_names_differ_") for name in names)

    def test_several_processes(self) -> None:
        self.setup_dist_env()
        self.epoch_based_cfg.launcher = "pytorch"
        self.epoch_based_cfg.strategy = {"device": "cpu"}
        self.build_runner(self.epoch_based_cfg).train()
        assert is_distributed()
        assert get_world_size() == 1


class _Noisy(RunnerTestCase):
    """Not collected by itself."""

    def runTest(self) -> None:
        self.setup_dist_env()
        self.epoch_based_cfg.launcher = "pytorch"
        self.epoch_based_cfg.strategy = {"device": "cpu"}
        self.build_runner(self.epoch_based_cfg)
        os.environ["SET_BY_A_TEST"] = "1"


def test_nothing_is_left_behind() -> None:
    logger = get_logger()
    before = dict(os.environ), logger.level, [*logger.handlers], [*MessageHub._instances]
    case = _Noisy()
    result = case.run()
    assert result is not None
    assert result.wasSuccessful(), result.errors
    after = dict(os.environ), logger.level, [*logger.handlers], [*MessageHub._instances]
    assert after == before
    assert DefaultScope.get_current_instance() is None
    assert not is_distributed()
    assert not Path(case.temp_dir).exists()
