"""What holds for every schedule: bounds, state, options that are counted in epochs, errors."""

from __future__ import annotations

import logging
import warnings
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim import SGD, Adagrad, Adam, Optimizer

from engine import optim
from engine.optim.scheduler.param_scheduler import INF
from engine.registry import PARAM_SCHEDULERS

# The schedules alone are looked at here: no optimizer takes a step.
pytestmark = pytest.mark.filterwarnings(r"ignore:.* was called before optimizer\.step")

CONFIGS: list[dict[str, Any]] = [
    {"type": "ConstantLR", "factor": 0.5, "begin": 2, "end": 9},
    {"type": "LinearLR", "start_factor": 0.1, "begin": 1, "end": 12},
    {"type": "ExponentialLR", "gamma": 0.9},
    {"type": "StepLR", "step_size": 3},
    {"type": "MultiStepLR", "milestones": [3, 7], "begin": 1},
    {"type": "CosineAnnealingLR", "T_max": 6, "eta_min": 0.001, "begin": 2},
    {"type": "CosineRestartLR", "periods": [3, 5], "restart_weights": [1, 0.5]},
    {"type": "PolyLR", "power": 0.9, "begin": 2, "end": 14},
    {"type": "OneCycleLR", "eta_max": 0.4, "total_steps": 12, "begin": 2},
    {"type": "ReduceOnPlateauLR", "patience": 1, "factor": 0.5},
]


def make_optimizer(kind: type[Optimizer] = SGD, **options: Any) -> Optimizer:
    return kind([torch.nn.Parameter(torch.zeros(1))], **{"lr": 0.1, **options})


def build(cfg: dict[str, Any], optimizer: Any, **more: Any) -> Any:
    return PARAM_SCHEDULERS.build(cfg, default_args={"optimizer": optimizer, **more})


def advance(scheduler: Any, steps: int) -> None:
    for _ in range(steps):
        if scheduler.need_val_args:
            scheduler.step({"loss": 1.0})
        else:
            scheduler.step()


@given(cfg=st.sampled_from(CONFIGS), before=st.integers(0, 15), after=st.integers(0, 15))
def test_going_on_from_a_state_is_not_interrupting(
    cfg: dict[str, Any], before: int, after: int
) -> None:
    whole, first, second = make_optimizer(), make_optimizer(), make_optimizer()
    uninterrupted = build(cfg, whole)
    advance(uninterrupted, before + after)

    interrupted = build(cfg, first)
    advance(interrupted, before)
    resumed = build(cfg, second)
    second.load_state_dict(first.state_dict())
    resumed.load_state_dict(interrupted.state_dict())
    advance(resumed, after)

    assert second.param_groups[0]["lr"] == whole.param_groups[0]["lr"]
    assert resumed.state_dict() == uninterrupted.state_dict()


@pytest.mark.parametrize("cfg", CONFIGS, ids=lambda cfg: cfg["type"])
def test_the_state_loads_as_plain_weights(cfg: dict[str, Any], tmp_path: Any) -> None:
    scheduler = build(cfg, make_optimizer())
    advance(scheduler, 5)
    torch.save(scheduler.state_dict(), tmp_path / "state.pth")
    assert torch.load(tmp_path / "state.pth", weights_only=True) == scheduler.state_dict()


def test_nothing_happens_outside_begin_and_end() -> None:
    optimizer = make_optimizer()
    scheduler = optim.ExponentialLR(optimizer, gamma=0.5, begin=2, end=5)
    values = []
    for _ in range(8):
        values.append(optimizer.param_groups[0]["lr"])
        assert scheduler.get_last_value() == values[-1:]
        scheduler.step()
    assert values == pytest.approx([0.1, 0.1, 0.1, 0.05, 0.025, 0.025, 0.025, 0.025])


def test_last_step_goes_on() -> None:
    optimizer = make_optimizer()
    scheduler = optim.StepLR(optimizer, step_size=2)
    advance(scheduler, 3)
    resumed = optim.StepLR(optimizer, step_size=2, last_step=scheduler.last_step)
    assert resumed.last_step == 4
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.001)


