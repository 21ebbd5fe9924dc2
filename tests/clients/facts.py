"""Facts about the models and parts of a library, under whatever engine its environment has.

Run where MMEngine is installed, it says what is right; run where engine takes its place, it says
what is there. Prints JSON: for each config, or each part of configs, a digest or a class.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from importlib.util import find_spec
from pathlib import Path
from typing import Any

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


def main() -> None:
    """Print the facts that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["models", "parts"])
    parser.add_argument("library", help="the name by which it is imported")
    parser.add_argument(
        "--only", nargs="*", help="these configs; by default each with another model"
    )
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    with redirect_stdout(sys.stderr):  # libraries print
        found = {"models": list_models, "parts": list_parts}[args.what](args.library, args.only)
        facts = dict(sorted(found))
    json.dump(facts, sys.stdout, indent=0)


def digest(value: Any) -> str:
    """Return a short digest of plain data."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:12]


def find_configs(library: str) -> Iterator[tuple[str, Path]]:
    """Yield the configs that a library ships, by their paths below it."""
    spec = find_spec(library)
    assert spec is not None
    assert spec.submodule_search_locations
    root = Path(spec.submodule_search_locations[0])
    for folder in (root / ".mim" / "configs", root / "configs"):
        for path in sorted(folder.rglob("*.py")):
            if "_base_" not in path.parts and path.name != "__init__.py":
                yield str(path.relative_to(root)), path


def load_configs(library: str, only: list[str] | None) -> Iterator[tuple[str, Config]]:
    """Yield the configs that can be read, with their paths."""
    for name, path in find_configs(library):
        if only is None or name in only:
            try:
                yield name, Config.fromfile(path)
            except Exception as error:  # noqa: BLE001  # it is told by the facts on configs
                print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)


# -- Models ------------------------------------------------------------------------------------


def list_models(library: str, only: list[str] | None) -> Iterator[tuple[str, Any]]:
    """Yield for each model its parameters and the settings of its optimizer, as digests."""
    skip_initialization()
    seen = set()
    for name, cfg in load_configs(library, only):
        if "model" not in cfg or "type" not in cfg.model:
            continue
        key = digest([cfg.model, cfg.get("optim_wrapper")])
        if key in seen:
            continue
        seen.add(key)
        yield name, tell(lambda cfg=cfg: describe_model(cfg))


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
        if "optim_wrapper" in cfg and "optimizer" in cfg.optim_wrapper:
            facts["optimizer"] = tell(lambda: describe_optimizer(model, cfg.optim_wrapper))
    return facts


def describe_tensor(name: str, value: torch.Tensor) -> list[Any]:
    """Describe a parameter or buffer without its values."""
    return [name, list(value.shape), str(value.dtype), value.requires_grad]


def describe_optimizer(model: torch.nn.Module, cfg: Any) -> str:
    """Return a digest of the settings of each parameter."""
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


def list_parts(library: str, only: list[str] | None) -> Iterator[tuple[str, Any]]:
    """Yield for each different part of the configs of a library the class that is built of it."""
    seen = set()
    for _, cfg in load_configs(library, only):
        for kind, part in iter_parts(cfg):
            key = f"{kind} {part.get('type')} {digest(part)}"
            if key not in seen:
                seen.add(key)
                yield (
                    key,
                    tell(lambda kind=kind, part=part, cfg=cfg: describe_part(cfg, kind, part)),
                )


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


def describe_part(cfg: Config, kind: str, part: Any) -> str:
    """Build a part and return the name of its class."""
    with in_scope(cfg):
        return type(BUILDERS[kind](part)).__name__


def build_dataset(part: Any) -> Any:
    """Build a dataset without its annotations."""
    return DATASETS.build({**part, "lazy_init": True})


def build_scheduler(part: Any) -> Any:
    """Build a scheduler of an optimizer with one parameter."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1, momentum=0.9)
    scheduler = PARAM_SCHEDULERS.build(
        part, default_args={"optimizer": optimizer, "epoch_length": 10, "end": 12}
    )
    return scheduler[0] if isinstance(scheduler, list) else scheduler


def build_sampler(part: Any) -> Any:
    """Build a sampler over ten samples."""
    return DATA_SAMPLERS.build(part, default_args={"dataset": [*range(10)], "seed": 0})


BUILDERS: dict[str, Callable[[Any], Any]] = {
    "dataset": build_dataset,
    "hook": HOOKS.build,
    "metric": METRICS.build,
    "sampler": build_sampler,
    "scheduler": build_scheduler,
    "transform": TRANSFORMS.build,
    "visualizer": VISUALIZERS.build,
}


# -- Both --------------------------------------------------------------------------------------


def in_scope(cfg: Config) -> Any:
    """Let names of a config be those of its library."""
    scope = cfg.get("default_scope") or "mmengine"
    init_default_scope(scope)
    return DefaultScope.overwrite_default_scope(scope)


def as_list(value: Any) -> list[Any]:
    """Return one config or several as a list."""
    if value is None:
        return []
    return [value] if isinstance(value, dict) else [*value]


def tell(describe: Callable[[], Any]) -> Any:
    """Return a fact, or which error there is in its place."""
    try:
        return describe()
    except Exception as error:  # noqa: BLE001  # that is the fact
        cause = error
        while cause.__cause__ is not None:
            cause = cause.__cause__  # type: ignore[assignment]  # an exception
        return f"error: {str(cause).splitlines()[0][:200] if str(cause) else type(cause).__name__}"


if __name__ == "__main__":
    main()
