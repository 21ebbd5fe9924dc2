"""Builders of the parts of a run, each from a config."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

from torch import nn
from torch.utils.data import DataLoader, IterableDataset

from engine import optim, registry
from engine.dist import get_data_info, is_main_process
from engine.evaluator import BaseMetric, Evaluator
from engine.logging import MessageHub, get_logger
from engine.model import (
    turn_on_activation_checkpointing,
    turn_on_efficient_conv_bn_eval,
    unwrap,
)
from engine.optim import OptimWrapper, OptimWrapperDict
from engine.registry import FUNCTIONS, STRATEGIES, check_options, needs_trust
from engine.registry.restrictions import STARTS_WORKERS
from engine.utils import mutable_copy
from engine.visualization import Visualizer

from ._strategies import BaseStrategy
from .run_table import DATALOADER, RUN, PartSpec
from .run_values import is_part

Cfg = Mapping[str, Any]


def checked_part(name: str, part: Any) -> Any:
    """Return a part or its config.

    Args:
        name: What the error calls it.
        part: The part.

    Raises:
        TypeError: If it is a text, a number or the like.
    """
    if part is None or not is_part(part):
        raise TypeError(f"{name}: it is a config (a mapping) or the part itself, not {part!r}")
    return part


def build_part(spec: PartSpec, cfg: Any, **given: Any) -> Any:
    """Build a part from its config, or return one that is built already.

    Args:
        spec: How it is built.
        cfg: The config, or the part.
        **given: Arguments for a config that lacks them.
    """
    if not isinstance(cfg, Mapping):
        return cfg
    default = spec.default(cfg)
    defaults = given if default is None else {"type": default, **given}
    return getattr(registry, spec.registry or "").build(cfg, default_args=defaults)


def build_strategy(
    strategy: BaseStrategy | Cfg | None, compile: bool | Cfg, launcher: str
) -> BaseStrategy:
    """Build the strategy: under a launcher a `DDPStrategy` unless its config names another.

    Args:
        strategy: A strategy or its config.
        compile: Whether the model is compiled, or how; for a config without this key.
        launcher: What started the processes of the run, for a strategy that takes it.
    """
    if strategy is not None and not isinstance(strategy, Mapping):
        return cast("BaseStrategy", checked_part("strategy", strategy))
    cfg = mutable_copy(strategy or {})
    given: Cfg = {"compile": compile} if compile else {}
    single = RUN["strategy"].defaults[0]
    is_single = cfg.get("type", single) in (single, single.rpartition(".")[2])
    if launcher != "none" and is_single:
        cfg.pop("type", None)
        given = {**given, "type": "engine.DDPStrategy", "launcher": launcher}
    elif launcher != "none" and _takes_launcher(cfg):
        given = {**given, "launcher": launcher}
    return cast("BaseStrategy", build_part(RUN["strategy"], cfg, **given))


def _takes_launcher(strategy: Cfg) -> bool:
    kind = strategy["type"]
    found = STRATEGIES.get_from(strategy, "type") if isinstance(kind, str) else kind
    return "launcher" in inspect.signature(found).parameters


def build_model(model: nn.Module | Cfg, data_preprocessor: Any, run_cfg: Cfg) -> nn.Module:
    """Build the model, with the changes to its modules that the config of the run asks for.

    Args:
        model: The model or its config.
        data_preprocessor: For a config without one.
        run_cfg: The config of the run; its keys `activation_checkpointing` and
            `efficient_conv_bn_eval` name modules of the model.
    """
    given = {} if data_preprocessor is None else {"data_preprocessor": data_preprocessor}
    built: nn.Module = build_part(RUN["model"], checked_part("model", model), **given)
    if modules := run_cfg.get("efficient_conv_bn_eval"):
        turn_on_efficient_conv_bn_eval(built, modules)
    if modules := run_cfg.get("activation_checkpointing"):
        turn_on_activation_checkpointing(built, modules)
    return built


def build_dataloader(
    dataloader: DataLoader[Any] | Cfg, seed: int, diff_rank_seed: bool = False
) -> DataLoader[Any]:
    """Build a data loader.

    Args:
        dataloader: A loader, or its config: `dataset`, `sampler` (or `batch_sampler`),
            `collate_fn`, and further arguments of `torch.utils.data.DataLoader`. With `stateful`
            it is the `StatefulDataLoader` of torchdata, which knows the place of each worker in an
            iterable dataset.
        seed: The seed of the sampler.
        diff_rank_seed: Whether the rank is added to the seed.
    """
    if not isinstance(dataloader, Mapping):
        return cast("DataLoader[Any]", checked_part("dataloader", dataloader))
    check_options(make_loader, dataloader)
    cfg, parts = dict(dataloader), DATALOADER.parts
    dataset = build_part(parts["dataset"], cfg.pop("dataset"))
    if hasattr(dataset, "full_init"):
        dataset.full_init()
    seed = seed + get_data_info()[0] if diff_rank_seed else seed
    cfg["sampler"] = build_part(parts["sampler"], cfg.get("sampler"), dataset=dataset, seed=seed)
    if isinstance(cfg.get("batch_sampler"), Mapping):
        given = {"sampler": cfg.pop("sampler"), "batch_size": cfg.pop("batch_size")}
        cfg["batch_sampler"] = build_part(parts["batch_sampler"], cfg["batch_sampler"], **given)
    cfg["collate_fn"] = get_function(dataloader, "collate_fn", "engine.pseudo_collate")
    return make_loader(dataset, **cfg)


@needs_trust(multiprocessing_context=STARTS_WORKERS)
def make_loader(dataset: Any, stateful: bool = False, **kwargs: Any) -> DataLoader[Any]:
    """Make a `torch.utils.data.DataLoader`, whose restricted options data can't set.

    Args:
        dataset: The dataset.
        stateful: Whether to make a `StatefulDataLoader` of torchdata.
        **kwargs: Further arguments of the loader.

    Raises:
        ValueError: If a dataset that is read by index is to have a stateful loader.
        ImportError: If torchdata is needed and not installed.
    """
    if not stateful:
        return DataLoader(dataset, **kwargs)
    if not isinstance(dataset, IterableDataset):
        raise ValueError(
            f"stateful=True is for an iterable dataset; {type(dataset).__name__} is read by index, "
            "and goes on in the middle of a pass without it"
        )
    try:
        from torchdata.stateful_dataloader import StatefulDataLoader  # optional
    except ImportError as error:
        raise ImportError(
            "stateful=True needs the package torchdata: pip install 'engine[streams]'"
        ) from error
    with warnings.catch_warnings():  # it calls a function of torch that does nothing any more
        warnings.filterwarnings("ignore", "'set_vital' is deprecated")
        return cast("DataLoader[Any]", StatefulDataLoader(dataset, **kwargs))


def build_optim_wrapper(
    optim_wrapper: OptimWrapper | Cfg, model: nn.Module, strategy: BaseStrategy, hub: MessageHub
) -> OptimWrapper:
    """Build the optimizer and its wrapper.

    Args:
        optim_wrapper: A wrapper, its config, or several wrappers by name.
        model: The model.
        strategy: The strategy, which chooses the precision.
        hub: Where gradient norms are logged.
    """
    built: Any = optim_wrapper
    if not isinstance(optim_wrapper, (OptimWrapper, Mapping)):
        raise TypeError(
            f"optim_wrapper: it is an OptimWrapper or its config, not {optim_wrapper!r}"
        )
    if isinstance(optim_wrapper, Mapping):
        if any(isinstance(each, OptimWrapper) for each in optim_wrapper.values()):
            built = OptimWrapperDict(**optim_wrapper)
        else:
            cfg = strategy.optim_wrapper_cfg(optim_wrapper)
            built = optim.build_optim_wrapper(unwrap(model), cfg)
    for each in _wrappers(built):
        each.message_hub = hub
    return cast("OptimWrapper", built)


def _wrappers(optim_wrapper: OptimWrapper) -> Iterable[OptimWrapper]:
    """Return a wrapper, or those that an `OptimWrapperDict` holds."""
    return (
        optim_wrapper.values() if isinstance(optim_wrapper, OptimWrapperDict) else [optim_wrapper]
    )


def scale_lr(optim_wrapper: OptimWrapper, auto_scale_lr: Cfg | None, batch_size: int) -> None:
    """Scale the learning rates by the batch size, if that is enabled.

    Args:
        optim_wrapper: The wrapper of the optimizer.
        auto_scale_lr: `enable`, and `base_batch_size`, for which the rates were chosen.
        batch_size: The batch size of each process.
    """
    if not auto_scale_lr or not auto_scale_lr.get("enable", False):
        return
    real = get_data_info()[1] * batch_size
    ratio = real / auto_scale_lr["base_batch_size"]
    get_logger().info("The learning rate is scaled by %g, the batch size being %d", ratio, real)
    for group in (each for wrapper in _wrappers(optim_wrapper) for each in wrapper.param_groups):
        group["lr"] *= ratio


def build_param_schedulers(
    scheduler: Any, optim_wrapper: OptimWrapper, epoch_length: int | None, loop: Any
) -> list[Any]:
    """Build the parameter schedulers.

    Args:
        scheduler: A scheduler or its config, several of them, or None. If the model has several
            optimizers, the same for each of them, or a mapping by their names.
        optim_wrapper: The wrapper of the optimizer.
        epoch_length: The iterations of an epoch; None if they are not known.
        loop: The training loop.

    Raises:
        ValueError: If there is no optimizer of a name.
    """
    if not isinstance(optim_wrapper, OptimWrapperDict):
        given = scheduler if isinstance(scheduler, Sequence) else [scheduler]
        args = {"optimizer": optim_wrapper, "epoch_length": epoch_length, "loop": loop}
        spec = RUN["param_scheduler"]
        return [build_part(spec, each, **args) for each in given if each is not None]
    by_name = scheduler
    if not isinstance(scheduler, Mapping) or "type" in scheduler:
        by_name = dict.fromkeys(optim_wrapper.keys(), scheduler)
    if unknown := [name for name in by_name if name not in optim_wrapper]:
        known = ", ".join(optim_wrapper.keys())
        raise ValueError(f"param_scheduler.{unknown[0]}: the optimizers are {known}")
    return [
        built
        for name, each in by_name.items()
        for built in build_param_schedulers(each, optim_wrapper[name], epoch_length, loop)
    ]


def build_evaluator(
    evaluator: Evaluator | BaseMetric | Cfg | Sequence[BaseMetric | Cfg],
) -> Evaluator:
    """Build an evaluator.

    Args:
        evaluator: An evaluator, its config (with `metrics`), or its metrics or their configs.
    """
    if isinstance(evaluator, Evaluator):
        return evaluator
    if isinstance(evaluator, Mapping) and "metrics" in evaluator:
        return cast("Evaluator", build_part(RUN["val_evaluator"], evaluator))
    return Evaluator(evaluator)


def build_visualizer(visualizer: Visualizer | Cfg | None, name: str, save_dir: str) -> Visualizer:
    """Build the visualizer; only rank 0 gives it backends.

    Args:
        visualizer: A visualizer or its config.
        name: The name of the run.
        save_dir: The folder for what it writes.

    Raises:
        ImportError: If a backend needs what is not installed.
    """
    backends: list[Cfg] = [{"type": "engine.LocalVisBackend"}]
    if not is_main_process():
        backends = []
        if isinstance(visualizer, Mapping):
            visualizer = mutable_copy(visualizer)
            visualizer["vis_backends"] = None
    given = {"name": name, "vis_backends": backends, "save_dir": save_dir}
    part = checked_part("visualizer", visualizer or {})
    built = cast("Visualizer", build_part(RUN["visualizer"], part, **given))
    built.check_installed()
    return built


def build_train_loop(loop: Cfg, runner: Any, dataloader: DataLoader[Any] | None) -> Any:
    """Build the training loop: by epochs, by iterations, or of the `type` in its config.

    Args:
        loop: The config of the loop.
        runner: The runner.
        dataloader: The training data.
    """
    cfg, spec = mutable_copy(loop), RUN["train_cfg"]
    given = {"type": spec.default(cfg), "runner": runner, "dataloader": dataloader}
    cfg.pop("by_epoch", None)
    return registry.LOOPS.build(cfg, default_args=given)


def get_function(cfg: Cfg, key: str, default: str) -> Callable[..., Any]:
    """Return the function under a key: given by name, by a config with arguments, or itself."""
    given = cfg.get(key, default)
    if isinstance(given, str):
        return FUNCTIONS.get_from(cfg, key) if key in cfg else FUNCTIONS.get(given)
    if isinstance(given, Mapping):
        args = {name: value for name, value in given.items() if name != "type"}
        return functools.partial(get_function(given, "type", ""), **args)
    return cast("Callable[..., Any]", given)
