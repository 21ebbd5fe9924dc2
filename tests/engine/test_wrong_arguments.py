"""What is of a wrong type is a `TypeError`, what has a wrong value a `ValueError`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sized
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import pytest
import torch
from torch import nn

from engine import dist, utils
from engine.config import Config
from engine.dataset import BaseDataset, ConcatDataset, DefaultSampler, RepeatDataset
from engine.evaluator import Evaluator
from engine.hooks import CheckpointHook, LoggerHook, ProfilerHook
from engine.model import ConstantInit
from engine.optim import OptimWrapper, build_optim_wrapper
from engine.registry import (
    DATA_SAMPLERS,
    DATASETS,
    HOOKS,
    LOOPS,
    METRICS,
    OPTIMIZERS,
    PARAM_SCHEDULERS,
    VISBACKENDS,
    WEIGHT_INITIALIZERS,
    BuildTypeError,
    Registry,
)
from engine.runner import Runner
from engine.structures import LabelData
from engine.utils import check_types
from engine.utils._annotations import find_checks

THREE: Any = 3
WORD: Any = "a"
SAMPLES: tuple[Any, ...] = (3, 2.5, "a", None, [], ["a"], [2.5], (), {}, {"a": 3}, [[]], object())


def _constructors() -> dict[str, Callable[..., Any]]:
    """Return the constructors of engine's parts of a run, by class."""
    roots: tuple[Registry[Any], ...] = (
        DATA_SAMPLERS,
        DATASETS,
        HOOKS,
        LOOPS,
        METRICS,
        PARAM_SCHEDULERS,
        VISBACKENDS,
        WEIGHT_INITIALIZERS,
    )
    for package in ("dataset", "evaluator", "hooks", "model", "optim", "runner", "visualization"):
        module = import_module(f"engine.{package}")
        for name in module.__all__:
            getattr(module, name)  # imports what registers itself
    parts = [root.get(name) for root in roots for name in root]
    bases = [base for part in parts for base in getattr(part, "__mro__", ()) if base is not object]
    return {
        f"{base.__module__}.{base.__name__}": vars(base)["__init__"]
        for base in bases
        if base.__module__.startswith("engine.") and "__init__" in vars(base)
    }


CONSTRUCTORS = _constructors()


@pytest.mark.parametrize("part", CONSTRUCTORS)
def test_a_part_of_a_run_refuses_what_its_annotations_rule_out(part: str) -> None:
    init = CONSTRUCTORS[part]
    for name, check in find_checks(inspect.unwrap(init)).items():
        for wrong in SAMPLES:
            if not check.passes(wrong):
                with pytest.raises((TypeError, ValueError), match=rf"\b{name} must be"):
                    init(None, **{name: wrong})  # before there is anything to set up


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
        (lambda: utils.iter_cast([1], THREE), "iter_cast: dst_type must be Callable; got 3"),
        (lambda: utils.scandir(THREE), "scandir: dir_path must be str; got 3"),
        (lambda: DefaultSampler(THREE), "DefaultSampler: dataset must be Sized; got 3"),
        (lambda: BaseDataset(ann_file=THREE), "BaseDataset: ann_file must be str; got 3"),
        (lambda: ConstantInit(0, bias=WORD), "bias must be float; got 'a'"),
        (lambda: LoggerHook(ignore_last=WORD), "ignore_last must be bool; got 'a'"),
        (lambda: LoggerHook(out_dir=THREE), r"out_dir must be str \| None; got 3"),
        (lambda: ProfilerHook(by_epoch=THREE), r"by_epoch must be bool \| None; got 3"),
        (lambda: dist.broadcast_object_list(THREE), "data must be list; got 3"),
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


def build_optimizer(**optim_wrapper: Any) -> OptimWrapper:
    cfg = Config({"optim_wrapper": optim_wrapper}, filename="x.py")
    return build_optim_wrapper(nn.Linear(2, 2), cfg.optim_wrapper)


@pytest.mark.parametrize("lr", ["1e-3", None, [0.1]], ids=repr)
@pytest.mark.parametrize("name", [each for each in OPTIMIZERS if each in vars(torch.optim)])
def test_a_learning_rate_of_torch_is_a_number(name: str, lr: object) -> None:
    message = rf"^optim_wrapper\.optimizer\.lr \(x\.py\): lr of {name} must be float; got "
    with pytest.raises(BuildTypeError, match=message):
        build_optimizer(optimizer={"type": name, "lr": lr})


