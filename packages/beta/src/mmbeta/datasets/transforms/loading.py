"""Loading of an image and its mask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch

from engine.infer import Color, check_color, read_image, read_mask
from engine.registry import is_building_from_data
from engine.registry.restrictions import check_fetched_plainly
from mmbeta.datasets.labels import LabelReader
from mmbeta.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadImageFromFile:
    """Reads the image of `img_path`, a local path or a URL.

    It keeps what is there, as `engine.infer.read_image` does: uint8, uint16, int32 or float32, any
    number of channels, upright by EXIF.

    Args:
        color: `'gray'` makes one channel, `'rgb'` three; None keeps those of the file.

    Raises:
        ValueError: If `color` is none of those.
    """

    def __init__(self, color: Color | None = None) -> None:
        check_color(color, "LoadImageFromFile")
        self.color: Color | None = color
        self._from_data = is_building_from_data()

    def __call__(self, results: dict[str, Any]) -> dict[str, Any]:
        """Add `img`, unless it is there without `img_path`, and `ori_shape`, height and width."""
        if "img_path" in results or "img" not in results:
            path = results["img_path"]
            if self._from_data:
                check_fetched_plainly(path)
            results["img"] = read_image(path, self.color)
        results["ori_shape"] = tuple(results["img"].shape[-2:])
        return results


@TRANSFORMS.register_module()
class LoadAnnotations:
    """Reads the mask of `seg_map_path`, an image or an array of NumPy whose values are labels.

    The values are those of the file: of a gray image of 8 or 16 bits, or the indices of a palette.
    Masks of other kinds become labels by `palette` or `one_hot`. Then `label_map` is applied, and
    last the `label_table` of the sample, if its dataset has given it one.

    Args:
        label_map: For values of the file their labels: `{255: 1}`. Other values stay.
        palette: For masks in RGB the color of each label, `[[r, g, b], ...]`; None means the
            `palette` of the dataset. Alpha does not count.
        one_hot: For masks with a channel for each class: `'classes'` means that channel c is the
            label c, and a pixel has one; `'foreground'` that channel c is the label c + 1, and that
            a pixel in no channel has the label 0.

    Raises:
        TypeError: If `label_map` is no dictionary.
        ValueError: If an argument is none of those.
    """

    def __init__(
        self,
        label_map: Mapping[int, int] | None = None,
        palette: Sequence[Sequence[int]] | None = None,
        one_hot: Literal["classes", "foreground"] | None = None,
    ) -> None:
        self.reader: LabelReader = LabelReader(label_map, palette, one_hot)
        self._from_data = is_building_from_data()

    @property
    def labels_key(self) -> str:
        """A text that is equal for transforms that read labels alike."""
        return self.reader.key

    def __call__(self, results: dict[str, Any]) -> dict[str, Any]:
        """Add `gt_seg_map`, a tensor `(H, W)` of uint8, or of int32 if labels need more."""
        if "seg_map_path" not in results:
            raise ValueError(
                f"{results.get('img_path', 'the sample')} has no mask: data_prefix of the dataset "
                "has no seg_map_path"
            )
        path = results["seg_map_path"]
        if self._from_data:
            check_fetched_plainly(path)
        table = results.get("label_table")
        mask = self.reader(read_mask(path), path, None if table is None else table.palette)
        if mask.shape != results.get("ori_shape", mask.shape):
            raise ValueError(
                f"{path} has {mask.shape[0]}×{mask.shape[1]} pixels, but {results['img_path']} has "
                f"{results['ori_shape'][0]}×{results['ori_shape'][1]}"
            )
        results["gt_seg_map"] = torch.from_numpy(mask if table is None else table(mask, path))
        return results
