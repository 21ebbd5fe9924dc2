"""The linter and the build have one opinion of every shipped config, in any scope."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch

import mmalpha
import mmbeta
from engine import lint
from engine.config import Config
from engine.model import without_pretrained
from engine.optim import build_optim_wrapper
from engine.registry import (
    DATASETS,
    HOOKS,
    METRICS,
    MODELS,
    PARAM_SCHEDULERS,
    DefaultScope,
    NotRegisteredError,
    Registry,
)

CONFIGS = [
    f"{library.__name__}::{path.name}"
    for library in (mmalpha, mmbeta)
    for path in sorted(Path(str(library.__file__)).with_name("configs").glob("*.py"))
]
SCOPES = ("engine", "mmalpha", "mmbeta")
ELSEWHERE = [
    (name, scope) for name in CONFIGS for scope in SCOPES if not name.startswith(f"{scope}::")
]
FROM_FILES = ("BaseSegDataset", "PascalVOCDataset", "FashionMNIST", "CIFAR10", "ImageFolder")
BACKBONES = ("timm.resnet18", "torchvision.resnet18", "transformers.resnet")
GAMMA = Path(__file__).parent / "mmgamma" / "src"


@functools.cache
def _read(name: str) -> Config:
    return Config.fromfile(name)


def _copy(name: str) -> Config:
    cfg = _read(name).copy()
    cfg.model = without_pretrained(cfg.model)  # no download
    return cfg


def _fault(registry: Registry[Any], cfg: Any, scope: str) -> str | None:
    """Return why a part does not build, or None if it does."""
    with DefaultScope.overwrite_default_scope(scope):
        try:
            _build(registry, cfg)
        except (NotRegisteredError, TypeError) as error:
            return f"{cfg}: {error}"
    return None


def _build(registry: Registry[Any], cfg: Any) -> None:
    """Build a part; a model has no memory, unless it needs values, as in older versions of timm."""
    if registry is MODELS:
        try:
            with torch.device("meta"):
                registry.build(cfg)
            return
        except RuntimeError as error:
            if "meta tensor" not in str(error):
                raise
    registry.build(cfg)


def _lint_errors(cfg: Config, below: str) -> list[str]:
    return [
        str(each)
        for each in lint.check(cfg).errors
        if each.path == below or each.path.startswith(f"{below}.")
    ]


def _parts(cfg: Mapping[str, Any]) -> Iterator[tuple[Registry[Any], Any]]:
    yield MODELS, cfg["model"]
    for hook in [*cfg.get("default_hooks", {}).values(), *cfg.get("custom_hooks", ())]:
        if hook is not None:
            yield HOOKS, hook
    for name in ("train", "val", "test"):
        loader = cfg.get(f"{name}_dataloader")
        if loader is not None:
            dataset = loader["dataset"]
            if dataset["type"] not in FROM_FILES:
                yield DATASETS, dataset
        evaluator = cfg.get(f"{name}_evaluator")
        for metric in evaluator if isinstance(evaluator, list) else [evaluator]:
            if metric is not None:
                yield METRICS, metric


def _assert_builds(cfg: Config) -> None:
    assert [*map(str, lint.check(cfg).errors)] == []
    faults = [_fault(registry, part, cfg.default_scope) for registry, part in _parts(cfg)]
    assert [*filter(None, faults)] == []


@pytest.mark.parametrize("name", CONFIGS)
def test_a_shipped_config_passes_and_builds(name: str) -> None:
    _assert_builds(_copy(name))


def test_the_config_of_another_library_passes_and_builds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(GAMMA)
    _assert_builds(Config.fromfile(str(GAMMA / "mmgamma" / "configs" / "counter_digits.py")))


@pytest.mark.parametrize(("name", "scope"), ELSEWHERE)
def test_a_model_in_another_scope(name: str, scope: str) -> None:
    cfg = _copy(name)
    cfg.default_scope = scope
    library = name.partition("::")[0]
    for kind in (cfg.model.type, f"{library}.{cfg.model.type}"):  # the parts decide the second
        cfg.model.type = kind
        errors, fault = _lint_errors(cfg, "model"), _fault(MODELS, cfg.model, scope)
        assert bool(errors) == (fault is not None), (errors, fault)


@pytest.mark.parametrize(("name", "scope"), ELSEWHERE)
def test_data_in_another_scope(name: str, scope: str) -> None:
    cfg = _copy(name)
    cfg.default_scope = scope
    for loader in ("train_dataloader", "val_dataloader", "test_dataloader"):
        dataset = cfg[loader].dataset
        errors = _lint_errors(cfg, f"{loader}.dataset")
        if dataset.type not in FROM_FILES:
            fault = _fault(DATASETS, dataset, scope)
            assert bool(errors) == (fault is not None), (errors, fault)


@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("name", ["mmalpha::resnet18_digits.py", "mmbeta::fcn_r18_digits.py"])
def test_a_backbone_of_another_package(name: str, backbone: str) -> None:
    cfg = _copy(name)
    cfg.model.backbone = {"type": backbone}
    assert _lint_errors(cfg, "model") == []
    assert _fault(MODELS, cfg.model, cfg.default_scope) is None
    cfg.model.backbone = {"type": f"{backbone}_x"}
    assert _lint_errors(cfg, "model")
    assert _fault(MODELS, cfg.model, cfg.default_scope) is not None


class _Layered(torch.nn.Linear):
    """A model that tells the order of its layers."""

    def group_matcher(self, coarse: bool = False) -> dict[str, str]:
        return {"stem": "^weight", "blocks": "^bias"}


@pytest.mark.parametrize("name", CONFIGS)
def test_the_optimizer_and_the_schedulers_of_a_shipped_config_build(name: str) -> None:
    cfg = _copy(name)
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        optim_wrapper = build_optim_wrapper(_Layered(2, 2), cfg.optim_wrapper)
        given = cfg.param_scheduler
        for scheduler in given if isinstance(given, list) else [given]:
            scheduler.pop("convert_to_iter_based", None)  # what it takes is the length of an epoch
            PARAM_SCHEDULERS.build(scheduler, default_args={"optimizer": optim_wrapper})
