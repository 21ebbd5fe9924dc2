"""Images a second of a real training, over a plain PyTorch loop and beside Lightning.

The model, the images and the optimizer are those of `mmalpha::resnet18_fashion-mnist.py`. All
read the images and train on as many batches, by turns in one process, with all cores and without
workers. The plain loop and Lightning have a dataset of their own, which does no more than these
images need; a second plain loop has that of the config.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import logging
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from peers_env import run_beside_peers
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from engine.config import Config
from engine.registry import DATASETS, MODELS, DefaultScope
from engine.runner import Runner

BATCH = 256
ROUNDS = 3
_PAD = 2


def _cfg(data_root: str, batches: int, folder: str) -> Config:
    cfg = Config.fromfile("mmalpha::resnet18_fashion-mnist.py")
    cfg.train_dataloader.dataset.update(data_root=data_root, indices=batches * BATCH)
    cfg.train_cfg = {"by_epoch": True, "max_epochs": 1}
    for key in ("val_dataloader", "val_cfg", "val_evaluator"):
        cfg.pop(key, None)
    for key in ("test_dataloader", "test_cfg", "test_evaluator"):
        cfg.pop(key, None)
    cfg.param_scheduler = None
    cfg.work_dir = folder
    return cfg


class Clothes(Dataset[tuple[Tensor, int]]):
    """The images of the plain loop, shifted and flipped by chance.

    Args:
        data_root: The folder of the idx files.
        size: How many are used.
    """

    def __init__(self, data_root: str, size: int) -> None:
        images = _bytes_of(data_root, "train-images-idx3-ubyte.gz")[16:].reshape(-1, 1, 28, 28)
        self._images = images[:size]
        self._labels = _bytes_of(data_root, "train-labels-idx1-ubyte.gz")[8:][:size].tolist()

    def __len__(self) -> int:
        """Return how many images there are."""
        return len(self._labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        """Return an image and its class."""
        padded = nn.functional.pad(self._images[index], [_PAD] * 4)
        top, left = random.randint(0, 2 * _PAD), random.randint(0, 2 * _PAD)
        image = padded[:, top : top + 28, left : left + 28]
        return (image.flip(-1) if random.random() < 0.5 else image), self._labels[index]


def _bytes_of(folder: str, name: str) -> Tensor:
    return torch.frombuffer(bytearray(gzip.open(Path(folder, name)).read()), dtype=torch.uint8)


class Plain(nn.Module):
    """The network and the loss, of the same modules, without the rest of a `BaseModel`.

    Args:
        cfg: The config of the model.
    """

    def __init__(self, cfg: Mapping[str, Any]) -> None:
        super().__init__()
        with DefaultScope.overwrite_default_scope("mmalpha"):
            model: Any = MODELS.build(cfg)
        self.backbone, self.fc = model.backbone, model.head.fc

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """Return the loss."""
        scores = self.fc(self.backbone((images.float() - 73.0) / 90.0)[-1].mean((2, 3)))
        return nn.functional.cross_entropy(scores, labels, label_smoothing=0.1)


def _optimizer(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.SGD(
        model.parameters(), lr=0.2, momentum=0.9, nesterov=True, weight_decay=5e-4
    )


def _loader(cfg: Config) -> DataLoader[Any]:
    dataset = cfg.train_dataloader.dataset
    return DataLoader(Clothes(dataset.data_root, dataset.indices), BATCH, shuffle=True)


def _plain(cfg: Config) -> None:
    _train(cfg, _loader(cfg))


def _plain_with_the_dataset(cfg: Config) -> None:
    with DefaultScope.overwrite_default_scope("mmalpha"):
        dataset: Any = DATASETS.build(cfg.train_dataloader.dataset)
    _train(cfg, DataLoader(dataset, BATCH, shuffle=True, collate_fn=_joined))


def _joined(samples: list[dict[str, Any]]) -> tuple[Tensor, Tensor]:
    labels = torch.cat([each["data_samples"].gt_label for each in samples])
    return torch.stack([each["inputs"] for each in samples]), labels


def _train(cfg: Config, loader: DataLoader[Any]) -> None:
    model = Plain(cfg.model).train()
    optimizer = _optimizer(model)
    for number, (images, labels) in enumerate(loader):
        loss = model(images, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if number % 50 == 0:
            loss.item()


def _engine(cfg: Config) -> None:
    Runner.from_cfg(cfg).train()


def _lightning(cfg: Config) -> None:
    import lightning

    class Model(lightning.LightningModule):  # type: ignore[misc]  # it may be missing
        def __init__(self) -> None:
            super().__init__()
            self.model = Plain(cfg.model)

        def training_step(self, batch: Any, batch_idx: int) -> Any:
            loss = self.model(*batch)
            self.log("loss", loss)
            return loss

        def configure_optimizers(self) -> Any:
            return _optimizer(self)

    trainer = lightning.Trainer(
        max_epochs=1,
        accelerator="cpu",
        default_root_dir=cfg.work_dir,
        enable_progress_bar=False,
        enable_model_summary=False,
        log_every_n_steps=50,
    )
    trainer.fit(Model(), _loader(cfg))


def compare(data_root: str, batches: int) -> None:
    """Print the table."""
    logging.disable(logging.WARNING)
    runs: dict[str, Callable[[Config], None]] = {
        "a plain loop": _plain,
        "engine": _engine,
        "a plain loop with the dataset of the config": _plain_with_the_dataset,
        "Lightning, with the dataset of the plain loop": _lightning,
    }
    best = dict.fromkeys(runs, float("inf"))
    for _ in range(ROUNDS):
        for name, run in runs.items():
            with tempfile.TemporaryDirectory() as folder, open(os.devnull, "w") as nothing:
                cfg = _cfg(data_root, batches, folder)
                with contextlib.redirect_stdout(nothing), contextlib.redirect_stderr(nothing):
                    start = time.perf_counter()
                    run(cfg)
                    best[name] = min(best[name], time.perf_counter() - start)
    print(f"{torch.get_num_threads()} threads, {batches} batches of {BATCH}\n")
    print("| | images a second | over the plain loop | target |\n|---|---:|---:|---:|")
    for name, seconds in best.items():
        ratio, goal = best["a plain loop"] / seconds, "≥ 0.97" if name == "engine" else ""
        print(f"| {name} | {batches * BATCH / seconds:,.0f} | {ratio:.2f} | {goal} |")


def main(words: list[str]) -> None:
    """Run the comparison beside Lightning."""
    run_beside_peers(Path(__file__).name, *words)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-root", default="data/fashion-mnist")
    parser.add_argument("--batches", type=int, default=234, help="of 256 images; 234 are an epoch")
    options = parser.parse_args(sys.argv[1:])
    compare(options.data_root, options.batches)
