"""Private attributes of MMEngine's classes that libraries use, as aliases of what is here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from importlib import import_module
from operator import attrgetter
from time import perf_counter, time
from types import ModuleType
from typing import Any


def _randomness_cfg(runner: Any) -> dict[str, Any]:
    return {"seed": runner.seed, "deterministic": runner.deterministic}


def _serialize_data(dataset: Any) -> Callable[[], tuple[Any, Any]]:
    """Return a method that packs the list of a dataset, and returns the bytes and their places."""

    def pack() -> tuple[Any, Any]:
        records = import_module("engine.dataset._packed_records").PackedRecords
        dataset.data_list = records.pack(dataset.data_list)
        arrays: tuple[Any, Any] = dataset.data_list.to_arrays()
        return arrays

    return pack


def _swap_ema_parameters(hook: Any) -> Callable[[], None]:
    """Return a method that puts the averaged weights into the model, or the trained ones back."""

    def swap() -> None:
        if hook._is_swapped:
            hook._recover()
        else:
            hook._use_average()

    return swap


def _swap_ema_state_dict(hook: Any) -> Callable[[dict[str, Any]], None]:
    """Return a method that swaps the averaged weights of a checkpoint and the trained ones."""

    def swap(checkpoint: dict[str, Any]) -> None:
        weights, averages = checkpoint["state_dict"], checkpoint["ema_state_dict"]
        for key in hook.ema_model.averaged_keys():
            if key in weights and (name := f"module.{key}") in averages:
                weights[key], averages[name] = averages[name], weights[key]

    return swap


def _to_mark(hook: Any, began: float) -> None:
    """Set when the present iteration began; clients give it by the clock of the day."""
    hook._mark = perf_counter() - (time() - began)


def _is_among(parameters: Mapping[str, Any], groups: Iterable[Mapping[str, Any]]) -> bool:
    """Return whether a group has a parameter that one of the others has."""
    known = {id(each) for group in groups for each in group["params"]}
    return any(id(each) in known for each in parameters["params"])


def _is_inside(drawer: Any, position: Any) -> bool:
    """Return whether points, of shape (..., 2), are within the image."""
    height, width = drawer._canvas.size
    x, y = position[..., 0], position[..., 1]
    return bool(((x >= 0) & (x < width) & (y >= 0) & (y < height)).all())


def _decide_current_val_interval(loop: Any) -> None:
    loop._set_val_interval(loop.epoch if loop.by_epoch else loop.iter)


def _dataloader_iterator(loop: Any) -> Iterator[Any]:
    """Return the batches of a loop, always the same iterator."""
    batches: Iterator[Any] = vars(loop).setdefault("dataloader_iterator", loop._endless())
    return batches


def _avg_parameters(average: Any) -> dict[str, Any]:
    """Return by name what is averaged."""
    module = average.module
    return module.state_dict() if average.update_buffers else dict(module.named_parameters())


# The aliases by module and class: each with the public attribute, a function of the instance, or a
# descriptor.
ALIASES: Mapping[str, Mapping[str, Mapping[str, str | property | Callable[[Any], Any]]]] = {
    "engine.config._config": {
        "Config": {"_cfg_dict": lambda config: config, "_text": "text"},
    },
    "engine.dataset._base": {"BaseDataset": {"_serialize_data": _serialize_data}},
    "engine.hooks._ema": {
        "EMAHook": {
            "_swap_ema_parameters": _swap_ema_parameters,
            "_swap_ema_state_dict": _swap_ema_state_dict,
        },
    },
    "engine.hooks._runtime_info": {
        "IterTimerHook": {
            "start_iter": "_start_iter",
            "t": property(lambda hook: time() - (perf_counter() - hook._mark), _to_mark),
            "time_sec_tot": "_train_seconds",
        },
    },
    "engine.model._averaged": {"BaseAveragedModel": {"avg_parameters": _avg_parameters}},
    "engine.model._base_module": {
        "BaseModule": {"_dump_init_info": lambda _: lambda *args: None},
    },
    "engine.optim.optimizer._constructor": {
        "DefaultOptimWrapperConstructor": {"_is_in": lambda _: _is_among},
    },
    "engine.runner._log_processor": {
        "LogProcessor": {
            "_get_cur_loop": lambda _: lambda runner, mode: getattr(runner, f"{mode}_loop"),
        },
    },
    "engine.runner._runner": {
        "Runner": {
            "_experiment_name": "experiment_name",
            "_hooks": "hooks",
            "_log_dir": "log_dir",
            "_randomness_cfg": _randomness_cfg,
        },
    },
    "engine.runner._train_loops": {
        "BaseTrainLoop": {
            "_decide_current_val_interval": lambda loop: partial(
                _decide_current_val_interval, loop
            ),
        },
        "IterBasedTrainLoop": {"dataloader_iterator": _dataloader_iterator},
    },
    "engine.visualization._backend": {
        "BaseVisBackend": {"_save_dir": "save_dir"},
    },
    "engine.visualization._drawing": {
        "ImageDrawer": {
            "_is_posion_valid": lambda drawer: partial(_is_inside, drawer),
            "ax_save": lambda drawer: drawer._canvas.layer()[0],
            "fig_save": lambda drawer: drawer._canvas.layer()[0].figure,
            "fig_save_canvas": lambda drawer: drawer._canvas.layer()[0].figure.canvas,
            "dpi": "fig_save.dpi",
            "height": lambda drawer: drawer._canvas.size[0],
            "width": lambda drawer: drawer._canvas.size[1],
        },
    },
    "engine.visualization._tensorboard": {"TensorboardVisBackend": {"_tensorboard": "_writer"}},
    "engine.visualization._wandb": {
        "WandbVisBackend": {"_wandb": lambda _: import_module("wandb")},
    },
}


class _Alias:
    """A descriptor that gives way to an attribute of the same name that an instance sets."""

    def __init__(self, source: str | Callable[[Any], Any]) -> None:
        self._get = attrgetter(source) if isinstance(source, str) else source

    def __get__(self, instance: Any, owner: type) -> Any:
        return self if instance is None else self._get(instance)


def add_aliases(module: ModuleType) -> None:
    """Give the classes of a module their aliases."""
    for name, aliases in ALIASES[module.__name__].items():
        for alias, source in aliases.items():
            descriptor = source if isinstance(source, property) else _Alias(source)
            setattr(getattr(module, name), alias, descriptor)


def remove_aliases(module: ModuleType) -> None:
    """Take the aliases of the classes of a module away."""
    for name, aliases in ALIASES[module.__name__].items():
        for alias in aliases:
            delattr(getattr(module, name), alias)
