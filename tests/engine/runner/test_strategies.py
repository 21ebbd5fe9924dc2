"""Where and how a model runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from engine.config import Config
from engine.model import BaseModel
from engine.optim import AmpOptimWrapper
from engine.registry import STRATEGIES
from engine.runner import BaseStrategy, Runner, SingleDeviceStrategy, autocast

CfgMaker = Callable[..., Config]


class Seen(BaseModel):
    """Notes the precision in which it computes, by mode."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 3)
        self.seen: dict[str, torch.dtype] = {}

    def forward(self, inputs: Tensor, data_samples: Any = None, mode: str = "tensor") -> Any:
        out = self.fc(inputs)
        self.seen[mode] = out.dtype
        if mode == "loss":
            return {"loss": nn.functional.cross_entropy(out.float(), data_samples)}
        return [{"pred": a, "label": b} for a, b in zip(out.argmax(1), data_samples, strict=True)]


@pytest.mark.parametrize(
    ("precision", "dtype"),
    [("bf16", torch.bfloat16), ("fp16", torch.float16), (None, torch.float32)],
)
def test_a_precision_holds_in_training_and_validation(
    toy_cfg: CfgMaker, precision: str | None, dtype: torch.dtype
) -> None:
    cfg = toy_cfg(model={"type": Seen}, strategy={"device": "cpu", "precision": precision})
    runner = Runner.from_cfg(cfg)
    runner.train()
    assert runner.model.seen == {"loss": dtype, "predict": dtype}
    assert runner.model.fc.weight.dtype == torch.float32
    assert isinstance(runner.optim_wrapper, AmpOptimWrapper) == (precision is not None)
    if isinstance(runner.optim_wrapper, AmpOptimWrapper) and precision == "fp16":
        assert runner.optim_wrapper.loss_scaler.is_enabled()
    assert runner.test()["acc"] > 0.4


def test_validation_in_half_precision_alone(toy_cfg: CfgMaker) -> None:
    cfg = toy_cfg(model={"type": Seen}, val_cfg={"fp16": True}, strategy={"device": "cpu"})
    runner = Runner.from_cfg(cfg)
    runner.train()
    assert runner.model.seen == {"loss": torch.float32, "predict": torch.float16}


@pytest.mark.parametrize("where", ["strategy", "compile"])
def test_compilation_changes_no_weight_and_no_key(toy_cfg: CfgMaker, where: str) -> None:
    plain = Runner.from_cfg(toy_cfg())
    plain.train()
    how = {"backend": "eager"}
    changes: dict[str, Any] = {"compile": how}
    if where == "strategy":
        changes = {"strategy": {"compile": how}}
    runner = Runner.from_cfg(toy_cfg(**changes))
    torch._dynamo.reset()
    runner.train()
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] > 0
    assert list(runner.model.state_dict()) == list(plain.model.state_dict())
    for ours, theirs in zip(runner.model.parameters(), plain.model.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    Runner.from_cfg(toy_cfg(load_from=str(f"{runner.work_dir}/epoch_3.pth"))).test()


def test_another_method_may_be_compiled(toy_cfg: CfgMaker) -> None:
    strategy = SingleDeviceStrategy("cpu", compile={"target": "parse_losses", "backend": "eager"})
    runner = Runner.from_cfg(toy_cfg(strategy=strategy))
    assert runner.strategy is strategy
    loss, logged = runner.model.parse_losses({"loss_a": torch.ones(2), "loss_b": torch.ones(())})
    assert (float(loss), float(logged["loss"])) == (2.0, 2.0)
    assert "parse_losses" in vars(runner.model)


def test_mistakes(toy_cfg: CfgMaker) -> None:
    with pytest.raises(ValueError, match="precision is 'bf16', 'fp16' or None; got 'fp8'"):
        SingleDeviceStrategy("cpu", precision="fp8")
    with pytest.raises(ValueError, match="there is no device 'gpu'"):
        SingleDeviceStrategy("gpu")
    cfg = toy_cfg(strategy={"device": "cpu", "precision": "bf16"})
    cfg.optim_wrapper.type = "AmpOptimWrapper"
    with pytest.raises(
        ValueError, match="for which it makes an AmpOptimWrapper, and optim_wrapper"
    ):
        Runner.from_cfg(cfg).train()
    with pytest.raises(TypeError, match="abstract"):
        BaseStrategy()  # type: ignore[abstract]


def test_autocast() -> None:
    x = torch.ones(2, 2)
    cases: list[tuple[dict[str, Any], torch.dtype]] = [
        ({}, torch.bfloat16),
        ({"dtype": torch.float16}, torch.float16),
        ({"enabled": False}, torch.float32),
    ]
    for options, dtype in cases:
        with autocast("cpu", **options):
            assert (x @ x).dtype == dtype

    @autocast("cpu", enabled=False)  # type: ignore[untyped-decorator]  # of torch
    def multiply() -> torch.Tensor:
        return x @ x

    with autocast("cpu"):
        assert multiply().dtype == torch.float32


@STRATEGIES.register_module()
class Launched(SingleDeviceStrategy):
    """One that wants to know what has started the processes."""

    def __init__(self, launcher: str = "none", **options: Any) -> None:
        super().__init__(**options)
        self.launcher = launcher


@pytest.mark.parametrize("kind", [Launched, "Launched", "engine.Launched"])
@pytest.mark.parametrize("launcher", ["none", "pytorch"])
def test_a_strategy_that_takes_the_launcher_is_told(
    toy_cfg: CfgMaker, kind: Any, launcher: str
) -> None:
    cfg = toy_cfg(strategy={"type": kind, "device": "cpu"}, launcher=launcher)
    strategy: Any = Runner.from_cfg(cfg).strategy
    assert strategy.launcher == launcher


def test_a_strategy_that_does_not_take_the_launcher_is_not_told(toy_cfg: CfgMaker) -> None:
    class Plain(SingleDeviceStrategy):
        pass

    cfg = toy_cfg(strategy={"type": Plain, "device": "cpu"}, launcher="pytorch")
    assert type(Runner.from_cfg(cfg).strategy) is Plain
