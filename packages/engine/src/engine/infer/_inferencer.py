"""Base class of inferencers."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

import torch

from engine.checkpoint import CheckpointError, check_exists, read_checkpoint
from engine.config import Config, shipped_configs
from engine.dataset import pseudo_collate
from engine.device import device_of, get_device
from engine.fileio import isfile, list_from_file
from engine.logging import console, has_terminal
from engine.model import BaseModel, evaluating, keeping_random_state
from engine.registry import (
    DATASETS,
    INFERENCERS,
    MODELS,
    DefaultScope,
    Restriction,
    announced_scopes,
    check_options,
    is_building_from_data,
    name_scope,
    needs_trust,
    trust_of,
)
from engine.registry.restrictions import READS_LOCAL_FILES
from engine.runner import load_checkpoint
from engine.utils import did_you_mean

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Picture = npt.NDArray[np.uint8]

ModelConfig = str | Path | Config | Mapping[str, Any]


@needs_trust(
    model=Restriction(
        "it would run a Python config; give the config itself",
        lambda value: not isinstance(value, (str, Path)),
        executes=True,
    ),
    weights=READS_LOCAL_FILES,
)
class BaseInferencer(ABC):
    """Predicts with a trained model.

    A subclass says how an input becomes a sample (`preprocess_one`), what a picture of a prediction
    looks like (`draw`), and what a user gets to know of it (`describe`); or it writes whole steps:
    `preprocess`, `forward`, `visualize` and `postprocess`. Options of these that a call may have
    are named in `preprocess_kwargs` and the like.

    Args:
        model: The config of the run that trained the model: a file, `package::file`, or the config
            itself. None takes the one that the checkpoint holds, which is read as data: nothing in
            it runs.
        weights: A checkpoint of that run; None leaves the weights as they begin.
        device: Where the model runs; None means the best device there is.
        scope: Where names are looked up; None means the default scope of the config.
        show_progress: Whether a terminal shows how far a call with several batches is.

    Attributes:
        cfg: The config.
        model: The model.
        scope: Where names are looked up.

    Raises:
        ValueError: If neither `model` nor `weights` is given.
        ConfigError: If the config can't be read.
        CheckpointError: If the checkpoint can't be read, is of another model, or holds no config.
    """

    preprocess_kwargs: ClassVar[set[str]] = set()
    forward_kwargs: ClassVar[set[str]] = set()
    visualize_kwargs: ClassVar[set[str]] = set()
    postprocess_kwargs: ClassVar[set[str]] = set()

    def __init__(
        self,
        model: ModelConfig | None = None,
        weights: str | Path | None = None,
        device: str | None = None,
        scope: str | None = None,
        show_progress: bool = True,
    ) -> None:
        if weights is not None:
            check_exists(weights)
        self.cfg = config_of(model, weights)
        self.show_progress = show_progress
        self.scope = _scope_of(self.cfg) if scope is None else scope
        if scope is not None and not is_building_from_data():
            name_scope(scope)
        self.device = device_of(device or get_device())
        with self.in_scope(), keeping_random_state():
            self.model = cast("BaseModel", MODELS.build(self.cfg["model"]))
        if weights is not None:
            load_checkpoint(self.model, weights, strict=True)
        self.model.to(self.device).eval()

    def in_scope(self) -> AbstractContextManager[None]:
        """Return a `with` block in which names are looked up in the scope of the inferencer.

        Its steps are called in one; what a subclass builds otherwise, it builds in one.
        """
        return DefaultScope.overwrite_default_scope(self.scope)

    @property
    def dataset_meta(self) -> Mapping[str, Any]:
        """What is known about the dataset of the config, which is not built for it.

        Raises:
            ValueError: If the config has no `test_dataloader.dataset`.
        """
        dataset = self.cfg.get("test_dataloader", {}).get("dataset")
        if dataset is None:
            raise ValueError("an inferencer needs test_dataloader.dataset, which names the classes")
        kind = dataset["type"]
        known: Any = kind
        if isinstance(kind, str):
            with self.in_scope():
                known = DATASETS.get_from(dataset)
        check_options(known, dataset)
        metainfo = {**getattr(known, "METAINFO", {}), **dataset.get("metainfo", {})}
        return {
            key: list_from_file(value) if isinstance(value, str) and isfile(value) else value
            for key, value in metainfo.items()
        }

    @staticmethod
    def list_models(scope: str | None = None, patterns: str = ".*") -> list[str]:
        """Return the names of the configs that installed libraries ship, as `model` takes them.

        Args:
            scope: The library; None means all.
            patterns: A regular expression that is to be found in a name.
        """
        packages = {name: path.partition(".")[0] for name, path in announced_scopes().items()}
        wanted = packages.values() if scope is None else [packages.get(scope, scope)]
        names = [name for package in dict.fromkeys(wanted) for name in shipped_configs(package)]
        return [name for name in names if re.search(patterns, name)]

    @abstractmethod
    def preprocess_one(self, item: Any) -> dict[str, Any]:
        """Return a sample as the test data has it: `inputs` and `data_samples`."""

    @abstractmethod
    def draw(self, item: Any, prediction: Any) -> Picture:
        """Return a picture `(H, W, 3)` of an input and its prediction."""

    @abstractmethod
    def describe(self, prediction: Any) -> dict[str, Any]:
        """Return what there is to say of a prediction, as plain data."""

    def __call__(
        self,
        inputs: Any,
        return_datasamples: bool = False,
        batch_size: int = 1,
        visualize: bool = True,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """Predict.

        The mode of the model, gradients, random numbers and the default scope of the process are
        left as they were found.

        Args:
            inputs: One input, a list of them, or a folder whose files are the inputs.
            return_datasamples: Whether the predictions are those of the model, not plain data.
            batch_size: How many are predicted at once.
            visualize: Whether to draw the predictions as well.
            **kwargs: Options of the steps.

        Returns:
            `predictions`, and `visualization`, a list of pictures, both in the order of the inputs.

        Raises:
            TypeError: If no step has such an option.
        """
        before, forward, drawing, behind = self._dispatch(kwargs)
        with self.in_scope(), keeping_random_state(), evaluating(self.model):
            items = self._inputs_to_list(inputs)
            predictions: list[Any] = []
            batches = self.preprocess(items, batch_size, **before)
            for batch in self._show_progress(batches, -(-len(items) // batch_size)):
                predictions += self.forward(batch, **forward)
            pictures = self.visualize(items, predictions, **drawing) if visualize else []
            return self.postprocess(predictions, pictures, return_datasamples, **behind)

    def preprocess(
        self, inputs: Sequence[Any], batch_size: int = 1, **kwargs: Any
    ) -> Iterator[dict[str, list[Any]]]:
        """Yield batches of the inputs, as the test loader gives them.

        Args:
            inputs: The inputs.
            batch_size: How many are in a batch.
            **kwargs: Options that a subclass names in `preprocess_kwargs`.
        """
        for start in range(0, len(inputs), batch_size):
            chunk = inputs[start : start + batch_size]
            yield pseudo_collate([self.preprocess_one(item, **kwargs) for item in chunk])

    @torch.no_grad()
    def forward(self, inputs: dict[str, list[Any]], **kwargs: Any) -> list[Any]:
        """Return the predictions for a batch.

        Args:
            inputs: The batch.
            **kwargs: Options that a subclass names in `forward_kwargs`.
        """
        return self.model.test_step(inputs, **kwargs)

    def visualize(
        self, inputs: Sequence[Any], preds: Sequence[Any], show: bool = False, **kwargs: Any
    ) -> list[Picture]:
        """Return a picture of each input and its prediction.

        Args:
            inputs: The inputs.
            preds: Their predictions.
            show: Whether to show each in a window.
            **kwargs: Options that a subclass names in `visualize_kwargs`.
        """
        pictures = [
            self.draw(item, pred, **kwargs) for item, pred in zip(inputs, preds, strict=True)
        ]
        if show:
            from engine.visualization import Visualizer  # deferred: it is seldom wanted

            for picture in pictures:
                Visualizer().show(picture)
        return pictures

    def postprocess(
        self,
        preds: Sequence[Any],
        visualization: list[Picture],
        return_datasample: bool = False,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """Return what the user gets.

        Args:
            preds: The predictions.
            visualization: The pictures.
            return_datasample: Whether the predictions stay those of the model.
            **kwargs: Options that a subclass names in `postprocess_kwargs`.
        """
        described = preds if return_datasample else [self.describe(p, **kwargs) for p in preds]
        return {"predictions": list(described), "visualization": visualization}

    def _inputs_to_list(self, inputs: Any) -> list[Any]:
        if isinstance(inputs, (str, Path)) and Path(inputs).is_dir():
            files = sorted(path for path in Path(inputs).iterdir() if path.is_file())
            return [str(path) for path in files if not path.name.startswith(".")]
        return list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]

    def _dispatch(self, kwargs: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the options of each step."""
        steps = [
            self.preprocess_kwargs,
            self.forward_kwargs,
            self.visualize_kwargs | {"show"},
            self.postprocess_kwargs,
        ]
        known = set().union(*steps)
        if unknown := [name for name in kwargs if name not in known]:
            hint = did_you_mean(unknown[0], known)
            raise TypeError(f"{type(self).__name__} has no option {unknown[0]!r}{hint}")
        return [{name: kwargs[name] for name in names & kwargs.keys()} for names in steps]

    def _show_progress(self, batches: Iterable[Any], total: int) -> Iterable[Any]:
        if total < 2 or not self.show_progress or not has_terminal():
            return batches
        from rich.progress import track  # deferred: terminals only

        return track(batches, "predicting", total, console=console(), transient=True)


