"""What a run sets for the whole process, and how its config changes the model and the functions."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from engine.config import Config
from engine.dataset import default_collate
from engine.runner import Runner

from ..conftest import ToyAccuracy, ToyModel

CfgMaker = Callable[..., Config]


def test_processes_start_and_opencv_counts_as_the_config_says(
    toy_cfg: CfgMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []
    monkeypatch.setattr(
        torch.multiprocessing, "set_start_method", lambda name, force: told.append((name, force))
    )
    monkeypatch.setitem(sys.modules, "cv2", SimpleNamespace(setNumThreads=told.append))
    Runner.from_cfg(toy_cfg(env_cfg={}))
    assert told == []
    mp_cfg = {"mp_start_method": "spawn", "opencv_num_threads": 0}
    Runner.from_cfg(toy_cfg(env_cfg={"mp_cfg": mp_cfg}))
    assert told == [("spawn", True), 0]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits")
@pytest.mark.parametrize(
    ("soft", "hard", "expected"),
    [
        (1024, 8192, (4096, 8192)),
        (1024, 2048, (2048, 2048)),
        (1024, -1, (4096, -1)),  # without a limit
        (4096, 8192, None),
        (-1, -1, None),
    ],
)
def test_so_many_files_may_be_open_as_the_system_allows(
    toy_cfg: CfgMaker,
    monkeypatch: pytest.MonkeyPatch,
    soft: int,
    hard: int,
    expected: tuple[int, int] | None,
) -> None:
    resource = pytest.importorskip("resource")
    limits: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "RLIM_INFINITY", -1)
    monkeypatch.setattr(resource, "getrlimit", lambda what: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda what, limit: limits.append(limit))
    Runner.from_cfg(toy_cfg(env_cfg={"resource_limit": 4096}))
    assert limits == ([] if expected is None else [expected])


def test_an_option_that_is_none_is_as_if_it_were_not_given(toy_cfg: CfgMaker) -> None:
    options = ("cudnn_benchmark", "dist_cfg", "mp_cfg", "resource_limit", "stop")
    Runner.from_cfg(toy_cfg(env_cfg=dict.fromkeys(options))).train()


@pytest.fixture
def _algorithms() -> Iterator[None]:
    yield
    torch.use_deterministic_algorithms(False)
    torch.backends.cudnn.benchmark = False


@pytest.mark.usefixtures("_algorithms")
def test_deterministic_algorithms_rule_out_a_choice_of_the_fastest(toy_cfg: CfgMaker) -> None:
    env_cfg = {"cudnn_benchmark": True}
    Runner.from_cfg(toy_cfg(env_cfg=env_cfg))
    assert torch.backends.cudnn.benchmark
    assert not torch.are_deterministic_algorithms_enabled()
    Runner.from_cfg(toy_cfg(env_cfg=env_cfg, randomness={"seed": 0, "deterministic": True}))
    assert not torch.backends.cudnn.benchmark
    assert torch.are_deterministic_algorithms_enabled()


class Counting(nn.Linear):
    """A layer that counts how often it runs."""

    calls = 0

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        return super().forward(input)


class CountingModel(ToyModel):
    def __init__(self) -> None:
        super().__init__()
        self.fc = Counting(4, 3)


def test_named_layers_run_again_for_their_gradients(toy_cfg: CfgMaker) -> None:
    def run(**changes: Any) -> tuple[int, torch.Tensor]:
        train_cfg = {"by_epoch": True, "max_epochs": 1}
        cfg = toy_cfg(model={"type": CountingModel}, train_cfg=train_cfg, **changes)
        model: Any = Runner.from_cfg(cfg).train()
        return model.fc.calls, model.fc.weight.detach()

    (calls, weight), (more, same) = run(), run(activation_checkpointing="fc")
    assert more - calls == 5  # iterations
    assert torch.equal(weight, same)


@pytest.mark.parametrize("key", ["activation_checkpointing", "efficient_conv_bn_eval"])
def test_layers_that_are_not_there(toy_cfg: CfgMaker, key: str) -> None:
    with pytest.raises(ValueError, match="fz"):
        Runner.from_cfg(toy_cfg(**{key: "fz"}))


@pytest.mark.parametrize(
    "evaluator", [{"metrics": {"type": ToyAccuracy}}, [{"type": ToyAccuracy}], ToyAccuracy()]
)
def test_metrics_of_an_evaluator_and_alone(toy_cfg: CfgMaker, evaluator: Any) -> None:
    assert {*Runner.from_cfg(toy_cfg(val_evaluator=evaluator)).val()} == {"acc", "count"}


@pytest.mark.parametrize(
    "function", ["default_collate", default_collate, {"type": default_collate}]
)
def test_a_function_is_given_by_name_with_arguments_or_itself(
    toy_cfg: CfgMaker, function: Any
) -> None:
    cfg = toy_cfg()
    cfg.val_dataloader.collate_fn = function
    loader: Any = Runner.from_cfg(cfg).build_dataloader(cfg.val_dataloader)
    found = loader.collate_fn
    assert (found.func if isinstance(found, partial) else found) is default_collate