CONVERTED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"type": "StepLR", "step_size": 2, "end": 5}, {"step_size": 20, "end": 50}),
    ({"type": "MultiStepLR", "milestones": (1, 3)}, {"milestones": (10, 30)}),
    ({"type": "LinearLR", "begin": 1, "end": 3}, {"begin": 10, "end": 30}),
    ({"type": "CosineAnnealingLR", "T_max": 4}, {"T_max": 40}),
    ({"type": "CosineAnnealingLR", "end": 4}, {"end": 40, "T_max": 40}),
    (
        {"type": "CosineRestartLR", "periods": [1, 3], "restart_weights": [1, 1]},
        {"periods": [10, 30], "restart_weights": [1, 1]},
    ),
    ({"type": "OneCycleLR", "eta_max": 1, "total_steps": 5}, {"eta_max": 1, "total_steps": 50}),
    ({"type": "PolyLR", "begin": 1, "end": 5}, {"begin": 10, "end": 50}),
    ({"type": "ExponentialLR", "gamma": 0.5}, {"gamma": 0.5}),
    # Parts of an epoch, as configs have them that make a schedule of a share of the training.
    ({"type": "MultiStepLR", "milestones": [1.5, 3.0]}, {"milestones": [15, 30]}),
    (
        {"type": "CosineAnnealingLR", "T_max": 3.25, "begin": 0.75, "end": 4.05},
        {"T_max": 32.5, "begin": 7, "end": 40},
    ),
]


@pytest.mark.parametrize(("by_epoch", "by_iter"), CONVERTED)
def test_epochs_are_converted_to_iterations(
    by_epoch: dict[str, Any], by_iter: dict[str, Any]
) -> None:
    cfg = {**by_epoch, "convert_to_iter_based": True}
    converted = build(cfg, make_optimizer(), epoch_length=10)
    expected = build({"type": by_epoch["type"], "by_epoch": False, **by_iter}, make_optimizer())
    assert not converted.by_epoch
    for _ in range(60):
        assert converted.get_last_value() == pytest.approx(expected.get_last_value())
        converted.step()
        expected.step()


@given(
    cfg=st.sampled_from(
        [
            {"type": "StepLR", "step_size": 2},
            {"type": "MultiStepLR", "milestones": [1, 3]},
            {"type": "CosineAnnealingLR", "T_max": 5},
        ]
    ),
    epochs=st.integers(0, 4),
    lengths=st.tuples(st.integers(1, 7), st.integers(1, 7)),
    more=st.integers(0, 7),
)
def test_an_epoch_may_have_another_length_after_a_resume(
    cfg: dict[str, Any], epochs: int, lengths: tuple[int, int], more: int
) -> None:
    converted = {**cfg, "convert_to_iter_based": True}
    (before, had), (after, now), (whole, _) = (
        (make_optimizer(), length) for length in (*lengths, lengths[1])
    )
    first = build(converted, before, epoch_length=had)
    advance(first, epochs * had)
    resumed = build(converted, after, epoch_length=now)
    after.load_state_dict(before.state_dict())
    resumed.load_state_dict(first.state_dict())
    advance(resumed, more)
    advance(build(converted, whole, epoch_length=now), epochs * now + more)
    assert after.param_groups[0]["lr"] == pytest.approx(whole.param_groups[0]["lr"], abs=1e-12)


def test_the_momentum_of_sgd() -> None:
    optimizer = make_optimizer(momentum=0.8)
    scheduler = optim.ConstantMomentum(optimizer, factor=0.5, end=2)
    assert optimizer.param_groups[0]["momentum"] == 0.4
    scheduler.step()
    assert optimizer.param_groups[0]["momentum"] == 0.8
    assert optimizer.param_groups[0]["lr"] == 0.1