def _scope_of(cfg: Mapping[str, Any]) -> str:
    scope: str = cfg.get("default_scope", "engine")
    if trust_of(cfg, "default_scope") is not False:
        name_scope(scope)
    return scope


def config_of(
    model: ModelConfig | None, weights: str | Path | None, *, trust: bool = False
) -> Mapping[str, Any]:
    """Return the config of a model.

    Args:
        model: The config, or its file.
        weights: A checkpoint, whose config is used if `model` is None.
        trust: Whether the config is trusted as code would be; that of a checkpoint does not run
            all the same.

    Raises:
        ValueError: If both are None.
        CheckpointError: If the checkpoint can't be read, or holds no config.
        ConfigError: If the config can't be read, or that of the checkpoint is more than data.
    """
    if isinstance(model, (str, Path)):
        return Config.fromfile(model, trust=trust)
    if model is not None:
        return model
    if weights is None:
        raise ValueError("an inferencer needs model, weights or both")
    meta = read_checkpoint(weights, mmap=True).get("meta")
    text = meta.get("cfg") if isinstance(meta, Mapping) else None
    if not text or not isinstance(text, str):
        raise CheckpointError(f"{weights} holds no config; say which one its model had")
    return Config.fromstring(text, ".py", run=False, trust=trust)


def build_inferencer(
    weights: str | Path,
    model: ModelConfig | None = None,
    device: str | None = None,
    show_progress: bool = True,
) -> BaseInferencer:
    """Return the inferencer that a config names, with the weights of a checkpoint.

    Args:
        weights: The checkpoint.
        model: As in `BaseInferencer`; its `inferencer` is the config of the inferencer.
        device: As in `BaseInferencer`.
        show_progress: As in `BaseInferencer`.

    Raises:
        ValueError: If the config has no `inferencer`.
        CheckpointError: If there is no such checkpoint.
    """
    check_exists(weights)
    cfg = config_of(model, weights)
    if "inferencer" not in cfg:
        raise ValueError("the config has no inferencer, which says how to predict an input")
    defaults = {"model": cfg, "weights": str(weights), "device": device}
    with DefaultScope.overwrite_default_scope(_scope_of(cfg)):
        built = INFERENCERS.build(cfg["inferencer"], default_args=defaults)
    inferencer = cast("BaseInferencer", built)
    inferencer.show_progress = show_progress
    return inferencer
