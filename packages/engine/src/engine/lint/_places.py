"""Where in a config what is looked up: the one table of the linter and of the schema.

It says for each key of a run which registry is asked, of what `type` the part is where its config
has none, and which arguments come from whoever builds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any


@dataclass(frozen=True)
class Place:
    """A place for the config of a part.

    Attributes:
        registry: The registry in which `type` is looked up, by its name in `engine.registry`.
        target: What is called, by its dotted path, where no registry is asked.
        defaults: The names of which `type` is one where the config has none.
        choose: Says which of them it is; the first if there is no such function.
        given: The arguments that the builder adds where the config lacks them.
        taken: The keys that the builder takes out before the call.
        names: The keys among those whose value is looked up by itself, with the registry.
        parts: The places in the config.
        is_mapping: Whether the place holds several parts by names of the user's choice.
        maker: What calls the target, by its dotted path, and says what data may not set.
        is_function: Whether the rest of the arguments follow when the function is called, and a
            bare name will do for a config.
        otherwise: The place that a config without the key has, and the key.
    """

    registry: str | None = None
    target: str | None = None
    defaults: tuple[str, ...] = ()
    choose: Callable[[Mapping[str, Any]], str] | None = None
    given: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, Place] = field(default_factory=dict)
    is_mapping: bool = False
    maker: str | None = None
    is_function: bool = False
    otherwise: tuple[str, Place] | None = None

    def default(self, cfg: Mapping[str, Any]) -> str | None:
        """Return the `type` of a config that says none, or None if it has to say one."""
        if self.choose is not None:
            return self.choose(cfg)
        return self.defaults[0] if self.defaults else None


def _train_loop(cfg: Mapping[str, Any]) -> str:
    by_epoch = cfg.get("by_epoch", "max_iters" not in cfg)
    return "engine.EpochBasedTrainLoop" if by_epoch else "engine.IterBasedTrainLoop"


OPTIONS = Place()
"""Options of a part, in which a `type` is an option as well and names no part."""

MODEL = Place("MODELS")
INIT = Place("WEIGHT_INITIALIZERS")
TRANSFORM = Place("TRANSFORMS")
METRIC = Place("METRICS")
DATASET = Place("DATASETS")
HOOK = Place("HOOKS", taken=("priority",))
BACKEND = Place("VISBACKENDS", given=("save_dir",), taken=("name",))
OPTIMIZER = Place("OPTIMIZERS", given=("params",))
EVALUATOR = Place(
    "EVALUATOR",
    defaults=("engine.Evaluator",),
    parts={"metrics": METRIC},
    otherwise=("metrics", METRIC),
)
DATALOADER = Place(
    target="torch.utils.data.DataLoader",
    maker="engine.runner._parts.make_loader",
    parts={
        "dataset": DATASET,
        "sampler": Place("DATA_SAMPLERS", given=("dataset", "seed")),
        "batch_sampler": Place("DATA_SAMPLERS", given=("sampler", "batch_size")),
        "collate_fn": Place("FUNCTIONS", is_function=True),
    },
)

_OF_EVALUATION = ("runner", "dataloader", "evaluator")
RUN: Mapping[str, Place] = {
    "model": MODEL,
    "data_preprocessor": MODEL,
    "model_wrapper_cfg": Place(
        "MODEL_WRAPPERS",
        defaults=("engine.MMDistributedDataParallel",),
        given=("module", "device_ids"),
    ),
    "train_dataloader": DATALOADER,
    "val_dataloader": DATALOADER,
    "test_dataloader": DATALOADER,
    "train_cfg": Place(
        "LOOPS",
        defaults=("engine.EpochBasedTrainLoop", "engine.IterBasedTrainLoop"),
        choose=_train_loop,
        given=("runner", "dataloader"),
        taken=("by_epoch",),
    ),
    "val_cfg": Place("LOOPS", defaults=("engine.ValLoop",), given=_OF_EVALUATION),
    "test_cfg": Place("LOOPS", defaults=("engine.TestLoop",), given=_OF_EVALUATION),
    "optim_wrapper": Place(
        "OPTIM_WRAPPERS",
        defaults=("engine.OptimWrapper",),
        taken=("constructor",),
        names={"constructor": "OPTIM_WRAPPER_CONSTRUCTORS"},
        parts={"optimizer": OPTIMIZER, "clip_grad": OPTIONS},
    ),
    "param_scheduler": Place(
        "PARAM_SCHEDULERS",
        given=("optimizer",),
        taken=("convert_to_iter_based", "epoch_length"),
    ),
    "val_evaluator": EVALUATOR,
    "test_evaluator": EVALUATOR,
    "default_hooks": Place("HOOKS", taken=("priority",), is_mapping=True),
    "custom_hooks": HOOK,
    "log_processor": Place("LOG_PROCESSORS", defaults=("engine.LogProcessor",)),
    "visualizer": Place(
        "VISUALIZERS",
        defaults=("engine.Visualizer",),
        given=("name", "vis_backends", "save_dir"),
        parts={"vis_backends": BACKEND},
    ),
    "strategy": Place("STRATEGIES", defaults=("engine.SingleDeviceStrategy",), given=("launcher",)),
    "randomness": Place(target="engine.runner.Runner.set_randomness"),
    "env_cfg": OPTIONS,
    "auto_scale_lr": OPTIONS,
    "inferencer": Place("INFERENCERS", given=("model", "weights", "device")),
}
"""The parts of a run by their keys."""

NAMES: Mapping[str, str] = {"runner_type": "RUNNERS"}
"""The keys of a run whose value is looked up by itself, with the registry."""

CONVENTIONS: Mapping[str, Place] = {
    "pipeline": TRANSFORM,
    "transforms": TRANSFORM,
    "init_cfg": INIT,
    "dataset": DATASET,
    "datasets": DATASET,
    "metrics": METRIC,
    "vis_backends": BACKEND,
    "data_preprocessor": MODEL,
    "metainfo": OPTIONS,
    "data_prefix": OPTIONS,
    "filter_cfg": OPTIONS,
}
"""What keys mean in the config of any part.

