"""Small data for the runs: drawn shapes with masks and boxes, and Fashion-MNIST if it is there."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image

# Where Debian's package dataset-fashion-mnist puts it.
FASHION = Path("/usr/share/datasets/fashion-mnist")
SIZE = 96  # pixels
COUNTS = {"train": 80, "val": 12}


def make_data(folder: Path) -> None:
    """Write the data into a folder."""
    rng = np.random.default_rng(0)
    for split, count in COUNTS.items():
        make_shapes(folder / "shapes", split, count, rng)
    for file in FASHION.glob("*.gz"):
        target = folder / "fashion" / file.stem
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(gzip.decompress(file.read_bytes()))


def make_shapes(folder: Path, split: str, count: int, rng: np.random.Generator) -> None:
    """Draw images with a disc and a square each, and write their masks and boxes."""
    images: list[dict[str, object]] = []
    annotations: list[dict[str, object]] = []
    for kind in ("images", "masks"):
        (folder / kind / split).mkdir(parents=True, exist_ok=True)
    rows, columns = np.mgrid[:SIZE, :SIZE]
    for number in range(count):
        image = rng.integers(0, 60, (SIZE, SIZE, 3)).astype(np.uint8)
        mask = np.zeros((SIZE, SIZE), np.uint8)
        for label in (1, 2):
            radius = int(rng.integers(10, 18))
            y, x = (int(each) for each in rng.integers(radius, SIZE - radius, 2))
            far = [np.abs(rows - y), np.abs(columns - x)]
            inside = np.hypot(*far) <= radius if label == 1 else np.maximum(*far) <= radius
            mask[inside] = label
            image[inside] = (220, 80, 80) if label == 1 else (80, 80, 220)
            side = 2 * radius
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": label,
                    "bbox": [x - radius, y - radius, side, side],
                    "area": side * side,
                    "iscrowd": 0,
                }
            )
        name = f"{number:03}.png"
        Image.fromarray(image).save(folder / "images" / split / name)
        Image.fromarray(mask).save(folder / "masks" / split / name)
        images.append({"id": number, "file_name": name, "height": SIZE, "width": SIZE})
    categories = [{"id": 1, "name": "disc"}, {"id": 2, "name": "square"}]
    coco = {"images": images, "annotations": annotations, "categories": categories}
    (folder / f"{split}.json").write_text(json.dumps(coco))


if __name__ == "__main__":
    make_data(Path(sys.argv[1]))