@pytest.mark.parametrize(
    ("optimizer", "message"),
    [
        (dict(type="SGD", lr=0.1, momentum="a"), "momentum of SGD must be float; got 'a'"),
        (dict(type="AdamW", weight_decay="a"), "weight_decay of AdamW must be float; got 'a'"),
        (dict(type="Adam", betas="a"), r"betas of Adam must be \(float, float\); got 'a'"),
        (dict(type="LBFGS", max_iter="a"), "max_iter of LBFGS must be int; got 'a'"),
    ],
)
def test_options_of_torch(optimizer: dict[str, Any], message: str) -> None:
    with pytest.raises(
        BuildTypeError, match=rf"^optim_wrapper\.optimizer\.\w+ \(x\.py\): {message}"
    ):
        build_optimizer(optimizer=optimizer)


def test_a_learning_rate_that_a_rule_multiplies_is_a_number() -> None:
    with pytest.raises(BuildTypeError, match=r"optimizer\.lr \(x\.py\): lr of SGD must be float"):
        build_optimizer(optimizer=dict(type="SGD", lr="1e-3"), paramwise_cfg=dict(bias_lr_mult=2.0))
    with pytest.raises(TypeError, match="can't multiply"):  # which is not the optimizer's
        build_optimizer(optimizer=dict(type="SGD", lr=0.1), paramwise_cfg=dict(bias_lr_mult=[2.0]))


@pytest.mark.parametrize("by_epoch", [True, False])
@pytest.mark.parametrize(
    ("scheduler", "message"),
    [
        (dict(type="LinearLR", start_factor="a"), "start_factor of LinearLR must be float"),
        (dict(type="StepLR", step_size="a"), "step_size of StepLR must be int"),
        (
            dict(type="MultiStepLR", milestones="a"),
            r"milestones of MultiStepLR must be list\[int\]",
        ),
        (dict(type="PolyMomentum", power="a"), "power of PolyMomentum must be float"),
    ],
)
def test_options_of_schedulers(scheduler: dict[str, Any], message: str, by_epoch: bool) -> None:
    cfg = Config({"param_scheduler": [scheduler]}, filename="x.py").param_scheduler[0]
    optimizer = torch.optim.SGD(nn.Linear(2, 2).parameters(), lr=0.1, momentum=0.9)
    given = {"optimizer": optimizer, "convert_to_iter_based": by_epoch, "epoch_length": 3}
    with pytest.raises(BuildTypeError, match=rf"^param_scheduler\.0\.\w+ \(x\.py\): {message}"):
        PARAM_SCHEDULERS.build(cfg, default_args=given if by_epoch else {"optimizer": optimizer})


def test_wrong_values() -> None:
    with pytest.raises(ValueError, match="save_begin is at least 0; got -1"):
        CheckpointHook(save_begin=-1)
    with pytest.raises(ValueError, match="interval_exp_name is at least 1; got 0"):
        LoggerHook(interval_exp_name=0)


@check_types
def takes(
    size: Sized = (),
    items: Iterable[int] | None = None,
    mode: Literal["a", "b"] = "a",
    path: str | Path = "",
    number: int = 0,
    later: "Nowhere" = None,  # type: ignore[name-defined]  # noqa: F821, UP037
    *rest: int,
    **others: int,
) -> str:
    return "taken"


def test_right_arguments_are_taken() -> None:
    assert takes([], range(3), "b", Path("x"), 3, "x", THREE, more=WORD) == "taken"
    assert takes(size="", items={3: 4}, path="x") == "taken"


@pytest.mark.parametrize(
    ("name", "value", "kind", "message"),
    [
        ("size", 3, TypeError, "takes: size must be Sized; got 3"),
        ("size", object(), TypeError, "size must be Sized; got <object"),
        ("items", 3, TypeError, r"items must be Iterable \| None; got 3"),
        ("mode", "c", ValueError, r"mode must be 'a' \| 'b'; got 'c'"),
        ("mode", 3, TypeError, r"mode must be 'a' \| 'b'; got 3"),
        ("path", ["x" * 99], TypeError, r"path must be str; got \['x+\.\.\."),
    ],
)
def test_a_wrong_argument_is_named(
    name: str, value: object, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        takes(**{name: value})  # type: ignore[arg-type]  # that is what is tested