What these name is built by engine itself for the classes of all libraries, while a part without
such a key is built by the class that it is an argument of, from the registry of its library.
"""

NESTED: Mapping[str, tuple[str, ...]] = {"MODELS": ("MODELS", "TASK_UTILS")}
"""By registry of a part, those from which its arguments are built where no key says more."""

TAKEN: Mapping[str, tuple[Any, str]] = {
    "by_epoch": (bool, "Whether the loop counts epochs; else it counts iterations."),
    "constructor": (Any, "Who makes the wrapper."),
    "convert_to_iter_based": (bool, "Whether to step in each iteration; the times stay epochs."),
    "epoch_length": (int | None, "The iterations of an epoch; the runner knows it."),
    "name": (str | None, "The name under which the visualizer finds the back end."),
    "priority": (int | str, "When the hook is called among the others: 0 to 100, or a name."),
}
"""The keys that builders take out of the config of a part: what they may be, and mean."""

GROUPS = (
    ("train_dataloader", "train_cfg", "optim_wrapper"),
    ("val_dataloader", "val_cfg", "val_evaluator"),
    ("test_dataloader", "test_cfg", "test_evaluator"),
)
"""The keys of a run that are given together or not at all."""

REQUIRED = ("model",)
"""The keys without which there is no run; that of the work directory may come from elsewhere."""

ELSEWHERE: Mapping[str, str] = {
    "_base_": "The configs from which this one inherits.",
    "custom_imports": "Modules to import before the run, and whether one may be missing.",
    "inferencer": "How one input is predicted.",
    "model_wrapper_cfg": "What wraps the model where several processes train it.",
    "runner_type": "The class of the runner.",
    "$schema": "The JSON Schema of this file, for editors.",
}
"""The keys of a run that are no arguments of the runner, and what they are for."""


def _all_places(places: Iterable[Place]) -> Iterator[Place]:
    for place in places:
        yield place
        yield from _all_places(place.parts.values())


@cache
def general_place(registry: str | None) -> Place:
    """Return the place for a part of a registry that may stand anywhere.

    Args:
        registry: The registry, by its name.
    """
    if registry is None:
        return Place()
    same = [each for each in _all_places(RUN.values()) if each.registry == registry]
    return Place(
        registry,
        given=tuple(dict.fromkeys(name for each in same for name in each.given)),
        taken=tuple(dict.fromkeys(name for each in same for name in each.taken)),
        names={key: name for each in same for key, name in each.names.items()},
        parts={key: part for each in same for key, part in each.parts.items()},
    )
