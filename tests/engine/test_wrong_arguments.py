"""What is of a wrong type is a `TypeError`, what has a wrong value a `ValueError`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine import dist, utils
from engine.dataset import ConcatDataset, RepeatDataset
from engine.evaluator import Evaluator
from engine.hooks import CheckpointHook, LoggerHook
from engine.runner import Runner
from engine.structures import LabelData

THREE: Any = 3


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: utils.digit_version(THREE), r"a version is a text such as '1\.2\.0', not 3"),
        (lambda: utils.is_installed(THREE), "package is the name of a package, not 3"),
        (lambda: utils.get_installed_path(THREE), "package is the name of a package, not 3"),
        (lambda: LabelData.onehot_to_label(THREE), "onehot must be a Tensor, not a int"),
        (lambda: LabelData.label_to_onehot(THREE, 3), "label must be a Tensor, not a int"),
        (lambda: dist.all_reduce(THREE), "what is reduced is a tensor, not 3"),
        (lambda: dist.all_reduce_dict({"a": THREE}), "what is reduced is a tensor, not 3"),
        (lambda: dist.all_reduce_params([THREE]), "what is reduced is a tensor, not 3"),
        (lambda: ConcatDataset([THREE]), "ConcatDataset wraps datasets with a metainfo"),
        (lambda: RepeatDataset(THREE, 2), "RepeatDataset wraps datasets with a metainfo"),
        (lambda: Evaluator(THREE), "each is a metric or its config, not 3"),
        (lambda: Evaluator([THREE]), "each is a metric or its config, not 3"),
    ],
)
def test_wrong_types(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        call()


def test_wrong_types_given_to_a_runner(toy_cfg: Callable[..., Any]) -> None:
    runner = Runner.from_cfg(toy_cfg())
    with pytest.raises(TypeError, match="each is a metric or its config, not 3"):
        runner.build_evaluator(THREE)
    with pytest.raises(TypeError, match="param_scheduler: it is a scheduler, its config or"):
        runner.build_param_scheduler(THREE)


def test_wrong_values() -> None:
    with pytest.raises(ValueError, match="save_begin is at least 0; got -1"):
        CheckpointHook(save_begin=-1)
    with pytest.raises(ValueError, match="interval_exp_name is at least 1; got 0"):
        LoggerHook(interval_exp_name=0)
