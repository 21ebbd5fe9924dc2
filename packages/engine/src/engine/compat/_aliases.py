"""Private attributes of MMEngine's classes that libraries use, as aliases of what is here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from operator import attrgetter
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


# The aliases by module and class: each with the public attribute, or a function of the instance.
ALIASES: Mapping[str, Mapping[str, Mapping[str, str | Callable[[Any], Any]]]] = {
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
    "engine.runner._runner": {
        "Runner": {
            "_experiment_name": "experiment_name",
            "_hooks": "hooks",
            "_log_dir": "log_dir",
            "_randomness_cfg": _randomness_cfg,
        },
    },
}


def add_aliases(module: ModuleType) -> None:
    """Give the classes of a module their aliases."""
    for name, aliases in ALIASES[module.__name__].items():
        for alias, source in aliases.items():
            getter = attrgetter(source) if isinstance(source, str) else source
            setattr(getattr(module, name), alias, property(getter))


def remove_aliases(module: ModuleType) -> None:
    """Take the aliases of the classes of a module away."""
    for name, aliases in ALIASES[module.__name__].items():
        for alias in aliases:
            delattr(getattr(module, name), alias)
