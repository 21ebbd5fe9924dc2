"""Check that the parts of a run fit together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.registry import DefaultScope, trust_of
from engine.runner.run_table import MODEL
from engine.runner.run_values import wrong_values
from engine.utils import did_you_mean

from ._monitored import check_monitored, iter_parts
from ._resolve import LookupFailure, find_scope_error
from ._signature import get_arguments
from ._visitor import Visitor

_PARTS = ("param_scheduler", "default_hooks", "custom_hooks", "log_processor")
_OPTIONS = ("by_epoch", "log_metric_by_epoch")


def check_consistency(cfg: Mapping[str, Any], visitor: Visitor) -> None:
    """Find parts that the training loop refuses, and a model that the inferencer does not find.

    Args:
        cfg: The config of a run.
        visitor: Collects the findings; it has visited the parts.
    """
    _check_values(cfg, visitor)
    loop = _find_class("train_cfg", cfg, visitor)
    has_epochs = getattr(loop, "by_epoch", True) is not False
    if not has_epochs:
        _check_units(cfg, visitor)
    _check_statistics(cfg, visitor, has_epochs)
    _check_sampler(cfg, visitor, loop)
    _check_custom_keys(cfg, visitor)
    check_monitored(cfg, visitor)
    _check_scope(cfg, visitor)


def _check_values(cfg: Mapping[str, Any], visitor: Visitor) -> None:
    """Find the values that the runner refuses, for keys without findings so far."""
    found = [f"{each.path}." for each in visitor.findings]
    for key, message in wrong_values(cfg):
        if not any(each.startswith(f"{key}.") for each in found):
            visitor.add("wrong-value", key, message)


def _find_class(path: str, cfg: Mapping[str, Any], visitor: Visitor) -> Any:
    """Return the class of a part, or the part itself if it is an object."""
    part: Any = cfg
    for key in path.split("."):
        part = part.get(key) if isinstance(part, Mapping) else None
    return visitor.targets.get(path) if isinstance(part, Mapping) else part


def _check_units(cfg: Mapping[str, Any], visitor: Visitor) -> None:
    for key in _PARTS:
        for path, part in iter_parts(cfg.get(key), key):
            for option in _OPTIONS:
                if part.get(option) is True and not _has_own_steps(part):
                    visitor.add(
                        "wrong-value",
                        f"{path}.{option}",
                        "this counts epochs, and the training counts iterations (max_iters)",
                        f"leave out {option}, and give its times in iterations",
                    )


def _has_own_steps(part: Mapping[str, Any]) -> bool:
    """Return whether a scheduler steps by iterations or after validations."""
    kind = part.get("type")
    name = kind if isinstance(kind, str) else getattr(kind, "__name__", "")
    return bool(part.get("convert_to_iter_based")) or "ReduceOnPlateau" in name


def _check_statistics(cfg: Mapping[str, Any], visitor: Visitor, has_epochs: bool) -> None:
    from engine.runner import LogProcessor, faults_of_statistics  # deferred: it needs torch

    if not _is_a(_find_class("log_processor", cfg, visitor), LogProcessor):
        return
    options = cfg["log_processor"]
    given = options.get("custom_cfg") if isinstance(options, Mapping) else None
    if isinstance(given, (list, tuple)) and all(isinstance(each, Mapping) for each in given):
        has_epochs = has_epochs and options.get("by_epoch") is not False
        for key, message in faults_of_statistics(given, has_epochs=has_epochs):
            visitor.add("wrong-value", f"log_processor.custom_cfg.{key}", f"it {message}")


def _check_sampler(cfg: Mapping[str, Any], visitor: Visitor, loop: Any) -> None:
    from engine.dataset import InfiniteSampler  # deferred: these need torch
    from engine.runner import EpochBasedTrainLoop

    path = "train_dataloader.sampler"
    if _is_a(loop, EpochBasedTrainLoop) and _is_a(_find_class(path, cfg, visitor), InfiniteSampler):
        visitor.add(
            "wrong-value",
            path,
            "an InfiniteSampler never ends an epoch",
            "take a DefaultSampler, or train_cfg=dict(by_epoch=False, max_iters=...)",
        )


def _check_custom_keys(cfg: Mapping[str, Any], visitor: Visitor) -> None:
    """Warn of options in `custom_keys` that are nearly one of the optimizer's."""
    from engine.optim.optimizer._param_groups import MULTIPLIERS  # deferred: it needs torch

    wrapper = cfg.get("optim_wrapper")
    optimizer = visitor.targets.get("optim_wrapper.optimizer")
    if not isinstance(wrapper, Mapping) or "constructor" in wrapper or optimizer is None:
        return
    paramwise = wrapper.get("paramwise_cfg")
    custom = paramwise.get("custom_keys") if isinstance(paramwise, Mapping) else None
    arguments = get_arguments(optimizer)
    if not isinstance(custom, Mapping) or arguments is None or arguments.is_open:
        return
    known = {*MULTIPLIERS.values(), *arguments.known} - {"params"}
    for key, options in custom.items():
        for option in options if isinstance(options, Mapping) else ():
            if option not in known and (hint := did_you_mean(option, known)):
                visitor.add(
                    "unknown-argument",
                    f"optim_wrapper.paramwise_cfg.custom_keys.{key}.{option}",
                    f"{arguments.label} has no option {option!r}",
                    hint.removeprefix("; "),
                    "warning",
                )


def _is_a(part: Any, kind: type) -> bool:
    return issubclass(part, kind) if isinstance(part, type) else isinstance(part, kind)


def _check_scope(cfg: Mapping[str, Any], visitor: Visitor) -> None:
    """Look the model up again in the scope of the inferencer, if it has one."""
    inferencer = cfg.get("inferencer")
    if not isinstance(inferencer, Mapping) or "model" in inferencer:
        return
    scope, path = inferencer.get("scope"), "inferencer.scope"
    if not isinstance(scope, str) or "inferencer" not in visitor.targets:
        return
    if (
        error := find_scope_error(scope, is_data=trust_of(inferencer, "scope") is False)
    ) is not None:
        failure = LookupFailure.from_error(error)
        visitor.add(failure.kind, path, failure.message, failure.suggestion)
        return
    there = Visitor(cfg)
    with DefaultScope.overwrite_default_scope(scope):
        there.check_part(cfg.get("model"), "model", MODEL)
    for each in there.findings:
        if each.severity == "error" and each not in visitor.findings:
            message = f"in this scope {each.path} is wrong: {each.message}"
            visitor.add(each.kind, path, message, each.suggestion)
