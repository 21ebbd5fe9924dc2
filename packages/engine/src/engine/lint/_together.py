"""Parts of a run that are right each by itself, and don't go together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.registry import DefaultScope, trust_of
from engine.runner.run_table import MODEL
from engine.runner.run_values import wrong_values

from ._resolve import Missed, scope_error
from ._walk import Walk

_PARTS = ("param_scheduler", "default_hooks", "custom_hooks", "log_processor")
_OPTIONS = ("by_epoch", "log_metric_by_epoch")


def check_together(cfg: Mapping[str, Any], walk: Walk) -> None:
    """Find parts of a run that its training loop refuses, and a model that its inferencer misses.

    Args:
        cfg: The config of a run.
        walk: What gathers the findings, and has gone through the parts.
    """
    _check_values(cfg, walk)
    loop = _class_at("train_cfg", cfg, walk)
    has_epochs = getattr(loop, "by_epoch", True) is not False
    if not has_epochs:
        _check_units(cfg, walk)
    _check_statistics(cfg, walk, has_epochs)
    _check_sampler(cfg, walk, loop)
    _check_scope(cfg, walk)


def _check_values(cfg: Mapping[str, Any], walk: Walk) -> None:
    """Find the values that the runner refuses, where nothing was found yet."""
    found = [f"{each.path}." for each in walk.findings]
    for key, message in wrong_values(cfg):
        if not any(each.startswith(f"{key}.") for each in found):
            walk.add("wrong-value", key, message)


def _class_at(path: str, cfg: Mapping[str, Any], walk: Walk) -> Any:
    """Return the class of a part, or the part itself where it is given as an object."""
    part: Any = cfg
    for key in path.split("."):
        part = part.get(key) if isinstance(part, Mapping) else None
    return walk.targets.get(path) if isinstance(part, Mapping) else part


def _check_units(cfg: Mapping[str, Any], walk: Walk) -> None:
    for key in _PARTS:
        for path, part in _mappings(cfg.get(key), key):
            for option in _OPTIONS:
                if part.get(option) is True and not _fits(part):
                    walk.add(
                        "wrong-value",
                        f"{path}.{option}",
                        "this counts epochs, and the training counts iterations (max_iters)",
                        f"leave out {option}, and give its times in iterations",
                    )


def _fits(part: Mapping[str, Any]) -> bool:
    """Return whether a scheduler is stepped otherwise: by iterations, or after validations."""
    kind = part.get("type")
    name = kind if isinstance(kind, str) else getattr(kind, "__name__", "")
    return bool(part.get("convert_to_iter_based")) or "ReduceOnPlateau" in name


def _mappings(value: Any, path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield a part and the parts in it, with their paths."""
    if isinstance(value, Mapping):
        yield path, value
        for key, each in value.items():
            yield from _mappings(each, f"{path}.{key}")
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for index, each in enumerate(value):
            yield from _mappings(each, f"{path}.{index}")


def _check_statistics(cfg: Mapping[str, Any], walk: Walk, has_epochs: bool) -> None:
    from engine.runner import LogProcessor, faults_of_statistics  # deferred: it needs torch

    if not _is_a(_class_at("log_processor", cfg, walk), LogProcessor):
        return
    options = cfg["log_processor"]
    given = options.get("custom_cfg") if isinstance(options, Mapping) else None
    if isinstance(given, (list, tuple)) and all(isinstance(each, Mapping) for each in given):
        has_epochs = has_epochs and options.get("by_epoch") is not False
        for key, message in faults_of_statistics(given, has_epochs=has_epochs):
            walk.add("wrong-value", f"log_processor.custom_cfg.{key}", f"it {message}")


def _check_sampler(cfg: Mapping[str, Any], walk: Walk, loop: Any) -> None:
    from engine.dataset import InfiniteSampler  # deferred: these need torch
    from engine.runner import EpochBasedTrainLoop

    path = "train_dataloader.sampler"
    if _is_a(loop, EpochBasedTrainLoop) and _is_a(_class_at(path, cfg, walk), InfiniteSampler):
        walk.add(
            "wrong-value",
            path,
            "an InfiniteSampler never ends an epoch",
            "take a DefaultSampler, or train_cfg=dict(by_epoch=False, max_iters=...)",
        )


def _is_a(part: Any, kind: type) -> bool:
    return issubclass(part, kind) if isinstance(part, type) else isinstance(part, kind)


def _check_scope(cfg: Mapping[str, Any], walk: Walk) -> None:
    """Look the model up once more in the scope of the inferencer, where it has its own."""
    inferencer = cfg.get("inferencer")
    if not isinstance(inferencer, Mapping) or "model" in inferencer:
        return
    scope, path = inferencer.get("scope"), "inferencer.scope"
    if not isinstance(scope, str) or "inferencer" not in walk.targets:
        return
    if (error := scope_error(scope, is_data=trust_of(inferencer, "scope") is False)) is not None:
        missed = Missed.of(error)
        walk.add(missed.kind, path, missed.message, missed.suggestion)
        return
    there = Walk(cfg)
    with DefaultScope.overwrite_default_scope(scope):
        there.place(cfg.get("model"), "model", MODEL)
    for each in there.findings:
        if each.severity == "error" and each not in walk.findings:
            message = f"in this scope {each.path} is wrong: {each.message}"
            walk.add(each.kind, path, message, each.suggestion)