def test_the_momentum_of_adam_is_its_first_beta() -> None:
    optimizer = make_optimizer(Adam, betas=(0.8, 0.99))
    [group] = optimizer.param_groups
    scheduler = optim.LinearMomentum(optimizer, start_factor=0.5, end=3)
    betas = []
    for _ in range(3):
        betas.append(group["betas"])
        assert group["momentum"] == group["betas"][0]
        scheduler.step()
    assert betas == [(0.4, 0.99), (pytest.approx(0.6), 0.99), (pytest.approx(0.8), 0.99)]


def test_a_momentum_scheduler_needs_a_momentum() -> None:
    with pytest.raises(ValueError, match="LinearMomentum needs an optimizer with a momentum"):
        optim.LinearMomentum(make_optimizer(Adagrad), end=3)


def _one_step(scheduler: Any) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        scheduler.step()
    return [str(warning.message) for warning in caught]


@pytest.mark.parametrize("wrap", [lambda optimizer: optimizer, optim.OptimWrapper])
def test_a_step_before_that_of_the_optimizer_is_told_once(wrap: Any) -> None:
    optimizer = make_optimizer()
    scheduler = optim.ExponentialLR(wrap(optimizer), gamma=0.5)
    [message] = _one_step(scheduler)
    assert message.startswith("ExponentialLR.step() was called before optimizer.step()")
    assert _one_step(scheduler) == []
    in_order = optim.ExponentialLR(wrap(optimizer), gamma=0.5)
    optimizer.step()
    assert _one_step(in_order) == []


def test_a_loss_that_waits_for_a_step_counts_as_one() -> None:
    weight = torch.nn.Parameter(torch.zeros(1))
    wrapper = optim.OptimWrapper(SGD([weight], lr=0.1), accumulative_counts=4)
    scheduler = optim.ExponentialLR(wrapper, gamma=0.5)
    wrapper.update_params((weight * weight).sum())
    assert _one_step(scheduler) == []


def test_a_resumed_schedule_has_had_its_first_step() -> None:
    optimizer = make_optimizer()
    first = optim.ExponentialLR(optimizer, gamma=0.5)
    optimizer.step()
    first.step()
    resumed = optim.ExponentialLR(optimizer, gamma=0.5)
    resumed.load_state_dict(first.state_dict())
    assert _one_step(resumed) == []
    assert _one_step(optim.ExponentialLR(optimizer, gamma=0.5, last_step=1)) == []


def test_any_option_can_be_scheduled() -> None:
    optimizer = make_optimizer(weight_decay=0.4)
    optim.StepParamScheduler(optimizer, "weight_decay", step_size=1, gamma=0.5).step()
    assert optimizer.param_groups[0]["weight_decay"] == pytest.approx(0.2)


def test_a_tensor_stays_the_same_tensor() -> None:
    lr = torch.tensor(0.1)
    optimizer = make_optimizer(lr=lr)
    optim.ExponentialLR(optimizer, gamma=0.5).step()
    assert optimizer.param_groups[0]["lr"] is lr
    assert lr.item() == pytest.approx(0.05)


def test_values_are_logged_when_asked_for(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="engine"):
        optim.ExponentialLR(make_optimizer(), gamma=0.5, verbose=True).step()
    assert [record.getMessage() for record in caplog.records] == [
        "lr of parameter group 0 is now 1.0000e-01",
        "lr of parameter group 0 is now 5.0000e-02",
    ]


def test_a_wrong_keyword_shows_the_right_ones() -> None:
    with pytest.raises(TypeError, match=r"(?s)'gama'.*StepLR\(optimizer, step_size, gamma=0.1"):
        build({"type": "StepLR", "step_size": 1, "gama": 0.1}, make_optimizer())


