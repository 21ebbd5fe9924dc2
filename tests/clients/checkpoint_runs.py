"""Small trainings that MMEngine and engine run alike.

Nothing here imports either of them: who runs a training says whose classes to take.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn


class ToyModel(nn.Module):
    """A regression with a normalization layer, which notes what it was trained with."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(3, 4, bias=False), nn.BatchNorm1d(4))
        self.head = nn.Linear(4, 1)
        with torch.no_grad():
            for number, parameter in enumerate(self.parameters(), 1):
                start = torch.arange(parameter.numel()).reshape(parameter.shape)
                parameter.copy_(torch.sin(number * (start + 1.0)))
        self.losses: list[float] = []
        self.samples: list[list[int]] = []
        self.options: list[dict[str, list[float]]] = []

    def train_step(self, data: Any, optim_wrapper: Any) -> dict[str, Tensor]:
        self.samples.append([int(each) for each in data["index"]])
        wrappers = dict(optim_wrapper.items()) if hasattr(optim_wrapper, "items") else None
        self.options.append(dict(self._options(wrappers or {"": optim_wrapper})))
        with next(iter((wrappers or {"": optim_wrapper}).values())).optim_context(self):
            loss = (self.head(self.backbone(data["x"])) - data["y"]).square().mean()
        if wrappers is None:
            optim_wrapper.update_params(loss)
        else:
            loss.backward()
            for wrapper in wrappers.values():
                wrapper.step()
                wrapper.zero_grad()
        self.losses.append(loss.item())
        return {"loss": loss.detach()}

    def val_step(self, data: Any) -> list[Any]:
        error = (self.head(self.backbone(data["x"])) - data["y"]).abs()
        return [{"error": each.item()} for each in error]

    test_step = val_step

    def _options(self, wrappers: dict[str, Any]) -> Iterator[tuple[str, list[float]]]:
        """Yield the learning rate and the momentum of each parameter by its name."""
        names = {id(parameter): name for name, parameter in self.named_parameters()}
        for wrapper in wrappers.values():
            for group in wrapper.optimizer.param_groups:
                momentum = group["betas"][0] if "betas" in group else group["momentum"]
                for parameter in group["params"]:
                    yield names[id(parameter)], [group["lr"], momentum]


class ToyData(torch.utils.data.Dataset[dict[str, Tensor]]):
    """Sixteen points."""

    metainfo: dict[str, Any] = {"classes": ("a", "b")}  # noqa: RUF012  # as datasets have it

    def __len__(self) -> int:
        return 16

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        x = torch.cos(torch.arange(1, 4) * (index + 1.0))
        return {"x": x, "y": x.sum()[None], "index": torch.tensor(index)}


