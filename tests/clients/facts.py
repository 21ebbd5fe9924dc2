"""Facts about a library's configs, models and parts, under the engine of this environment.

Run where MMEngine is installed, they say what is right; run where engine takes its place, what is
there. Printed as JSON, with an error in the place of a fact that there is not.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path, PurePath
from types import FunctionType
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import (
    DATA_SAMPLERS,
    DATASETS,
    HOOKS,
    METRICS,
    MODELS,
    PARAM_SCHEDULERS,
    TRANSFORMS,
    VISUALIZERS,
    DefaultScope,
    init_default_scope,
)

# The settings of an optimizer that are compared, for each parameter.
SETTINGS = ("lr", "weight_decay", "momentum", "betas", "eps", "nesterov", "dampening", "amsgrad")

# An inferencer of each library and the config of a model for it.
INFERENCER = {
    "mmdet": ("DetInferencer", "centernet/centernet_r18_8xb16-crop512-140e_coco.py"),
    "mmpretrain": ("ImageClassificationInferencer", "resnet/resnet18_8xb32_in1k.py"),
    "mmseg": ("MMSegInferencer", "fcn/fcn_r18-d8_4xb2-80k_cityscapes-512x1024.py"),
}


def main() -> None:
    """Print the facts about a library."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library", help="the name by which it is imported")
    parser.add_argument("--models", type=int, help="build so many of its models; all by default")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    with redirect_stdout(sys.stderr):  # libraries print
        facts = list_facts(args.library, args.models)
    json.dump(facts, sys.stdout, indent=0)


def list_facts(library: str, most_models: int | None) -> dict[str, dict[str, Any]]:
    """Return the facts by their kinds, each by the config or the part that it is about."""
    configs: dict[str, Any] = {}
    models: dict[str, tuple[str, Config]] = {}
    parts: dict[str, Any] = {}
    inferencers = dict(list_inferencers(library))
    for name, path in find_configs(library):
        try:
            cfg = Config.fromfile(path, import_custom_modules=False)
        except Exception as error:  # noqa: BLE001  # that is the fact
            configs[name] = f"error: {type(error).__name__}"
            continue
        configs[name] = digest_of_config(cfg)
        if "_base_" in name:
            continue
        if "type" in cfg.get("model", {}):
            models.setdefault(digest([cfg.model, cfg.get("optim_wrapper")]), (name, cfg))
        for kind, part in iter_parts(cfg):
            key = f"{kind} {part.get('type')} {digest(part)}"
            if key not in parts:
                parts[key] = tell(partial(describe_part, cfg, kind, part))
    skip_initialization()
    chosen = choose([*models.values()], most_models)
    described = {name: tell(partial(describe_model, cfg)) for name, cfg in chosen}
    return {
        "configs": configs,
        "models": described,
        "parts": dict(sorted(parts.items())),
        "inferencers": inferencers,
    }


