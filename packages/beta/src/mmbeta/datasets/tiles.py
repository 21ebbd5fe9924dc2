"""Dataset of the tiles of large scenes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mmbeta._geotiff import check_windows, open_scene, read_window
from mmbeta.models.segmentors.windows import windows
from mmbeta.registry import DATASETS

from .seg_dataset import BaseSegDataset


@DATASETS.register_module()
class GeoTiffTiles(BaseSegDataset):
    """Tiles of scenes, which are GeoTIFFs that may be larger than memory.

    A sample has `img_path`, `seg_map_path` where there are masks, and its `window`: first row and
    column, height and width. `LoadGeoTiff` reads no more than that. The tiles of a scene cover it;
    those at the right and below are moved back into it.

    Args:
        tile_size: Height and width of a tile, in pixels.
        stride: How far a tile is from the next, downwards and to the right; None means
            `tile_size`, without overlap.
        min_valid: Tiles of which a smaller part has values, by the first band, are left out.
        img_suffix: As in `BaseSegDataset`.
        seg_map_suffix: As in `BaseSegDataset`.
        **kwargs: The other arguments of `BaseSegDataset`. For a regression, `classes` in `metainfo`
            are the names of the numbers.

    Raises:
        ValueError: If an argument is out of its range, or a mask does not have the size of its
            scene.
    """

    def __init__(
        self,
        tile_size: Sequence[int],
        stride: Sequence[int] | None = None,
        min_valid: float = 0.0,
        img_suffix: str | Sequence[str] = (".tif", ".tiff"),
        seg_map_suffix: str | Sequence[str] = (".tif", ".tiff"),
        **kwargs: Any,
    ) -> None:
        self.tile_size: tuple[int, ...] = tuple(tile_size)
        self.stride: tuple[int, ...] = self.tile_size if stride is None else tuple(stride)
        check_windows(tile_size=self.tile_size, stride=self.stride)
        if not 0 <= min_valid <= 1:
            raise ValueError(f"min_valid is a part from 0 to 1; got {min_valid}")
        self.min_valid = min_valid
        super().__init__(img_suffix=img_suffix, seg_map_suffix=seg_map_suffix, **kwargs)

    def load_data_list(self) -> list[dict[str, Any]]:
        """Find the scenes, and list their tiles."""
        return [
            {**scene, "window": box}
            for scene in super().load_data_list()
            for box in self._boxes(scene)
        ]

    def _boxes(self, scene: dict[str, Any]) -> list[tuple[int, int, int, int]]:
        with open_scene(scene["img_path"]) as source:
            found = [
                (rows.start, columns.start, rows.stop - rows.start, columns.stop - columns.start)
                for rows, columns in windows(source.shape, self.tile_size, self.stride)
            ]
            if self.min_valid > 0:
                parts = [read_window(source, [1], box)[1].mean() for box in found]
                pairs = zip(found, parts, strict=True)
                found = [box for box, part in pairs if part >= self.min_valid]
            size = source.shape
        if "seg_map_path" in scene:
            with open_scene(scene["seg_map_path"]) as mask:
                if mask.shape != size:
                    raise ValueError(
                        f"{scene['seg_map_path']} has {mask.shape} pixels, its scene {size}"
                    )
        return found
