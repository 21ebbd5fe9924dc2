"""From the configs of the parts of a run to the parts."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from torch import nn
from torch.utils.data import DataLoader

from engine.config import Config
from engine.dist import get_rank, get_world_size, is_main_process
from engine.evaluator import BaseMetric, Evaluator
from engine.logging import MessageHub, get_logger
from engine.model import (
    turn_on_activation_checkpointing,
    turn_on_efficient_conv_bn_eval,
    unwrapped,
)
from engine.optim import OptimWrapper, OptimWrapperDict, build_optim_wrapper
from engine.registry import (
    DATA_SAMPLERS,
    DATASETS,
    EVALUATOR,
    FUNCTIONS,
    LOG_PROCESSORS,
    LOOPS,
    MODELS,
    PARAM_SCHEDULERS,
    STRATEGIES,
    VISUALIZERS,
)
from engine.visualization import Visualizer

from ._log_processor import LogProcessor
from .strategies._strategy import BaseStrategy

Cfg = Mapping[str, Any]


class BuildsParts:
    """The runner's verbs of building; each takes a config or the part itself."""

    cfg: Config
    seed: int
    launcher: str
    experiment_name: str
    log_dir: str
    model: Any
    strategy: BaseStrategy
    optim_wrapper: OptimWrapper
    train_loop: Any

    def build_strategy(
        self, strategy: BaseStrategy | Cfg | None, compile: bool | Cfg = False
    ) -> BaseStrategy:
        """Build the strategy.

        Args:
            strategy: A strategy or its config; its class follows from the launcher if it has no
                `type`.
            compile: Whether the model is compiled, or how; for a config that does not say it.
        """
        if strategy is not None and not isinstance(strategy, Mapping):
            return strategy
        cfg: dict[str, Any] = {"type": "SingleDeviceStrategy", **(strategy or {})}
        if self.launcher != "none" and cfg["type"] == "SingleDeviceStrategy":
            cfg.update(type="DDPStrategy", launcher=self.launcher)
        if compile:
            cfg.setdefault("compile", compile)
        return cast("BaseStrategy", STRATEGIES.build(cfg))

    def build_model(
        self, model: nn.Module | Cfg, data_preprocessor: nn.Module | Cfg | None = None
    ) -> nn.Module:
        """Build the model, and save memory where the config of the run says so.

        Its keys `activation_checkpointing` and `efficient_conv_bn_eval` name modules of the model.

        Args:
            model: The model or its config.
            data_preprocessor: For a config that has none of its own.
        """
        if not isinstance(model, nn.Module):
            given = data_preprocessor is not None
            defaults = {"data_preprocessor": data_preprocessor} if given else None
            model = MODELS.build(model, default_args=defaults)
        if modules := self.cfg.get("efficient_conv_bn_eval"):
            turn_on_efficient_conv_bn_eval(model, modules)
        if modules := self.cfg.get("activation_checkpointing"):
            turn_on_activation_checkpointing(model, modules)
        return model

    def wrap_model(self, model_wrapper_cfg: Cfg | None, model: nn.Module) -> nn.Module:
        """Bring the model to where the strategy runs it."""
        return self.strategy.prepare(model, model_wrapper_cfg)

    def build_dataloader(
        self,
        dataloader: DataLoader[Any] | Cfg,
        seed: int | None = None,
        diff_rank_seed: bool = False,
    ) -> DataLoader[Any]:
        """Build a data loader.

        Args:
            dataloader: A loader, or its config: `dataset`, `sampler` (or `batch_sampler`),
                `collate_fn` and what else `torch.utils.data.DataLoader` takes.
            seed: The seed of the sampler; None means that of the run.
            diff_rank_seed: Whether the samplers of different processes have seeds of their own.
        """
        if not isinstance(dataloader, Mapping):
            return dataloader
        seed = self.seed if seed is None else seed
        cfg = dict(dataloader)
        dataset = _built(DATASETS, cfg.pop("dataset"))
        if hasattr(dataset, "full_init"):
            dataset.full_init()
        order = {"dataset": dataset, "seed": seed + get_rank() if diff_rank_seed else seed}
        cfg["sampler"] = _built(DATA_SAMPLERS, cfg.get("sampler"), order)
        if isinstance(cfg.get("batch_sampler"), Mapping):
            groups = {"sampler": cfg.pop("sampler"), "batch_size": cfg.pop("batch_size")}
            cfg["batch_sampler"] = _built(DATA_SAMPLERS, cfg["batch_sampler"], groups)
        cfg["collate_fn"] = _function(cfg.get("collate_fn", "pseudo_collate"))
        return DataLoader(dataset, **cfg)

    def build_optim_wrapper(self, optim_wrapper: OptimWrapper | Cfg) -> OptimWrapper:
        """Build the optimizer and its wrapper.

        Args:
            optim_wrapper: A wrapper, its config, or several wrappers by name.
        """
        if not isinstance(optim_wrapper, Mapping):
            return optim_wrapper
        if any(isinstance(each, OptimWrapper) for each in optim_wrapper.values()):
            return OptimWrapperDict(**optim_wrapper)
        cfg = self.strategy.optim_wrapper_cfg(optim_wrapper)
        return build_optim_wrapper(unwrapped(self.model), cfg)

    def scale_lr(self, optim_wrapper: OptimWrapper, auto_scale_lr: Cfg | None = None) -> None:
        """Scale the learning rates by the batch size, where that is enabled.

        Args:
            optim_wrapper: What has the learning rates.
            auto_scale_lr: `enable`, and `base_batch_size`, for which the rates were chosen.
        """
        if not auto_scale_lr or not auto_scale_lr.get("enable", False):
            return
        real = get_world_size() * (self.train_loop.dataloader.batch_size or 1)
        ratio = real / auto_scale_lr["base_batch_size"]
        get_logger().info("The learning rate is scaled by %g, the batch size being %d", ratio, real)
        for group in optim_wrapper.param_groups:
            group["lr"] *= ratio

    def build_param_scheduler(self, scheduler: Any) -> list[Any]:
        """Build the schedulers.

        Args:
            scheduler: A scheduler or its config, several of them, or None. Where the model has
                several optimizers, the same for each of them, or a mapping by their names.

        Raises:
            ValueError: If there is no optimizer of a name.
        """
        if not isinstance(self.optim_wrapper, OptimWrapperDict):
            return self._schedulers(scheduler, self.optim_wrapper)
        by_name = scheduler
        if not isinstance(scheduler, Mapping) or "type" in scheduler:
            by_name = dict.fromkeys(self.optim_wrapper.keys(), scheduler)
        if unknown := [name for name in by_name if name not in self.optim_wrapper]:
            known = ", ".join(self.optim_wrapper.keys())
            raise ValueError(f"param_scheduler.{unknown[0]}: the optimizers are {known}")
        return [
            each
            for name, given in by_name.items()
            for each in self._schedulers(given, self.optim_wrapper[name])
        ]

    def _schedulers(self, scheduler: Any, optim_wrapper: OptimWrapper) -> list[Any]:
        if scheduler is None:
            return []
        given = scheduler if isinstance(scheduler, Sequence) else [scheduler]
        length = len(self.train_loop.dataloader)
        args = {"optimizer": optim_wrapper, "epoch_length": length}
        return [_built(PARAM_SCHEDULERS, each, args) for each in given]

    def build_evaluator(
        self, evaluator: Evaluator | BaseMetric | Cfg | Sequence[BaseMetric | Cfg]
    ) -> Evaluator:
        """Build an evaluator.

        Args:
            evaluator: An evaluator, its config (with `metrics`), or its metrics or their configs.
        """
        if isinstance(evaluator, Evaluator):
            return evaluator
        if isinstance(evaluator, Mapping) and "metrics" in evaluator:
            built = EVALUATOR.build(evaluator, default_args={"type": "Evaluator"})
            return cast("Evaluator", built)
        return Evaluator(evaluator)

    def build_message_hub(self, message_hub: Cfg | None = None) -> MessageHub:
        """Build the message hub, with the name of the run where its config has none."""
        return MessageHub(**{"name": self.experiment_name, **(message_hub or {})})

    def build_log_processor(self, log_processor: LogProcessor | Cfg | None) -> LogProcessor:
        """Build the log processor."""
        return cast(
            "LogProcessor", _built(LOG_PROCESSORS, log_processor or {}, {"type": "LogProcessor"})
        )

    def build_visualizer(self, visualizer: Visualizer | Cfg | None) -> Visualizer:
        """Build the visualizer; only that of the first process has back ends."""
        defaults = {
            "type": "Visualizer",
            "name": self.experiment_name,
            "vis_backends": [{"type": "LocalVisBackend"}],
            "save_dir": self.log_dir,
        }
        if isinstance(visualizer, Mapping) and not is_main_process():
            visualizer = {**visualizer, "vis_backends": None}
        elif not is_main_process():
            defaults["vis_backends"] = []
        return cast("Visualizer", _built(VISUALIZERS, visualizer or {}, defaults))

    def build_train_loop(self, loop: Any, dataloader: DataLoader[Any] | Cfg | None = None) -> Any:
        """Build the training loop: by epochs, by iterations, or of the type in its config.

        Args:
            loop: The loop or its config.
            dataloader: The training data.
        """
        if not isinstance(loop, Mapping):
            return loop
        cfg = dict(loop)
        by_epoch = cfg.pop("by_epoch", "max_iters" not in cfg)
        kind = "EpochBasedTrainLoop" if by_epoch else "IterBasedTrainLoop"
        defaults = {"type": kind, "runner": self, "dataloader": dataloader}
        return LOOPS.build(cfg, default_args=defaults)

    def build_val_loop(self, loop: Any, dataloader: Any = None, evaluator: Any = None) -> Any:
        """Build the validation loop, of `ValLoop` where its config has no type."""
        args = {"runner": self, "dataloader": dataloader, "evaluator": evaluator}
        return _built(LOOPS, loop, {"type": "ValLoop", **args})

    def build_test_loop(self, loop: Any, dataloader: Any = None, evaluator: Any = None) -> Any:
        """Build the test loop, of `TestLoop` where its config has no type."""
        args = {"runner": self, "dataloader": dataloader, "evaluator": evaluator}
        return _built(LOOPS, loop, {"type": "TestLoop", **args})


def _built(registry: Any, part: Any, defaults: Cfg | None = None) -> Any:
    """Build a part of its config; return one that is built already."""
    return registry.build(part, default_args=defaults) if isinstance(part, Mapping) else part


def _function(given: Any) -> Callable[..., Any]:
    """Return a function by its name, by a config with some of its arguments, or as it is."""
    if isinstance(given, str):
        return FUNCTIONS.start_of_build().get(given)
    if isinstance(given, Mapping):
        args = dict(given)
        return functools.partial(_function(args.pop("type")), **args)
    return cast("Callable[..., Any]", given)
