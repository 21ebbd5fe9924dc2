"""The parts of a run's config: the registry, default type and arguments of each.

The runner builds by this table; the linter, the schema and the command line read it. It needs no
torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any


@dataclass(frozen=True)
class PartSpec:
    """How the config of a part is built.

    Attributes:
        registry: The registry that looks `type` up, by its name in `engine.registry`.
        target: The dotted path of what is called, if no registry is asked.
        defaults: The possible values of `type` if the config has none.
        choose: Chooses one of them by the config; None means the first.
        given: The arguments that the builder adds if the config lacks them.
        taken: The keys that the builder removes before the call.
        names: The keys among those whose value is looked up by itself, with its registry. What it
            names may take other options than the table knows.
        parts: The parts within the config, by key.
        is_mapping: Whether the config holds several parts under keys that the user chose.
        maker: The dotted path of what calls the target and restricts the options of data.
        is_function: Whether the part is a function: a name alone will do, and a config binds
            arguments.
        otherwise: A key, and the part that a config without this key is instead.
    """

    registry: str | None = None
    target: str | None = None
    defaults: tuple[str, ...] = ()
    choose: Callable[[Mapping[str, Any]], str] | None = None
    given: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, PartSpec] = field(default_factory=dict)
    is_mapping: bool = False
    maker: str | None = None
    is_function: bool = False
    otherwise: tuple[str, PartSpec] | None = None

    def default(self, cfg: Mapping[str, Any]) -> str | None:
        """Return the `type` of a config that has none, or None if it must have one."""
        if self.choose is not None:
            return self.choose(cfg)
        return self.defaults[0] if self.defaults else None


def _train_loop(cfg: Mapping[str, Any]) -> str:
    by_epoch = cfg.get("by_epoch", "max_iters" not in cfg)
    return "engine.EpochBasedTrainLoop" if by_epoch else "engine.IterBasedTrainLoop"


OPTIONS = PartSpec()
"""Options of a part; a `type` among them is an option too and names no part."""

MODEL = PartSpec("MODELS")
INIT = PartSpec("WEIGHT_INITIALIZERS")
TRANSFORM = PartSpec("TRANSFORMS")
METRIC = PartSpec("METRICS")
DATASET = PartSpec("DATASETS")
HOOK = PartSpec("HOOKS", taken=("priority",))
BACKEND = PartSpec("VISBACKENDS", given=("save_dir",), taken=("name",))
OPTIMIZER = PartSpec("OPTIMIZERS", given=("params",))
PARAMWISE = PartSpec(
    target="engine.optim.optimizer._param_groups.Paramwise",
    given=("base_lr", "base_wd"),
    parts={"custom_keys": OPTIONS},
)
EVALUATOR = PartSpec(
    "EVALUATOR",
    defaults=("engine.Evaluator",),
    parts={"metrics": METRIC},
    otherwise=("metrics", METRIC),
)
DATALOADER = PartSpec(
    target="torch.utils.data.DataLoader",
    maker="engine.runner._build.make_loader",
    taken=("stateful",),
    parts={
        "dataset": DATASET,
        "sampler": PartSpec("DATA_SAMPLERS", given=("dataset", "seed")),
        "batch_sampler": PartSpec("DATA_SAMPLERS", given=("sampler", "batch_size")),
        "collate_fn": PartSpec("FUNCTIONS", is_function=True),
    },
)

_OF_EVALUATION = ("runner", "dataloader", "evaluator")
RUN: Mapping[str, PartSpec] = {
    "model": MODEL,
    "data_preprocessor": MODEL,
    "model_wrapper_cfg": PartSpec(
        "MODEL_WRAPPERS",
        defaults=("engine.MMDistributedDataParallel",),
        given=("module", "device_ids"),
    ),
    "train_dataloader": DATALOADER,
    "val_dataloader": DATALOADER,
    "test_dataloader": DATALOADER,
    "train_cfg": PartSpec(
        "LOOPS",
        defaults=("engine.EpochBasedTrainLoop", "engine.IterBasedTrainLoop"),
        choose=_train_loop,
        given=("runner", "dataloader"),
        taken=("by_epoch",),
    ),
    "val_cfg": PartSpec("LOOPS", defaults=("engine.ValLoop",), given=_OF_EVALUATION),
    "test_cfg": PartSpec("LOOPS", defaults=("engine.TestLoop",), given=_OF_EVALUATION),
    "optim_wrapper": PartSpec(
        "OPTIM_WRAPPERS",
        defaults=("engine.OptimWrapper",),
        taken=("constructor", "paramwise_cfg"),
        names={"constructor": "OPTIM_WRAPPER_CONSTRUCTORS"},
        parts={"optimizer": OPTIMIZER, "clip_grad": OPTIONS, "paramwise_cfg": PARAMWISE},
    ),
    "param_scheduler": PartSpec(
        "PARAM_SCHEDULERS",
        given=("optimizer",),
        taken=("convert_to_iter_based", "epoch_length"),
    ),
    "val_evaluator": EVALUATOR,
    "test_evaluator": EVALUATOR,
    "default_hooks": PartSpec("HOOKS", taken=("priority",), is_mapping=True),
    "custom_hooks": HOOK,
    "log_processor": PartSpec("LOG_PROCESSORS", defaults=("engine.LogProcessor",)),
    "visualizer": PartSpec(
        "VISUALIZERS",
        defaults=("engine.Visualizer",),
        given=("name", "vis_backends", "save_dir"),
        parts={"vis_backends": BACKEND},
    ),
    "strategy": PartSpec(
        "STRATEGIES", defaults=("engine.SingleDeviceStrategy",), given=("launcher",)
    ),
    "randomness": PartSpec(target="engine.runner.Runner.set_randomness"),
    "env_cfg": OPTIONS,
    "auto_scale_lr": OPTIONS,
    "inferencer": PartSpec("INFERENCERS", given=("model", "weights", "device")),
}
"""The parts of a run by their keys."""

NAMES: Mapping[str, str] = {"runner_type": "RUNNERS"}
"""The keys of a run whose value is looked up by itself, with the registry."""

CONVENTIONS: Mapping[str, PartSpec] = {
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
"""The parts under these keys in the config of any part.

