"""Arguments of a runner that don't go together."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from torch import nn

from engine.config import Config
from engine.optim import build_optim_wrapper
from engine.runner import Runner, SingleDeviceStrategy
from engine.testing import as_process

CfgMaker = Callable[..., Config]


def test_all_that_is_wrong_is_one_error_before_anything_is_built(
    toy_cfg: CfgMaker, tmp_path: Path
) -> None:
    cfg = toy_cfg(
        train_cfg=None,
        val_evaluator=None,
        env_cfg={"cudnn_benchmrk": True},
        randomness={"sed": 3},
        launcher="torchrun",
        strategy=SingleDeviceStrategy("cpu", precision="bf16"),
        compile=True,
    )
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # its whole text is held below
        Runner.from_cfg(cfg)
    assert re.sub(r" \(\S+conftest\.py:\d+\)", " (SITE)", str(caught.value)) == (
        "the arguments of the runner don't go together:\n"
        "  train_dataloader and optim_wrapper given without train_cfg\n"
        "  val_dataloader and val_cfg given without val_evaluator\n"
        "  param_scheduler given without train_cfg\n"
        "  env_cfg.cudnn_benchmrk (SITE): there is no such option; did you mean "
        "'cudnn_benchmark'?\n"
        "  randomness.sed (SITE): there is no such option; did you mean 'seed'?\n"
        "  launcher (SITE): it is one of none, pytorch, slurm, mpi, not 'torchrun'\n"
        "  compile given beside a strategy that says it itself"
    )
    assert not (tmp_path / "run").exists()


def test_a_precision_needs_the_config_of_a_wrapper(toy_cfg: CfgMaker) -> None:
    cfg = toy_cfg()
    model = Runner.from_cfg(cfg).model
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    with pytest.raises(ValueError, match=r"strategy\.precision needs the config of an optim_wrap"):
        Runner.from_cfg(toy_cfg(optim_wrapper=wrapper, strategy={"precision": "bf16"}))


def test_a_folder_that_can_not_be_written_to(toy_cfg: CfgMaker, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r"work_dir .*/file/run can't be written to: "):
        Runner.from_cfg(toy_cfg(work_dir=str(tmp_path / "file" / "run")))


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("build_strategy", "ddp"),
        ("build_model", [1]),
        ("build_dataloader", "loader"),
        ("build_optim_wrapper", "SGD"),
        ("build_log_processor", ["x"]),
        ("build_visualizer", "vis"),
        ("build_train_loop", "EpochBasedTrainLoop"),
        ("build_val_loop", 3),
        ("build_test_loop", 3),
    ],
)
def test_a_builder_refuses_what_is_no_part(toy_cfg: CfgMaker, name: str, part: object) -> None:
    runner = Runner.from_cfg(toy_cfg())
    with pytest.raises(TypeError, match=re.escape(f"not {part!r}")):
        getattr(runner, name)(part)


class Wrapping(SingleDeviceStrategy):
    """Notes how the model is to be wrapped."""

    wrapped: Any

    def prepare(self, model: nn.Module, wrapper_cfg: Mapping[str, Any] | None = None) -> nn.Module:
        self.wrapped = model, wrapper_cfg
        return model


def test_where_the_wrapper_of_the_model_is_configured(toy_cfg: CfgMaker) -> None:
    strategy = Wrapping("cpu")
    cfg = toy_cfg(strategy=strategy, find_unused_parameters=True, sync_bn="torch")
    runner = Runner.from_cfg(cfg)
    assert strategy.wrapped[1] == {"find_unused_parameters": True}
    runner.wrap_model({"broadcast_buffers": False}, nn.Linear(1, 1))
    assert strategy.wrapped[1] == {"broadcast_buffers": False}
    runner.wrap_model(None, nn.Sequential(nn.BatchNorm1d(1)))
    assert type(strategy.wrapped[0][0]).__name__ == "BatchNorm1d"  # of one process
    with as_process(0, 2):
        runner.wrap_model(None, nn.Sequential(nn.BatchNorm1d(1)))
    assert type(strategy.wrapped[0][0]).__name__ == "SyncBatchNorm"
