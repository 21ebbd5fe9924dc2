"""What pretrained weights are worth with few images: fine-tuning against training from scratch.

`python scripts/bench finetune` pretrains on half of the classes and trains on a few images of each
of the others, once from the pretrained backbone and once from fresh weights, with the configs that
the libraries ship, with one thread. It prints the tables of docs/fine-tune-classification.md and
docs/fine-tune-segmentation.md; `--write` puts them there.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from engine.config import Config
from engine.runner import Runner
from mmalpha.datasets import FashionMNIST
from mmbeta.datasets import DigitsCanvas, write_folder

DOCS = Path(__file__).resolve().parents[2] / "docs"
START, END = "<!-- python scripts/bench finetune --write -->\n", "<!-- end -->\n"
SEEDS = (0, 1, 2)
OLD_IMAGES, IMAGES = 5900, 20  # of each class
OLD_EPOCHS = 20  # of the segmentor
PRETRAINED_ON, NEW = (0, 2, 4, 5, 8), (1, 3, 6, 7, 9)
OLD_DIGITS, NEW_DIGITS = range(5), range(5, 10)
LOADERS = ("train_dataloader", "val_dataloader", "test_dataloader")
WITHOUT_PLOTS: dict[str, Any] = {"visualizer": None}


def main(words: Sequence[str]) -> None:
    """Print or write the tables."""
    parser = argparse.ArgumentParser(prog="python scripts/bench finetune", description=__doc__)
    parser.add_argument("--data-root", default="/usr/share/datasets/fashion-mnist")
    parser.add_argument("--only", choices=("classification", "segmentation"))
    parser.add_argument("--write", action="store_true", help="write them to the guides")
    options = parser.parse_args(words)
    torch.set_num_threads(1)  # with which a seed gives the same numbers again
    tables = {"classification": _classification, "segmentation": _segmentation}
    for name, table in tables.items():
        if options.only in (None, name):
            with tempfile.TemporaryDirectory() as folder:
                lines = list(table(Path(folder), options.data_root))
            print("\n".join(lines), flush=True)
            if options.write:
                _write(DOCS / f"fine-tune-{name}.md", lines)


def _classification(root: Path, data_root: str) -> Iterator[str]:
    """Pretrain on five classes of Fashion-MNIST, and learn the others from a few images."""
    try:
        train, test = (FashionMNIST(data_root, split) for split in ("train", "test"))
    except FileNotFoundError as error:
        raise SystemExit(
            f"{error}. Debian's package dataset-fashion-mnist installs it; --data-root says where"
        ) from None
    few = range(IMAGES), range(IMAGES, 2 * IMAGES)
    _write_images(train, PRETRAINED_ON, range(OLD_IMAGES), root / "old" / "train")
    _write_images(train, PRETRAINED_ON, range(OLD_IMAGES, OLD_IMAGES + 100), root / "old" / "val")
    _write_images(train, NEW, few[0], root / "new" / "train")
    _write_images(train, NEW, few[1], root / "new" / "val")
    _write_images(test, NEW, range(1000), root / "new" / "test")

    head = {"model.head.num_classes": 5}
    steep = dict(type="SGD", lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4)
    pretraining: dict[str, Any] = {
        **_epochs(5),
        "train_dataloader.batch_size": 128,
        "optim_wrapper": dict(_delete_=True, optimizer=steep),
        "custom_hooks": [],
    }
    shared = {**head, **WITHOUT_PLOTS}
    name = "mmalpha::resnet18_finetune-small.py"
    old = {**shared, **pretraining, **_data_roots(root / "old")}
    weights = _run(name, old, root / "pretraining")
    new = {**shared, **_data_roots(root / "new")}
    tuned = {**new, "model.backbone.init_cfg": _weights(weights)}
    one_rate = {
        f"optim_wrapper.paramwise_cfg.{key}": None for key in ("layer_decay", "custom_keys")
    }
    fresh = {**new, **one_rate, "optim_wrapper.optimizer.lr": 3e-3}
    yield from _compare(name, root, "accuracy/top1", tuned, fresh)


def _segmentation(root: Path, _: str) -> Iterator[str]:
    """Pretrain on canvases of five digits, and learn the others from a few canvases."""
    for split, count in (("train", IMAGES), ("val", IMAGES), ("test", 300)):
        scans = "test" if split == "test" else "train"
        seed = int(split == "val")
        data = DigitsCanvas(scans, count, seed=seed, digits=NEW_DIGITS)  # type: ignore[arg-type]  # Literal
        write_folder(data, root / "new", split)
    old: dict[str, Any] = {f"{loader}.dataset.digits": [*OLD_DIGITS] for loader in LOADERS}
    changes = {**old, **_epochs(OLD_EPOCHS), **WITHOUT_PLOTS}
    weights = _run("mmbeta::unet_r18_digits.py", changes, root / "pretraining")
    name = "mmbeta::unet_r18_finetune-small.py"
    new = {**_data_roots(root / "new"), **WITHOUT_PLOTS, "model.decode_head.num_classes": 6}
    for loader in LOADERS:
        new[f"{loader}.dataset.metainfo"] = dict(classes=("background", *map(str, NEW_DIGITS)))
        new[f"{loader}.dataset.pipeline.1.label_map"] = {each + 1: each - 4 for each in NEW_DIGITS}
    tuned = {**new, "model.backbone.init_cfg": _weights(weights)}
    yield from _compare(name, root, "mIoU", tuned, fresh=new)


def _compare(
    name: str, root: Path, metric: str, tuned: Mapping[str, Any], fresh: Mapping[str, Any]
) -> Iterator[str]:
    yield f"| `{name}` | {metric} of each seed | mean |"
    yield "|---|---|---|"
    means = []
    for label, changes in (("from scratch", fresh), ("fine-tuned", tuned)):
        values = []
        for seed in SEEDS:
            folder = root / f"{label}-{seed}"
            last = _run(name, {**changes, "randomness.seed": seed}, folder)
            values.append(_test(name, changes, last, folder / "test")[metric])
        means.append(statistics.fmean(values))
        yield f"| {label} | {', '.join(f'{value:.3f}' for value in values)} | {means[-1]:.3f} |"
    yield f"| margin | | {means[1] - means[0]:+.3f} |"


def _run(name: str, changes: Mapping[str, Any], folder: Path) -> Path:
    """Train, and return the last checkpoint."""
    _runner(name, changes, folder).train()
    return folder / (folder / "last_checkpoint").read_text().strip()


def _test(name: str, changes: Mapping[str, Any], weights: Path, folder: Path) -> dict[str, float]:
    chosen = max(weights.parent.glob("best_*.pth"), default=weights)
    return _runner(name, {**changes, "load_from": str(chosen)}, folder).test()


def _runner(name: str, changes: Mapping[str, Any], folder: Path) -> Runner:
    cfg = Config.fromfile(name)
    cfg.merge_from_dict({**changes, "work_dir": str(folder), "log_level": "WARNING"})
    return Runner.from_cfg(cfg)


def _epochs(count: int) -> dict[str, Any]:
    """Return what makes a training so long, with a cosine, and without validations on its way."""
    return {
        "train_cfg.max_epochs": count,
        "train_cfg.val_interval": count,
        "param_scheduler": [dict(type="CosineAnnealingLR", end=count, convert_to_iter_based=True)],
    }


def _weights(path: Path) -> dict[str, str]:
    return dict(type="Pretrained", checkpoint=str(path), prefix="backbone.")


def _data_roots(folder: Path) -> dict[str, str]:
    return {f"{loader}.dataset.data_root": str(folder) for loader in LOADERS}


def _write_images(data: FashionMNIST, labels: Sequence[int], which: range, folder: Path) -> None:
    """Write some of the images of each of these classes, in a folder for each."""
    seen = dict.fromkeys(labels, -1)
    for index in range(len(data)):
        info = data.get_data_info(index)
        label = info["gt_label"]
        if label not in seen:
            continue
        seen[label] += 1
        if seen[label] in which:
            name = str(data.metainfo["classes"][label]).replace("/", "-")
            (folder / name).mkdir(parents=True, exist_ok=True)
            Image.fromarray(info["img"][0].numpy()).save(folder / name / f"{seen[label]}.png")


def _write(page: Path, lines: Sequence[str]) -> None:
    before, _, rest = page.read_text(encoding="utf-8").partition(START)
    after = rest.partition(END)[2]
    page.write_text(before + START + "\n".join(lines) + f"\n{END}" + after, encoding="utf-8")