def runs(library: ModuleType) -> dict[str, dict[str, Any]]:
    """Return the config of each training; it takes up a checkpoint of its middle.

    Args:
        library: `mmengine` or `engine`.
    """

    class MeanError(library.evaluator.BaseMetric):  # type: ignore[name-defined,misc]
        default_prefix = "toy"

        def process(self, data_batch: Any, data_samples: Any) -> None:
            self.results += [each["error"] for each in data_samples]

        def compute_metrics(self, results: list[float]) -> dict[str, float]:
            return {"error": sum(results) / len(results)}

    def loader(sampler: str = "DefaultSampler", shuffle: bool = True) -> dict[str, Any]:
        return {
            "batch_size": 4,
            "num_workers": 0,
            "dataset": ToyData(),
            "sampler": {"type": sampler, "shuffle": shuffle},
            "collate_fn": {"type": "default_collate"},
        }

    def by_epoch(**changes: Any) -> dict[str, Any]:
        return {
            "train_dataloader": loader(),
            "train_cfg": {"by_epoch": True, "max_epochs": 4},
            "default_hooks": {
                "checkpoint": {"type": "CheckpointHook", "interval": 2, "max_keep_ckpts": 3},
                "logger": {"type": "LoggerHook", "interval": 1},
            },
            **changes,
        }

    def by_iter(data: dict[str, Any], **changes: Any) -> dict[str, Any]:
        return {
            "train_dataloader": data,
            "train_cfg": {"by_epoch": False, "max_iters": 12},
            "default_hooks": {
                "checkpoint": {"type": "CheckpointHook", "interval": 6, "by_epoch": False},
                "logger": {"type": "LoggerHook", "interval": 1},
            },
            "log_processor": {"by_epoch": False},
            **changes,
        }

    sgd = {"type": "SGD", "lr": 0.05, "momentum": 0.9, "weight_decay": 0.01}
    adamw = {"type": "AdamW", "lr": 0.02, "weight_decay": 0.1}
    paramwise = {
        "custom_keys": {"head": {"lr_mult": 2.0}},
        "norm_decay_mult": 0.0,
        "bias_decay_mult": 0.0,
    }
    warm_up = {"type": "LinearLR", "start_factor": 0.1, "by_epoch": False, "begin": 0, "end": 6}

    def evaluated(**changes: Any) -> dict[str, Any]:
        parts = by_epoch(**changes)
        parts["default_hooks"]["checkpoint"]["save_best"] = "toy/error"
        parts["default_hooks"]["checkpoint"]["rule"] = "less"
        return {
            **parts,
            "val_dataloader": loader(shuffle=False),
            "val_cfg": {},
            "val_evaluator": {"type": MeanError},
        }

    def two_optimizers() -> dict[str, Any]:
        model = ToyModel()
        wrap = library.optim.OptimWrapper
        wrappers = {
            "body": wrap(torch.optim.AdamW(model.backbone.parameters(), lr=0.02)),
            "head": wrap(torch.optim.SGD(model.head.parameters(), lr=0.05, momentum=0.8)),
        }
        return by_epoch(
            model=model,
            optim_wrapper=library.optim.OptimWrapperDict(**wrappers),
            param_scheduler={
                "body": [{"type": "OneCycleLR", "eta_max": 0.02, "total_steps": 4}],
                "head": [{"type": "PolyLR", "power": 0.9, "by_epoch": False, "end": 16}],
            },
        )

    curves: list[dict[str, Any]] = [
        {"type": "ConstantLR", "factor": 0.5, "begin": 0, "end": 3},
        {"type": "StepLR", "step_size": 2, "gamma": 0.5, "begin": 1, "end": 8},
        {"type": "ExponentialLR", "gamma": 0.9, "begin": 2, "end": 10},
        {"type": "PolyLR", "power": 0.9, "eta_min": 0.001, "begin": 4, "end": 12},
        {"type": "CosineRestartLR", "periods": [4, 8], "restart_weights": [1, 0.5], "eta_min": 0.0},
        {"type": "StepMomentum", "step_size": 3, "gamma": 0.9},
    ]
    return {
        "epoch_sgd": evaluated(
            model=ToyModel(),
            optim_wrapper={"type": "OptimWrapper", "optimizer": sgd, "paramwise_cfg": paramwise},
            param_scheduler=[
                warm_up,
                {"type": "MultiStepLR", "milestones": [1, 3], "gamma": 0.1, "by_epoch": True},
                {
                    "type": "LinearMomentum",
                    "start_factor": 0.5,
                    "by_epoch": True,
                    "end": 4,
                    "convert_to_iter_based": True,
                },
            ],
        ),
        "epoch_plateau": evaluated(
            model=ToyModel(),
            optim_wrapper={"type": "OptimWrapper", "optimizer": sgd, "accumulative_counts": 2},
            param_scheduler={
                "type": "ReduceOnPlateauLR",
                "monitor": "toy/error",
                "rule": "greater",
                "patience": 0,
                "factor": 0.5,
            },
            custom_hooks=[{"type": "EMAHook", "momentum": 0.2, "update_buffers": True}],
        ),
        "epoch_two_optimizers": two_optimizers(),
        "iter_adamw": by_iter(
            loader("InfiniteSampler", shuffle=False),
            model=ToyModel(),
            optim_wrapper={
                "type": "OptimWrapper",
                "optimizer": adamw,
                "paramwise_cfg": paramwise,
                "clip_grad": {"max_norm": 1.0},
            },
            param_scheduler=[
                {**warm_up, "end": 4},
                {"type": "CosineAnnealingLR", "by_epoch": False, "begin": 4, "end": 12},
                {"type": "CosineAnnealingMomentum", "by_epoch": False, "end": 12, "eta_min": 0.5},
            ],
            custom_hooks=[{"type": "EMAHook", "momentum": 0.1, "begin_iter": 2}],
        ),
        "iter_curves": by_iter(
            loader(),
            model=ToyModel(),
            optim_wrapper={"type": "OptimWrapper", "optimizer": sgd},
            param_scheduler=[{**each, "by_epoch": False} for each in curves],
        ),
    }
