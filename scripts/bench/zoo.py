"""The models that the libraries ship: their size, and what they cost on this machine.

`python scripts/bench zoo` prints the table of docs/model-zoo.md; `--write` puts it there.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from engine.analysis import get_model_complexity_info
from engine.config import Config
from engine.infer import BaseInferencer
from engine.registry import DATASETS, INFERENCERS, DefaultScope

PAGE = Path(__file__).resolve().parents[2] / "docs" / "model-zoo.md"
START, END = "<!-- python scripts/bench zoo --write -->\n", "<!-- end -->\n"
_PHOTO = (375, 500)  # height and width
_MAX_PIXELS = 64 * 64 * 64
_SECONDS = 2.0


def main(words: Sequence[str]) -> None:
    """Print or write the table."""
    parser = argparse.ArgumentParser(prog="python scripts/bench zoo", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write it to docs/model-zoo.md")
    parser.add_argument("--only", default=".*", help="a regular expression, found in the name")
    options = parser.parse_args(words)
    lines = []
    for line in _rows(options.only):
        print(line, flush=True)
        lines.append(line)
    if options.write:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(START)
        after = rest.partition(END)[2]
        PAGE.write_text(before + START + "\n".join(lines) + f"\n{END}" + after, encoding="utf-8")


def _rows(patterns: str) -> Iterator[str]:
    threads = torch.get_num_threads()
    yield (
        "| config | input | parameters (M) | multiply-adds (G) | "
        f"training (images/s, {threads} threads) | prediction (images/s) |"
    )
    yield "|---|---|---|---|---|---|"
    with tempfile.NamedTemporaryFile(suffix=".png") as photo:
        pixels = np.random.default_rng(0).integers(0, 256, (*_PHOTO, 3), np.uint8)
        Image.fromarray(pixels).save(photo.name)
        for name in BaseInferencer.list_models(patterns=patterns):
            cfg = Config.fromfile(name)
            if cfg.model.backbone.get("pretrained"):  # any weights are as large and as fast
                cfg.model.backbone.pretrained = False
            dataset = cfg.test_dataloader.dataset
            if dataset.type == "ImageFolder" and "metainfo" not in dataset:  # the folders name them
                names = map(str, range(cfg.model.head.num_classes))
                dataset.metainfo = dict(classes=[*names])
            with DefaultScope.overwrite_default_scope(cfg.default_scope):
                yield _row(name, cfg, photo.name)


def _row(name: str, cfg: Config, photo: str) -> str:
    """Measure the model of a config."""
    inferencer = INFERENCERS.build(cfg.inferencer, default_args=dict(model=cfg, device="cpu"))
    model = inferencer.model
    try:
        image: Tensor = DATASETS.build(cfg.test_dataloader.dataset)[0]["inputs"]
    except FileNotFoundError:  # where the images are to be a user's, it is what becomes of a photo
        image = inferencer.preprocess_one(photo)["inputs"]
    size = get_model_complexity_info(model, tuple(image.shape), show_table=False, show_arch=False)
    count = max(2, min(32, _MAX_PIXELS // image[0].numel()))
    inputs = model.data_preprocessor(dict(inputs=[image] * count))["inputs"]

    def train() -> None:
        out = model.train()(inputs)
        (out[-1] if isinstance(out, tuple) else out).mean().backward()

    @torch.inference_mode()
    def predict() -> None:
        model.eval()(inputs)

    cells = (
        f"`{name}`",
        "×".join(map(str, image.shape)),
        f"{size['params'] / 1e6:.2f}",
        f"{size['flops'] / 1e9:.3f}",
        _significant(count / _seconds(train)),
        _significant(count / _seconds(predict)),
    )
    return f"| {' | '.join(cells)} |"


def _seconds(step: Callable[[], Any]) -> float:
    """Return the best time of a step, after one that does not count."""
    step()
    best, end = float("inf"), time.perf_counter() + _SECONDS
    while time.perf_counter() < end:
        start = time.perf_counter()
        step()
        best = min(best, time.perf_counter() - start)
    return best


def _significant(value: float) -> str:
    """Return two significant digits."""
    return f"{float(f'{value:.2g}'):,.10g}"
