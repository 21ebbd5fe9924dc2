"""Writing a dataset as folders of images and masks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image

from engine.dataset import BaseDataset
from mmbeta.visualization import Classes


def write_folder(data: BaseDataset, data_root: str | Path, split: str) -> None:
    """Write the images and masks of a dataset, in the layout that `BaseSegDataset` reads.

    They become `images/<split>/0000.png` and so on, and `masks/<split>/0000.png`, whose palette has
    the colors of the classes.

    Args:
        data: A dataset whose samples have `img`, a tensor `(C, H, W)` of uint8, gray or RGB, and
            `gt_seg_map`, one of `(H, W)`.
        data_root: The folder to write to.
        split: The name of the folders within.
    """
    images, masks = (Path(data_root) / kind / split for kind in ("images", "masks"))
    for folder in (images, masks):
        folder.mkdir(parents=True, exist_ok=True)
    palette = [value for color in Classes.of(data.metainfo).colors for value in color]
    for index in range(len(data)):
        info: dict[str, Any] = data.get_data_info(index)
        pixels = info["img"].permute(1, 2, 0).numpy()
        image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
        image.save(images / f"{index:04}.png")
        mask = Image.fromarray(info["gt_seg_map"].numpy())
        mask.putpalette(palette)
        mask.save(masks / f"{index:04}.png")
