"""What is drawn on an image."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib.image import imread

from engine.structures import BaseDataElement, InstanceData, LabelData, PixelData
from engine.visualization import LocalVisBackend, Visualizer, write_image


def grey(height: int = 40, width: int = 60) -> Any:
    return np.full((height, width, 3), 100, dtype=np.uint8)


def changed(before: Any, after: Any) -> Any:
    """Where two images differ."""
    return (before.astype(int) != after.astype(int)).any(axis=2)


@pytest.mark.parametrize("shape", [(1, 1), (7, 13), (64, 64), (333, 500)])
def test_drawing_keeps_every_pixel_that_is_not_drawn_on(shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    visualizer = Visualizer(image=noise)
    visualizer.draw_bboxes(np.zeros((0, 4)))
    assert np.array_equal(visualizer.get_image(), noise)


def test_a_mask_is_blended() -> None:
    masks = torch.zeros(2, 40, 60, dtype=torch.bool)
    masks[0, :20] = True
    masks[1, 30:, 50:] = True
    visualizer = Visualizer(image=grey())
    visualizer.draw_binary_masks(masks, colors=[(255, 0, 0), "b"], alphas=[0.5, 1.0])
    image = visualizer.get_image()
    assert image[0, 0].tolist() == [178, 50, 50]
    assert image[35, 55].tolist() == [0, 0, 255]
    assert image[25, 0].tolist() == [100, 100, 100]
    with pytest.raises(ValueError, match=r"masks of size \(2, 2\) on an image of \(40, 60\)"):
        visualizer.draw_binary_masks(np.ones((2, 2)))


def test_a_box_is_drawn_where_it_is() -> None:
    visualizer = Visualizer(image=grey())
    visualizer.draw_bboxes(torch.tensor([10.0, 5, 30, 25]), edge_colors="r", line_widths=1)
    drawn = changed(grey(), visualizer.get_image())
    assert drawn[5:25, 10].all()
    assert drawn[25, 10:30].all()
    assert not drawn[8:22, 13:27].any()
    assert not drawn[30:].any()
    visualizer.draw_bboxes(np.array([[40, 30, 50, 38]]), face_colors=(0, 0, 255), alpha=1)
    assert visualizer.get_image()[34, 45].tolist() == [0, 0, 255]


def test_texts_are_drawn_where_they_are() -> None:
    visualizer = Visualizer(image=grey(40, 200))
    visualizer.draw_texts(["abc", "x"], np.array([[0, 0], [150, 20]]), colors=["w", (0, 0, 0)])
    drawn = changed(grey(40, 200), visualizer.get_image())
    assert drawn[:20, :50].any()
    assert drawn[20:, 150:].any()
    assert not drawn[:, 70:140].any()


def test_images_have_a_shape() -> None:
    visualizer = Visualizer()
    with pytest.raises(RuntimeError, match="call set_image first"):
        visualizer.get_image()
    visualizer.set_image(np.zeros((4, 6)))
    assert visualizer.get_image().shape == (4, 6, 3)
    with pytest.raises(ValueError, match=r"got \(4, 6, 2\)"):
        visualizer.set_image(np.zeros((4, 6, 2)))


def test_a_sample_is_drawn_side_by_side(tmp_path: Path) -> None:
    truth = torch.zeros(40, 60, dtype=torch.long)
    truth[:20] = 1
    truth[20:, 30:] = 255
    prediction = torch.ones(40, 60, dtype=torch.long)
    sample = BaseDataElement(
        gt_sem_seg=PixelData(data=truth), pred_sem_seg=PixelData(data=prediction)
    )
    visualizer = Visualizer(vis_backends=[LocalVisBackend(tmp_path)])
    visualizer.dataset_meta = {"classes": ["a", "b"], "palette": [[0, 0, 0], [250, 0, 0]]}
    visualizer.add_datasample("x", grey(), sample, step=2)
    image = visualizer.get_image()
    assert image.shape == (40, 120, 3)
    assert image[5, 5].tolist() == image[5, 65].tolist() == image[35, 65].tolist() == [190, 40, 40]
    assert image[35, 5].tolist() == [40, 40, 40]
    assert image[35, 45].tolist() == [100, 100, 100]
    assert imread(tmp_path / "vis_image" / "x_2.png").shape[:2] == (40, 120)

    visualizer.add_datasample("y", grey(), sample, draw_gt=False)
    assert visualizer.get_image().shape == (40, 60, 3)
    visualizer.add_datasample("z", grey(), None)
    assert np.array_equal(visualizer.get_image(), grey())


def test_boxes_and_labels_of_a_sample_are_drawn() -> None:
    instances = InstanceData(bboxes=torch.tensor([[5.0, 5, 25, 25]]), labels=torch.tensor([1]))
    visualizer = Visualizer()
    for field in (
        instances,
        LabelData(label=torch.tensor([0])),
        torch.tensor([1]),
        InstanceData(bboxes=torch.tensor([[5.0, 5, 25, 25]])),
    ):
        visualizer.add_datasample("x", grey(), BaseDataElement(pred_x=field))
        assert changed(grey(), visualizer.get_image()).any()
    scores = PixelData(data=torch.rand(3, 40, 60))
    empty = InstanceData(bboxes=torch.zeros(0, 4))
    visualizer.add_datasample("x", grey(), BaseDataElement(pred_a=scores, pred_b=empty))
    assert np.array_equal(visualizer.get_image(), grey())


def test_nothing_goes_through_pyplot() -> None:
    visualizer = Visualizer(image=grey())
    visualizer.draw_texts("a", np.array([0, 0]))
    assert "matplotlib.pyplot" not in sys.modules


def test_an_image_is_written_as_it_is(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    write_image(noise, tmp_path / "new" / "x.png")
    pixels = imread(tmp_path / "new" / "x.png")[..., :3]
    assert np.array_equal((pixels * 255).round().astype(np.uint8), noise)


def test_a_missing_matplotlib_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.visualization._requires.find_spec", lambda _: None)
    with pytest.raises(ImportError, match=r'pip install "engine\[vis\]"'):
        Visualizer(image=grey()).draw_texts("a", np.array([0, 0]))