def choose(every: Sequence[Any], most: int | None) -> Sequence[Any]:
    """Return at most so many of a sequence, from all over it."""
    if most is None or len(every) <= most:
        return every
    return [every[index * len(every) // most] for index in range(most)]


def tell(describe: Callable[[], Any]) -> Any:
    """Return a fact, or the error that there is in its place."""
    try:
        return describe()
    except Exception as error:  # noqa: BLE001  # that is the fact
        first: BaseException = error
        while first.__cause__ is not None:
            first = first.__cause__
        return f"error: {type(first).__name__}: {str(first)[:100]}"


def digest(value: Any) -> str:
    """Return 12 hexadecimal digits that tell plain data from other."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:12]


def in_scope(cfg: Config) -> Any:
    """Let names of a config be those of its library."""
    scope = cfg.get("default_scope") or "mmengine"
    init_default_scope(scope)
    return DefaultScope.overwrite_default_scope(scope)


# -- Configs -----------------------------------------------------------------------------------


def find_configs(library: str) -> Iterator[tuple[str, Path]]:
    """Yield the Python configs that a library ships, by `library::path`."""
    spec = find_spec(library)
    assert spec is not None
    assert spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0], ".mim", "configs")
    for path in sorted(folder.rglob("*.py"), key=lambda each: each.relative_to(folder).as_posix()):
        yield f"{library}::{path.relative_to(folder).as_posix()}", path


def digest_of_config(cfg: Config) -> str:
    """Return a digest of the values of a config.

    Functions that a config file defines don't count, nor does a `_delete_` that MMEngine leaves
    where the base has no such key.
    """
    values = cfg.to_dict()
    own = {key: each for key, each in values.items() if not isinstance(each, FunctionType)}
    return digest(canonical(own))


def canonical(value: Any) -> Any:
    """Return a value as JSON: a tuple is not a list, and `1` is neither `1.0` nor `True`."""
    if isinstance(value, dict):
        return {
            f"{type(key).__name__}:{key}": canonical(each)
            for key, each in value.items()
            if key != "_delete_"
        }
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, *map(canonical, value)]
    if isinstance(value, (set, frozenset)):
        return ["set", *sorted(map(repr, value))]
    if value is None or isinstance(value, (bool, int, float, str)):
        return f"{type(value).__name__}:{value!r}"
    if isinstance(value, PurePath):
        return f"path:{value.as_posix()}"
    if hasattr(value, "__qualname__"):
        return f"str:'{value.__module__}.{value.__qualname__}'"
    return f"{type(value).__name__}:?"


# -- Models ------------------------------------------------------------------------------------


def describe_model(cfg: Config) -> dict[str, Any]:
    """Build a model and its optimizer, and describe both."""
    with in_scope(cfg):
        model = MODELS.build(cfg.model)
        facts = {
            "class": type(model).__name__,
            "parameters": len([*model.parameters()]),
            "shapes": digest([describe_tensor(*each) for each in model.named_parameters()]),
            "buffers": digest([describe_tensor(*each) for each in model.named_buffers()]),
            "state": digest([*model.state_dict()]),
        }
        if "optimizer" in cfg.get("optim_wrapper", {}):
            facts["optimizer"] = tell(lambda: describe_optimizer(model, cfg.optim_wrapper))
    return facts


def describe_tensor(name: str, value: torch.Tensor) -> list[Any]:
    """Describe a parameter or buffer without its values."""
    return [name, list(value.shape), str(value.dtype), value.requires_grad]


def describe_optimizer(model: torch.nn.Module, cfg: Any) -> str:
    """Return a digest of the settings of each parameter."""
    if cfg.get("type") == "AmpOptimWrapper":  # which MMEngine does not make without a GPU
        cfg = {
            key: value
            for key, value in cfg.items()
            if key in ("optimizer", "paramwise_cfg", "constructor")
        }
    names = {id(value): name for name, value in model.named_parameters()}
    optimizer = build_optim_wrapper(model, cfg).optimizer
    settings = {
        names[id(value)]: [group.get(name) for name in SETTINGS]
        for group in optimizer.param_groups
        for value in group["params"]
    }
    return f"{type(optimizer).__name__} {digest(settings)}"


def skip_initialization() -> None:
    """Let the functions that fill weights do nothing: large models are built in a moment then."""
    for name in dir(torch.nn.init):
        if name.endswith("_") and not name.startswith("_"):
            setattr(torch.nn.init, name, lambda tensor, *args, **kwargs: tensor)


# -- Parts -------------------------------------------------------------------------------------


def iter_parts(cfg: Config) -> Iterator[tuple[str, Any]]:
    """Yield the parts of a run and what kind each is."""
    for key in ("train_dataloader", "val_dataloader", "test_dataloader"):
        loader = cfg.get(key)
        if not isinstance(loader, dict):  # a comma at the end of a line makes a tuple
            continue
        for dataset in iter_datasets(loader.get("dataset")):
            yield "dataset", dataset
            for transform in dataset.get("pipeline") or ():
                yield "transform", transform
        if loader.get("sampler"):
            yield "sampler", loader["sampler"]
    yield from (("hook", each) for each in (cfg.get("default_hooks") or {}).values() if each)
    yield from (("hook", each) for each in cfg.get("custom_hooks") or ())
    yield from (("scheduler", each) for each in as_list(cfg.get("param_scheduler")))
    for key in ("val_evaluator", "test_evaluator"):
        yield from (("metric", each) for each in as_list(cfg.get(key)))
    if cfg.get("visualizer"):
        yield "visualizer", cfg["visualizer"]


def iter_datasets(dataset: Any) -> Iterator[Any]:
    """Yield a dataset and those that it wraps."""
    if isinstance(dataset, dict):
        yield dataset
        yield from iter_datasets(dataset.get("dataset"))
        for each in dataset.get("datasets") or ():
            yield from iter_datasets(each)


def as_list(value: Any) -> list[Any]:
    """Return one config or several, in lists of any depth, as a list."""
    if value is None:
        return []
    return (
        [value] if isinstance(value, dict) else [part for each in value for part in as_list(each)]
    )


def describe_part(cfg: Config, kind: str, part: Any) -> str:
    """Build a part and return the name of its class."""
    with in_scope(cfg):
        return type(BUILDERS[kind](part)).__name__


def build_dataset(part: Any) -> Any:
    """Build a dataset without its annotations."""
    return DATASETS.build({**part, "lazy_init": True})


def build_scheduler(part: Any) -> Any:
    """Build a scheduler of an optimizer with one parameter, as a run does."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1, momentum=0.9)
    defaults = {"optimizer": optimizer, "epoch_length": 10, "end": 12}
    return PARAM_SCHEDULERS.build({**defaults, **part})


def build_sampler(part: Any) -> Any:
    """Build a sampler over ten samples."""
    return DATA_SAMPLERS.build({**part, "dataset": [*range(10)], "seed": 0})


BUILDERS: dict[str, Callable[[Any], Any]] = {
    "dataset": build_dataset,
    "hook": HOOKS.build,
    "metric": METRICS.build,
    "sampler": build_sampler,
    "scheduler": build_scheduler,
    "transform": TRANSFORMS.build,
    "visualizer": VISUALIZERS.build,
}


# -- Inferencers -------------------------------------------------------------------------------


def list_inferencers(library: str) -> Iterator[tuple[str, Any]]:
    """Yield the inferencer of a library with what it predicts for an image."""
    if library in INFERENCER:
        name, config = INFERENCER[library]
        paths = dict(find_configs(library))
        yield name, tell(lambda: infer(library, name, paths[f"{library}::{config}"]))


def infer(library: str, name: str, config: Path) -> Any:
    """Return a digest of what a model with random weights predicts for an image."""
    init_default_scope(library)
    torch.manual_seed(0)
    inferencer = getattr(import_module(f"{library}.apis"), name)(model=str(config), device="cpu")
    image = np.random.default_rng(0).integers(0, 255, (64, 96, 3)).astype(np.uint8)
    with torch.no_grad():
        predicted = inferencer(image, return_datasamples=False)
    if isinstance(predicted, list):
        return describe_prediction(predicted[0])
    return describe_prediction(predicted["predictions"])


def describe_prediction(value: Any) -> Any:
    """Return a prediction with arrays as their shapes and numbers to three digits."""
    if isinstance(value, dict):
        return {str(key): describe_prediction(each) for key, each in sorted(value.items())}
    if isinstance(value, (np.ndarray, torch.Tensor)):
        return ["array", *value.shape]
    if isinstance(value, (list, tuple)):
        return [len(value), describe_prediction(value[0])] if len(value) else []
    return f"{value:.3f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
