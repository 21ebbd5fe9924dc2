"""Features of images, taken from within a model, and files of them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from engine.checkpoint import save_checkpoint
from engine.config import ConfigDict
from engine.dist import get_data_info
from engine.fileio import atomic_write

if TYPE_CHECKING:
    from engine.runner import Runner

SUFFIXES = (".npz", ".safetensors")


class FeatureTap:
    """Takes the features of each batch from a module within a model.

    Args:
        module: The module.
        pick: Returns the features, `(N, D)` or maps `(N, D, H, W)`, whose mean is taken, from the
            arguments and the output of the module.
    """

    def __init__(self, module: nn.Module, pick: Callable[[tuple[Any, ...], Any], Tensor]) -> None:
        self._pick = pick
        self._batches: list[Tensor] = []
        self._handle = module.register_forward_hook(self._keep)

    def take(self, count: int) -> Tensor:
        """Return the features of the batch that the model has just predicted, `(N, D)`.

        Args:
            count: How many images were in it.

        Raises:
            ValueError: If the module ran for something else than these images, once each.
        """
        batches, self._batches = self._batches, []
        if len(batches) != 1 or len(batches[0]) != count:
            raise ValueError(
                f"features need a model that sees each image once; for {count} images it ran "
                f"{len(batches)} times, for {sum(map(len, batches))}, as for test-time "
                "augmentation or sliding windows"
            )
        return batches[0]

    def remove(self) -> None:
        """Take no more features."""
        self._handle.remove()

    def _keep(self, module: nn.Module, args: tuple[Any, ...], output: Any) -> None:
        features = self._pick(args, output).detach().float()
        self._batches.append(features.flatten(2).mean(2) if features.ndim > 2 else features)


def training_features(runner: Runner, tap: FeatureTap) -> Iterator[tuple[Sequence[Any], Tensor]]:
    """Predict the training images of this process, with the transforms of the test.

    Args:
        runner: The runner of a test.
        tap: What takes the features of its model.

    Yields:
        The outputs for a batch, and its features `(N, D)` in main memory.

    Raises:
        ValueError: If the config does not name both datasets, or one of them has no pipeline.
    """
    loader = runner.build_dataloader(_training_loader(runner.cfg))
    size = len(loader.dataset)  # type: ignore[arg-type]  # sized
    seen = 0
    with torch.no_grad(), runner.strategy.autocast():
        for batch in loader:
            outputs = runner.model.test_step(batch)
            features = tap.take(len(outputs)).cpu()
            count = len(places(seen, len(outputs), size))
            seen += len(outputs)
            if count:
                yield outputs[:count], features[:count]


def places(seen: int, count: int, size: int) -> list[int]:
    """Return the places in the dataset of a batch of this process, without repeated samples.

    Args:
        seen: How many samples this process has had before.
        count: How many are in the batch.
        size: How many the dataset has.
    """
    rank, processes = get_data_info()
    every = ((seen + number) * processes + rank for number in range(count))
    return [place for place in every if place < size]


def _training_loader(cfg: Mapping[str, Any]) -> ConfigDict:
    loader = copy.deepcopy(cfg.get("test_dataloader"))
    train = cfg.get("train_dataloader")
    if not isinstance(loader, ConfigDict) or not isinstance(train, ConfigDict):
        raise ValueError("k-NN needs the configs train_dataloader and test_dataloader")
    pipeline = _with_pipeline(loader.get("dataset"))["pipeline"]
    loader["dataset"] = copy.deepcopy(train["dataset"])
    _with_pipeline(loader["dataset"])["pipeline"] = pipeline
    return loader


def _with_pipeline(dataset: Any) -> ConfigDict:
    """Return the dataset that has a pipeline: the given one, or one within its wrappers."""
    within = dataset
    while isinstance(within, ConfigDict) and "pipeline" not in within:
        within = within.get("dataset")
    if not isinstance(within, ConfigDict):
        raise ValueError("k-NN needs datasets with a pipeline, in wrappers of one dataset at most")
    return within


def write_features(path: Path, features: Tensor, labels: Tensor | None, names: list[str]) -> None:
    """Write features, in the order of the dataset, as `.npz` or `.safetensors`.

    Args:
        path: The file.
        features: `(N, D)`.
        labels: The class of each image, `(N,)`, if it is known.
        names: The file of each image, or an empty string.
    """
    if path.suffix == ".safetensors":
        tensors = {"features": features} | ({} if labels is None else {"labels": labels})
        path.parent.mkdir(parents=True, exist_ok=True)
        save_checkpoint({"state_dict": tensors, "meta": {"img_path": names}}, str(path))
        return
    arrays: dict[str, Any] = {"features": features.numpy(), "img_path": np.array(names, str)}
    if labels is not None:
        arrays["labels"] = labels.numpy()
    with atomic_write(path) as file:
        np.savez(file, **arrays)