engine itself builds them for the classes of all libraries. A part under any other key is built by
the class that takes it as an argument, from the registry of its library.
"""

NESTED: Mapping[str, tuple[str, ...]] = {"MODELS": ("MODELS", "TASK_UTILS")}
"""By registry of a part, the registries of its arguments if the key says no more."""

TAKEN: Mapping[str, tuple[Any, str]] = {
    "by_epoch": (bool, "Whether the loop counts epochs; else it counts iterations."),
    "constructor": (Any, "Who makes the wrapper."),
    "convert_to_iter_based": (bool, "Whether to step in each iteration; the times stay epochs."),
    "epoch_length": (int | None, "The iterations of an epoch; the runner knows it."),
    "name": (str | None, "The name under which the visualizer finds the backend."),
    "paramwise_cfg": (Mapping[str, Any] | None, "What is different for some parameters."),
    "priority": (int | str, "When the hook is called among the others: 0 to 100, or a name."),
    "stateful": (bool, "Whether the place of workers in a stream is kept, by torchdata."),
}
"""The keys that builders remove from the config of a part: their types and meanings."""

GROUPS = (
    ("train_dataloader", "train_cfg", "optim_wrapper"),
    ("val_dataloader", "val_cfg", "val_evaluator"),
    ("test_dataloader", "test_cfg", "test_evaluator"),
)
"""The keys of a run that are given together or not at all."""

LOADERS = tuple(loader for loader, *_ in GROUPS)
"""The keys of the data loaders of a run."""

LAUNCHERS = ("none", "pytorch", "slurm", "mpi")
"""What may start the processes of a run."""

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


def _all_specs(specs: Iterable[PartSpec]) -> Iterator[PartSpec]:
    for spec in specs:
        yield spec
        yield from _all_specs(spec.parts.values())


@cache
def general_spec(registry: str | None) -> PartSpec:
    """Return the spec of a part of a registry anywhere in a config.

    Args:
        registry: The registry, by its name.
    """
    if registry is None:
        return PartSpec()
    same = [each for each in _all_specs(RUN.values()) if each.registry == registry]
    return PartSpec(
        registry,
        given=tuple(dict.fromkeys(name for each in same for name in each.given)),
        taken=tuple(dict.fromkeys(name for each in same for name in each.taken)),
        names={key: name for each in same for key, name in each.names.items()},
        parts={key: part for each in same for key, part in each.parts.items()},
    )
