"""Data sample of a segmented image."""

from __future__ import annotations

from engine.structures import BaseDataElement, PixelData


class SegDataSample(BaseDataElement):
    """The masks of an image.

    A mask is a `PixelData` whose `data` of shape `(1, H, W)` holds the class of each pixel.
    """

    @property
    def gt_sem_seg(self) -> PixelData:
        """The true mask."""
        return self._gt_sem_seg  # type: ignore[no-any-return]  # set_field has checked it

    @gt_sem_seg.setter
    def gt_sem_seg(self, value: PixelData) -> None:
        self.set_field(value, "_gt_sem_seg", dtype=PixelData)

    @property
    def pred_sem_seg(self) -> PixelData:
        """The predicted mask."""
        return self._pred_sem_seg  # type: ignore[no-any-return]  # set_field has checked it

    @pred_sem_seg.setter
    def pred_sem_seg(self, value: PixelData) -> None:
        self.set_field(value, "_pred_sem_seg", dtype=PixelData)
