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


def gray(height: int = 40, width: int = 60) -> Any:
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
    visualizer = Visualizer(image=gray())
    visualizer.draw_binary_masks(masks, colors=[(255, 0, 0), "b"], alphas=[0.5, 1.0])
    image = visualizer.get_image()
    assert image[0, 0].tolist() == [178, 50, 50]
    assert image[35, 55].tolist() == [0, 0, 255]
    assert image[25, 0].tolist() == [100, 100, 100]
    with pytest.raises(ValueError, match=r"masks of size \(2, 2\) on an image of \(40, 60\)"):
        visualizer.draw_binary_masks(np.ones((2, 2)))


def test_a_box_is_drawn_where_it_is() -> None:
    visualizer = Visualizer(image=gray())
    visualizer.draw_bboxes(torch.tensor([10.0, 5, 30, 25]), edge_colors="r", line_widths=1)
    drawn = changed(gray(), visualizer.get_image())
    assert drawn[5:25, 10].all()
    assert drawn[25, 10:30].all()
    assert not drawn[8:22, 13:27].any()
    assert not drawn[30:].any()
    visualizer.draw_bboxes(np.array([[40, 30, 50, 38]]), face_colors=(0, 0, 255), alpha=1)
    assert visualizer.get_image()[34, 45].tolist() == [0, 0, 255]


def test_texts_are_drawn_where_they_are() -> None:
    visualizer = Visualizer(image=gray(40, 200))
    visualizer.draw_texts(["abc", "x"], np.array([[0, 0], [150, 20]]), colors=["w", (0, 0, 0)])
    drawn = changed(gray(40, 200), visualizer.get_image())
    assert drawn[:20, :50].any()
    assert drawn[20:, 150:].any()
    assert not drawn[:, 70:140].any()


def test_points_lines_circles_and_polygons_are_drawn_where_they_are() -> None:
    visualizer = Visualizer(image=gray(40, 200))
    visualizer.draw_points(
        torch.tensor([[10, 10], [10, 30]]), ["r", (0, 0, 255)], marker="s", sizes=np.array([30, 30])
    )
    visualizer.draw_lines(
        np.array([[30, 60], [30, 60]]), np.array([[10, 10], [30, 30]]), colors=["w", "k"]
    )
    visualizer.draw_circles(torch.tensor([90.0, 20]), torch.tensor(8.0), face_colors="c", alpha=1)
    visualizer.draw_circles(np.array([[120, 20]]), np.array([8]), line_styles=["--"])
    triangle, square = [[140, 5], [160, 5], [140, 35]], [[170, 5], [195, 5], [195, 35], [170, 35]]
    visualizer.draw_polygons(
        [torch.tensor(triangle), np.array(square)],
        edge_colors="none",
        face_colors=["y", (255, 0, 0)],
        alpha=0.5,
    )
    image = visualizer.get_image()
    assert image[10, 10].tolist() == [255, 0, 0]
    assert image[30, 10].tolist() == [0, 0, 255]
    assert image[10, 45].tolist() == [255, 255, 255]
    assert image[30, 45].tolist() == [0, 0, 0]
    assert image[20, 90].tolist() == [0, 191, 191]
    assert image[20, 120].tolist() == [100, 100, 100]
    assert changed(gray(40, 200), image)[10:30, 110:130].any()
    assert np.allclose(image[10, 145], [146, 146, 50], atol=2)
    assert image[34, 158].tolist() == [100, 100, 100]
    assert np.allclose(image[20, 180], [178, 50, 50], atol=2)


def test_each_thing_lies_over_those_before_it() -> None:
    square = np.array([[10, 10], [50, 10], [50, 30], [10, 30]])
    visualizer = Visualizer(image=gray())
    visualizer.draw_lines(np.array([0, 60]), np.array([20, 20]), "r", line_widths=4)
    visualizer.draw_points(np.array([30, 20]), "b")
    visualizer.draw_polygons(square, edge_colors="w", face_colors="w", alpha=1)
    assert visualizer.get_image()[20, 5].tolist() == [255, 0, 0]
    assert visualizer.get_image()[20, 30].tolist() == [255, 255, 255]
    visualizer.draw_lines(np.array([0, 60]), np.array([20, 20]), "r", line_widths=4)
    mask = np.zeros((40, 60), bool)
    mask[:, 40:] = True
    visualizer.draw_binary_masks(mask, "g", alphas=1)
    assert visualizer.get_image()[20, 30].tolist() == [255, 0, 0]
    assert visualizer.get_image()[20, 45].tolist() == [0, 128, 0]


def test_calls_are_chained_and_rendered_together() -> None:
    one = Visualizer(image=gray())
    one.draw_bboxes(np.array([5, 5, 20, 20])).draw_texts("a", np.array([30, 10]))
    two = Visualizer(image=gray())
    two.draw_bboxes(np.array([5, 5, 20, 20]))
    two.get_image()
    two.draw_texts("a", np.array([30, 10]))
    assert np.array_equal(one.get_image(), two.get_image())


