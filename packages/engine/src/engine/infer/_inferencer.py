"""Base class of inferencers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

import torch
from torch import Tensor, nn

from engine.config import Config, shipped_configs
from engine.dataset import Compose
from engine.device import device_of, get_device
from engine.logging import console, has_terminal
from engine.model import BaseModel, evaluating, keeping_random_state, without_pretrained
from engine.registry import (
    INFERENCERS,
    MODELS,
    VISUALIZERS,
    DefaultScope,
    Restriction,
    announced_packages,
    is_building_from_data,
    name_scope,
    needs_trust,
    scope_of,
)
from engine.registry.restrictions import READS_LOCAL_FILES
from engine.runner import get_function, load_weights
from engine.utils import did_you_mean

from ._dataset_meta import dataset_meta_of, test_dataset_of
from ._explained import Explained
from ._model_index import find_model, iter_models
from ._open import ModelConfig, config_of, open_trained
from ._pretrained import fetch_trained
from ._trained import TrainedModel

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from engine.visualization import Visualizer

    Pixels = npt.NDArray[np.uint8]


@needs_trust(
    model=Restriction(
        "it would run a Python config; give the config itself",
        lambda value: not isinstance(value, (str, Path)),
        executes=True,
    ),
    weights=READS_LOCAL_FILES,
)
class BaseInferencer:
    """Predicts with a trained model.

    A subclass says how an input becomes a sample (`preprocess_one`), what an image of a prediction
    looks like (`draw`), and what a user gets to know of it (`describe`); or it writes whole steps:
    `preprocess`, `forward`, `visualize` and `postprocess`. Options of these that a call may have
    are named in `preprocess_kwargs` and the like. What the steps need is made by `_init_model`,
    `_load_weights_to_model`, `_init_pipeline`, `_init_collate` and `_init_visualizer`, which a
    subclass may override; the last three are called when `pipeline`, `collate_fn` and `visualizer`
    are first used.

    Args:
        model: The config of the run that trained the model: a file, `package::file`, the name of a
            model in the index that the library of `scope` ships, or the config itself. None takes
            the one that the checkpoint holds, which is read as data: nothing in it runs.
        weights: A checkpoint of that run, a file that `export_model` wrote, a folder of
            `save_pretrained`, or what `open_trained` gave for one of these. None takes the weights
            that the index names for the model, and otherwise leaves them as they begin.
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
        weights: str | Path | TrainedModel | None = None,
        device: str | None = None,
        scope: str | None = None,
        show_progress: bool = True,
    ) -> None:
        if scope is not None and isinstance(model, str) and (known := find_model(model, scope)):
            model, weights = known.config, weights or known.weights
        self._trained = None if weights is None else open_trained(weights)
        self.cfg: Config = config_of(model, self._trained)
        self.show_progress = show_progress
        self.scope: str = scope_of(self.cfg) if scope is None else scope
        if scope is not None and not is_building_from_data():
            name_scope(scope)
        self.device: torch.device = device_of(device or get_device())
        with self.in_scope(), keeping_random_state():
            self.model: BaseModel = self._init_model(self.cfg, self._trained, self.device)

    # -- The parts -----------------------------------------------------------------------------

    def _init_model(
        self,
        cfg: Config,
        weights: str | Path | TrainedModel | None,
        device: str | torch.device = "cpu",
    ) -> BaseModel:
        """Return the model with its weights, on its device and ready to predict."""
        trained = None if weights is None else open_trained(weights)
        if trained is not None and (exported := trained.build(cfg, device)) is not None:
            return exported.to(device).eval()
        model_cfg = cfg["model"] if trained is None else without_pretrained(cfg["model"])
        model = cast("BaseModel", MODELS.build(model_cfg))
        checkpoint = None if trained is None else trained.read()
        self._load_weights_to_model(model, checkpoint, cfg)
        model.to(device)
        return model.eval()

    def _load_weights_to_model(
        self, model: nn.Module, checkpoint: dict[str, Any] | None, cfg: Config
    ) -> None:
        """Give the model the weights of a checkpoint, which must fit; None leaves it as it is."""
        if checkpoint is not None:
            load_weights(model, checkpoint, str(self._trained or "the checkpoint"), strict=True)

    def _init_pipeline(self, cfg: Config) -> Callable[[Any], Any]:
        """Return what makes a sample of an input, by default the pipeline of the test data."""
        return Compose(test_dataset_of(cfg).get("pipeline"))

    def _init_collate(self, cfg: Config) -> Callable[[list[Any]], Any]:
        """Return what makes a batch of samples, as the test data say."""
        return get_function(cfg.get("test_dataloader", {}), "collate_fn", "engine.pseudo_collate")

    def _init_visualizer(self, cfg: Config) -> Visualizer | None:
        """Return the visualizer of the config, if it has one."""
        given = cfg.get("visualizer")
        return None if given is None else cast("Visualizer", VISUALIZERS.build(given))

    @cached_property
    def pipeline(self) -> Callable[[Any], Any]:
        """What makes a sample of an input."""
        with self.in_scope():
            return self._init_pipeline(self.cfg)

    @cached_property
    def collate_fn(self) -> Callable[[list[Any]], Any]:
        """What makes a batch of samples."""
        with self.in_scope():
            return self._init_collate(self.cfg)

    @cached_property
    def visualizer(self) -> Visualizer | None:
        """What draws predictions, where the config has a visualizer."""
        with self.in_scope():
            return self._init_visualizer(self.cfg)

    def in_scope(self) -> AbstractContextManager[None]:
        """Return a `with` block in which names are looked up in the scope of the inferencer.

        Its steps are called in one; what a subclass builds otherwise, it builds in one.
        """
        return DefaultScope.overwrite_default_scope(self.scope)

    @property
    def dataset_meta(self) -> Mapping[str, Any]:
        """What is known about the dataset of the config, which is not built for it.

        What the config does not say is that of the training data, which the checkpoint holds.

        Raises:
            ValueError: If the config has no `test_dataloader.dataset`.
        """
        known = None if self._trained is None else self._trained.meta.get("dataset_meta")
        return dataset_meta_of(self.cfg, known, self.scope)

    @staticmethod
    def list_models(scope: str | None = None, patterns: str = ".*") -> list[str]:
        """Return the models and configs that installed libraries ship, by names that `model` takes.

        Args:
            scope: The library; None means all.
            patterns: A regular expression that is to be found in a name.
        """
        packages = announced_packages()
        wanted = packages.values() if scope is None else [packages.get(scope, scope)]
        names: list[str] = []
        for package in dict.fromkeys(wanted):
            names += [model.name for model in iter_models(package)]
            names += shipped_configs(package)
        return [name for name in names if re.search(patterns, name)]

    def preprocess_one(self, item: Any) -> Any:
        """Return a sample as the test data has it, by default what the pipeline makes of an input.

        Options that `preprocess_kwargs` names are further arguments.
        """
        return self.pipeline(item)

    def draw(self, item: Any, prediction: Any) -> Pixels:
        """Return an image `(H, W, 3)` of an input and its prediction.

        Raises:
            NotImplementedError: If the class has neither this nor a `visualize` of its own.
        """
        raise NotImplementedError(
            f"{type(self).__name__} has no draw: call it with visualize=False"
        )

    def explained(self, output: Tensor, target: str | None) -> Explained:
        """Return which number of an output `engine.infer.explain` explains.

        Args:
            output: What the model gives for one image in the mode `'tensor'`, without the
                dimension of the batch.
            target: The name of what is to be explained; None means what is predicted.

        Raises:
            NotImplementedError: If the class does not say it.
            ValueError: If there is no such target.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say what to explain")

    def draw_explained(self, picture: Pixels, prediction: Any, name: str) -> Pixels:
        """Return the image of an explanation, by default as it is.

        Args:
            picture: The image that the model got, with the warm parts, `(H, W, 3)`.
            prediction: What is predicted for it.
            name: The name of what is explained.
        """
        return picture

    def describe(self, prediction: Any) -> Any:
        """Return what there is to say of a prediction, as plain data.

        Raises:
            NotImplementedError: If the class has neither this nor a `postprocess` of its own.
        """
        raise NotImplementedError(
            f"{type(self).__name__} has no describe: call it with return_datasamples=True"
        )

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
            `predictions`, and `visualization`, a list of images, both in the order of the inputs.

        Raises:
            TypeError: If no step has such an option.
        """
        before, forward, drawing, behind = self._dispatch_kwargs(**kwargs)
        with self.in_scope(), keeping_random_state(), evaluating(self.model):
            items = self._inputs_to_list(inputs)
            predictions: list[Any] = []
            batches = self.preprocess(items, batch_size, **before)
            for batch in self._show_progress(batches, -(-len(items) // batch_size)):
                predictions += self.forward(batch, **forward)
            images = self.visualize(items, predictions, **drawing) if visualize else []
            return self.postprocess(predictions, images, return_datasamples, **behind)

    def preprocess(
        self, inputs: Iterable[Any], batch_size: int = 1, **kwargs: Any
    ) -> Iterator[Any]:
        """Yield batches of the inputs, as the test loader gives them.

        Args:
            inputs: The inputs.
            batch_size: How many are in a batch.
            **kwargs: Options that a subclass names in `preprocess_kwargs`.
        """
        samples = (self.preprocess_one(item, **kwargs) for item in inputs)
        yield from map(self.collate_fn, self._get_chunk_data(samples, batch_size))

    @torch.no_grad()
    def forward(self, inputs: Any, **kwargs: Any) -> list[Any]:
        """Return the predictions for a batch.

        Args:
            inputs: The batch.
            **kwargs: Options that a subclass names in `forward_kwargs`.
        """
        return self.model.test_step(inputs, **kwargs)

    def visualize(
        self, inputs: Sequence[Any], preds: Sequence[Any], show: bool = False, **kwargs: Any
    ) -> list[Pixels]:
        """Return an image of each input and its prediction.

        Args:
            inputs: The inputs.
            preds: Their predictions.
            show: Whether to show each in a window.
            **kwargs: Options that a subclass names in `visualize_kwargs`.
        """
        images = [self.draw(item, pred, **kwargs) for item, pred in zip(inputs, preds, strict=True)]
        if show:
            from engine.visualization import Visualizer  # deferred: it is seldom wanted

            for image in images:
                Visualizer().show(image)
        return images

    def postprocess(
        self,
        preds: Sequence[Any],
        visualization: list[Pixels],
        return_datasample: bool = False,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """Return what the user gets.

        Args:
            preds: The predictions.
            visualization: The images.
            return_datasample: Whether the predictions stay those of the model.
            **kwargs: Options that a subclass names in `postprocess_kwargs`.
        """
        described = preds if return_datasample else [self.describe(p, **kwargs) for p in preds]
        return {"predictions": list(described), "visualization": visualization}

    def _inputs_to_list(self, inputs: Any) -> list[Any]:
        if isinstance(inputs, (str, Path)) and Path(inputs).is_dir():
            files = sorted(path for path in Path(inputs).iterdir() if path.is_file())
            there = [str(path) for path in files if not path.name.startswith(".")]
            if not there:
                raise FileNotFoundError(f"there are no files in the folder {inputs}")
            return there
        return list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]

    def _get_chunk_data(self, inputs: Iterable[Any], chunk_size: int) -> Iterator[list[Any]]:
        """Yield the inputs in lists of a length, the last of which may be shorter."""
        rest = iter(inputs)
        while chunk := [*islice(rest, chunk_size)]:
            yield chunk

    def _dispatch_kwargs(self, **kwargs: Any) -> list[dict[str, Any]]:
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


def build_inferencer(
    weights: str | Path | TrainedModel,
    model: ModelConfig | None = None,
    device: str | None = None,
    show_progress: bool = True,
) -> BaseInferencer:
    """Return the inferencer that a config names, with a trained model.

    Args:
        weights: As in `BaseInferencer`, or a model of the Hub, `user/name`, which is fetched.
        model: As in `BaseInferencer`; its `inferencer` is the config of the inferencer.
        device: As in `BaseInferencer`.
        show_progress: As in `BaseInferencer`.

    Raises:
        ValueError: If the config has no `inferencer`.
        CheckpointError: If there is no such checkpoint.
    """
    trained = fetch_trained(weights)
    cfg = config_of(model, trained)
    if "inferencer" not in cfg:
        raise ValueError("the config has no inferencer, which says how to predict an input")
    defaults = {"model": cfg, "weights": trained, "device": device}
    with DefaultScope.overwrite_default_scope(scope_of(cfg)):
        built = INFERENCERS.build(cfg["inferencer"], default_args=defaults)
    inferencer = cast("BaseInferencer", built)
    inferencer.show_progress = show_progress
    return inferencer
