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
    check_options,
    needs_trust,
)
from engine.registry.restrictions import STARTS_WORKERS
from engine.utils import mutable_copy
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
    message_hub: MessageHub
    train_loop: Any
    counts_epochs: Callable[..., bool]

    _optim_wrapper: OptimWrapper | None = None

    @property
    def optim_wrapper(self) -> OptimWrapper:
        """The optimizer and its wrapper, once the training was begun.

        Raises:
            RuntimeError: Before that.
        """
        if self._optim_wrapper is None:
            raise RuntimeError("optim_wrapper is not built yet: runner.train() builds it")
        return self._optim_wrapper

    @optim_wrapper.setter
    def optim_wrapper(self, optim_wrapper: OptimWrapper) -> None:
        self._optim_wrapper = optim_wrapper

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
        cfg = mutable_copy(strategy or {})
        given: dict[str, Any] = {"type": "engine.SingleDeviceStrategy"}
        is_single = cfg.get("type", given["type"]) in ("SingleDeviceStrategy", given["type"])
        if self.launcher != "none" and is_single:
            cfg.pop("type", None)
            given = {"type": "engine.DDPStrategy", "launcher": self.launcher}
        if compile:
            given["compile"] = compile
        return cast("BaseStrategy", STRATEGIES.build(cfg, default_args=given))

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
        check_options(make_loader, dataloader)
        cfg = dict(dataloader)
        dataset = _built(DATASETS, cfg.pop("dataset"))
        if hasattr(dataset, "full_init"):
            dataset.full_init()
        order = {"dataset": dataset, "seed": seed + get_rank() if diff_rank_seed else seed}
        cfg["sampler"] = _built(DATA_SAMPLERS, cfg.get("sampler"), order)
        if isinstance(cfg.get("batch_sampler"), Mapping):
            groups = {"sampler": cfg.pop("sampler"), "batch_size": cfg.pop("batch_size")}
            cfg["batch_sampler"] = _built(DATA_SAMPLERS, cfg["batch_sampler"], groups)
        cfg["collate_fn"] = _function(dataloader, "collate_fn", "engine.pseudo_collate")
        return make_loader(dataset, **cfg)

    def build_optim_wrapper(self, optim_wrapper: OptimWrapper | Cfg) -> OptimWrapper:
        """Build the optimizer and its wrapper.

        Args:
            optim_wrapper: A wrapper, its config, or several wrappers by name.
        """
        built: Any = optim_wrapper
        if isinstance(optim_wrapper, Mapping):
            if any(isinstance(each, OptimWrapper) for each in optim_wrapper.values()):
                built = OptimWrapperDict(**optim_wrapper)
            else:
                cfg = self.strategy.optim_wrapper_cfg(optim_wrapper)
                built = build_optim_wrapper(unwrapped(self.model), cfg)
        for each in built.values() if isinstance(built, OptimWrapperDict) else [built]:
            each.message_hub = self.message_hub
        return cast("OptimWrapper", built)

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
        args = {"optimizer": optim_wrapper, "epoch_length": length, "loop": self.train_loop}
        built = [_built(PARAM_SCHEDULERS, each, args) for each in given]
        for each in built:  # one that was given as an object says what it counts
            if each.by_epoch and not each.need_val_args:
                self.counts_epochs(True, type(each).__name__)
        return built

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
            built = EVALUATOR.build(evaluator, default_args={"type": "engine.Evaluator"})
            return cast("Evaluator", built)
        return Evaluator(evaluator)

    def build_message_hub(self, message_hub: Cfg | None = None) -> MessageHub:
        """Build the message hub, with the name of the run where its config has none."""
        return MessageHub(**{"name": self.experiment_name, **(message_hub or {})})

    def build_log_processor(self, log_processor: LogProcessor | Cfg | None) -> LogProcessor:
        """Build the log processor."""
        return cast(
            "LogProcessor",
            _built(LOG_PROCESSORS, log_processor or {}, {"type": "engine.LogProcessor"}),
        )

    def build_visualizer(self, visualizer: Visualizer | Cfg | None) -> Visualizer:
        """Build the visualizer; only that of the first process has back ends."""
        defaults = {
            "type": "engine.Visualizer",
            "name": self.experiment_name,
            "vis_backends": [{"type": "engine.LocalVisBackend"}],
            "save_dir": self.log_dir,
        }
        if isinstance(visualizer, Mapping) and not is_main_process():
            visualizer = mutable_copy(visualizer)
            visualizer["vis_backends"] = None
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
        cfg = mutable_copy(loop)
        by_epoch = cfg.pop("by_epoch", "max_iters" not in cfg)
        kind = "engine.EpochBasedTrainLoop" if by_epoch else "engine.IterBasedTrainLoop"
        defaults = {"type": kind, "runner": self, "dataloader": dataloader}
        return LOOPS.build(cfg, default_args=defaults)

    def build_val_loop(self, loop: Any, dataloader: Any = None, evaluator: Any = None) -> Any:
        """Build the validation loop, of `ValLoop` where its config has no type."""
        args = {"runner": self, "dataloader": dataloader, "evaluator": evaluator}
        return _built(LOOPS, loop, {"type": "engine.ValLoop", **args})

    def build_test_loop(self, loop: Any, dataloader: Any = None, evaluator: Any = None) -> Any:
        """Build the test loop, of `TestLoop` where its config has no type."""
        args = {"runner": self, "dataloader": dataloader, "evaluator": evaluator}
        return _built(LOOPS, loop, {"type": "engine.TestLoop", **args})


def _built(registry: Any, part: Any, defaults: Cfg | None = None) -> Any:
    """Build a part of its config; return one that is built already."""
    return registry.build(part, default_args=defaults) if isinstance(part, Mapping) else part


def _function(cfg: Cfg, key: str, default: str) -> Callable[..., Any]:
    """Return the function of a key: by its name, by a config with arguments, or as it is."""
    given = cfg.get(key, default)
    if isinstance(given, str):
        return FUNCTIONS.get_from(cfg, key) if key in cfg else FUNCTIONS.get(given)
    if isinstance(given, Mapping):
        args = {name: value for name, value in given.items() if name != "type"}
        return functools.partial(_function(given, "type", ""), **args)
    return cast("Callable[..., Any]", given)


@needs_trust(multiprocessing_context=STARTS_WORKERS)
def make_loader(*args: Any, **kwargs: Any) -> DataLoader[Any]:
    """Make a `torch.utils.data.DataLoader`, some of whose options data may not set."""
    return DataLoader(*args, **kwargs)