@pytest.mark.parametrize(
    ("cfg", "message"),
    [
        ({"type": "StepLR", "step_size": 1, "begin": 3, "end": 3}, "begin=3, end=3"),
        ({"type": "StepLR", "step_size": 0}, "step_size must be 1 or more, got 0"),
        ({"type": "ConstantLR", "factor": 2}, "factor must be between 0 and 1, got 2"),
        ({"type": "LinearLR", "start_factor": 0}, "start_factor must be more than 0"),
        ({"type": "CosineAnnealingLR", "T_max": 0}, "T_max must be 1 or more"),
        (
            {"type": "CosineAnnealingLR", "eta_min": 0.1, "eta_min_ratio": 0.1},
            "eta_min or eta_min_ratio, not both",
        ),
        ({"type": "CosineRestartLR", "periods": [1, 2]}, "2 periods and 1 weights"),
        ({"type": "OneCycleLR", "total_steps": 0}, "total_steps must be 1 or more"),
        ({"type": "OneCycleLR", "pct_start": 2}, "pct_start must be between 0 and 1"),
        ({"type": "OneCycleLR", "anneal_strategy": "x"}, "'cos' or 'linear', not 'x'"),
        (
            {"type": "StepLR", "step_size": 1, "by_epoch": False, "convert_to_iter_based": True},
            "only a schedule with by_epoch=True",
        ),
    ],
)
def test_a_bad_option_is_an_error(cfg: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build(cfg, make_optimizer(), epoch_length=10)


def test_a_bad_optimizer_or_state_is_an_error() -> None:
    with pytest.raises(TypeError, match="needs a torch optimizer or an OptimWrapper, got str"):
        optim.StepLR("sgd", step_size=1)  # type: ignore[arg-type]  # the mistake
    with pytest.raises(KeyError, match="'rho', which the optimizer's parameter groups don't have"):
        optim.StepParamScheduler(make_optimizer(), "rho", step_size=1)
    with pytest.raises(KeyError, match="no 'initial_lr'"):
        optim.StepLR(make_optimizer(), step_size=1, last_step=3)
    with pytest.raises(ValueError, match="lacks base_values"):
        optim.StepLR(make_optimizer(), step_size=1).load_state_dict({"last_step": 3})
    with pytest.raises(ValueError, match="iterations of an epoch, got None"):
        optim.StepLR.build_iter_from_epoch(make_optimizer(), step_size=1)


class _Loop:
    """What a schedule asks of a training loop."""

    max_epochs, max_iters = 6, 60

    def __init__(self, by_epoch: bool) -> None:
        self.by_epoch = by_epoch


@pytest.mark.parametrize(
    ("cfg", "by_epoch", "expected"),
    [
        ({"type": "CosineAnnealingLR"}, True, (True, 6)),
        ({"type": "CosineAnnealingLR"}, False, (False, 60)),
        ({"type": "CosineAnnealingLR", "by_epoch": False}, True, (False, 60)),
        ({"type": "CosineAnnealingLR", "end": 4}, False, (False, 4)),
        ({"type": "CosineAnnealingLR", "T_max": 4}, False, (False, INF)),
        ({"type": "StepLR", "step_size": 2}, False, (False, INF)),
        ({"type": "StepLR", "step_size": 2}, True, (True, INF)),
    ],
)
def test_a_schedule_fits_to_the_loop(
    cfg: dict[str, Any], by_epoch: bool, expected: tuple[bool, float]
) -> None:
    scheduler = build(cfg, make_optimizer(), loop=_Loop(by_epoch))
    assert (scheduler.by_epoch, scheduler.end) == expected


def test_a_schedule_does_not_count_epochs_that_are_not_there() -> None:
    cfg = {"type": "StepLR", "step_size": 2, "by_epoch": True}
    with pytest.raises(ValueError, match=r"StepLR is set to count epochs, but .* \(max_iters\)"):
        build(cfg, make_optimizer(), loop=_Loop(by_epoch=False))
    converted = build(
        {**cfg, "convert_to_iter_based": True}, make_optimizer(), loop=_Loop(False), epoch_length=5
    )
    assert (converted.by_epoch, converted.step_size) == (False, 10)


def test_a_curve_has_a_length() -> None:
    with pytest.raises(ValueError, match="CosineAnnealingLR needs end or T_max, by which it knows"):
        build({"type": "CosineAnnealingLR"}, make_optimizer())