def test_texts_grow_with_the_image_and_have_options() -> None:
    heights = []
    for size in (300, 1800):
        visualizer = Visualizer(image=gray(size, size))
        visualizer.draw_texts("Mg", np.array([10, 10]), colors="w")
        heights.append(changed(gray(size, size), visualizer.get_image()).any(axis=1).sum())
    assert 2 * heights[0] < heights[1] < 4 * heights[0]

    from matplotlib.font_manager import FontProperties

    visualizer = Visualizer(image=gray())
    visualizer.draw_texts(
        "x",
        torch.tensor([[30, 20]]),
        font_properties=FontProperties(size=30, weight="bold"),
        bboxes={"facecolor": "k", "alpha": 1},
        horizontal_alignments=["center"],
        vertical_alignments="center",
    )
    assert visualizer.get_image()[2, 30].tolist() == [0, 0, 0]
    assert changed(gray(), visualizer.get_image())[:, 28:32].any()


def test_the_options_of_the_figure(tmp_path: Path) -> None:
    thick = Visualizer(image=gray(), fig_save_cfg={"dpi": 200})
    thin = Visualizer(image=gray())
    counts = []
    for visualizer in (thin, thick):
        visualizer.draw_lines(np.array([0, 60]), np.array([20, 20]), line_widths=4)
        assert visualizer.get_image().shape == (40, 60, 3)
        counts.append(changed(gray(), visualizer.get_image()).sum())
    assert counts[1] > 1.8 * counts[0]


@pytest.mark.parametrize(
    ("draw", "error", "message"),
    [
        (lambda v: v.draw_texts(["a"], np.zeros((2, 2))), ValueError,
         "texts has 1 entries, but there are 2 to draw"),
        (lambda v: v.draw_bboxes(np.zeros((2, 4)), edge_colors=["r"]), ValueError,
         "edge_colors has 1 entries, but there are 2 to draw"),
        (lambda v: v.draw_circles(np.zeros((2, 2)), np.zeros(3)), ValueError, "radius has 3"),
        (lambda v: v.draw_lines(np.zeros(2), np.zeros(2), line_widths="2"), TypeError,
         "line_widths must be a Real or list, not a str"),
        (lambda v: v.draw_polygons(np.zeros((3, 2)), edge_colors=(300, 0, 0)), ValueError,
         r"red, green and blue from 0 to 255; got \(300, 0, 0\)"),
        (lambda v: v.draw_points(np.zeros((1, 2)), colors=[3]), ValueError, "a color is a name"),
        (lambda v: v.draw_points(np.zeros((1, 2)), colors="reed"), ValueError, "reed"),
    ],
)  # fmt: skip
def test_a_mistake_is_named(draw: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        draw(Visualizer(image=gray()))


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
    visualizer.add_datasample("x", gray(), sample, step=2)
    image = visualizer.get_image()
    assert image.shape == (40, 120, 3)
    assert image[5, 5].tolist() == image[5, 65].tolist() == image[35, 65].tolist() == [190, 40, 40]
    assert image[35, 5].tolist() == [40, 40, 40]
    assert image[35, 45].tolist() == [100, 100, 100]
    assert imread(tmp_path / "vis_image" / "x_2.png").shape[:2] == (40, 120)

    visualizer.add_datasample("y", gray(), sample, draw_gt=False)
    assert visualizer.get_image().shape == (40, 60, 3)
    visualizer.add_datasample("z", gray(), None)
    assert np.array_equal(visualizer.get_image(), gray())


def test_boxes_and_labels_of_a_sample_are_drawn() -> None:
    instances = InstanceData(bboxes=torch.tensor([[5.0, 5, 25, 25]]), labels=torch.tensor([1]))
    visualizer = Visualizer()
    for field in (
        instances,
        LabelData(label=torch.tensor([0])),
        torch.tensor([1]),
        InstanceData(bboxes=torch.tensor([[5.0, 5, 25, 25]])),
    ):
        visualizer.add_datasample("x", gray(), BaseDataElement(pred_x=field))
        assert changed(gray(), visualizer.get_image()).any()
    scores = PixelData(data=torch.rand(3, 40, 60))
    empty = InstanceData(bboxes=torch.zeros(0, 4))
    visualizer.add_datasample("x", gray(), BaseDataElement(pred_a=scores, pred_b=empty))
    assert np.array_equal(visualizer.get_image(), gray())


def test_nothing_goes_through_pyplot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "matplotlib.pyplot", raising=False)
    visualizer = Visualizer(image=gray())
    visualizer.draw_texts("a", np.array([0, 0]))
    assert "matplotlib.pyplot" not in sys.modules


def test_an_image_is_written_as_it_is(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    write_image(noise, tmp_path / "new" / "x.png")
    pixels = imread(tmp_path / "new" / "x.png")[..., :3]
    assert np.array_equal((pixels * 255).round().astype(np.uint8), noise)


def test_a_missing_matplotlib_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r'pip install "engine\[vis\]"'):
        Visualizer(image=gray()).draw_texts("a", np.array([0, 0]))
