"""Images of what a test predicts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from engine.hooks import NaiveVisualizationHook
from engine.structures import BaseDataElement


class _Visualizer:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def add_datasample(self, name: str, image: Any, sample: Any, **kwargs: Any) -> None:
        self.calls.append((name, image, sample, kwargs))


def _show(
    hook: NaiveVisualizationHook, image: torch.Tensor, batches: int = 1, **meta: Any
) -> list[tuple[Any, ...]]:
    runner: Any = SimpleNamespace(visualizer=_Visualizer())
    sample = BaseDataElement(metainfo=meta)
    for batch in range(batches):
        hook.after_test_iter(runner, batch, {"inputs": [image]}, [sample])
    calls: list[tuple[Any, ...]] = runner.visualizer.calls
    return calls


RED = torch.tensor([[[255]], [[0]], [[7]]], dtype=torch.uint8).expand(3, 4, 6)


def test_bytes_are_shown_as_they_are() -> None:
    hook = NaiveVisualizationHook(draw_gt=False)
    [(name, image, sample, options)] = _show(hook, RED, img_path="some/where/cat.png")
    assert name == "cat.png"
    assert image.shape == (4, 6, 3)
    assert image.dtype == np.uint8
    assert (image == [255, 0, 7]).all()
    assert sample.img_path == "some/where/cat.png"
    assert options == {"draw_gt": False, "draw_pred": True, "step": 0}


def test_of_so_many_batches_one_is_shown() -> None:
    calls = _show(NaiveVisualizationHook(interval=3), RED, batches=7)
    assert [name for name, *_ in calls] == ["test_2", "test_5"]


def test_padding_goes_and_the_first_size_comes_back() -> None:
    image = RED.clone()
    image[:, 2:], image[:, :, 3:] = 99, 99
    meta: dict[str, Any] = {"img_shape": (2, 3), "ori_shape": (4, 9)}
    [(_, shown, _, _)] = _show(NaiveVisualizationHook(), image, **meta)
    assert shown.shape == (4, 9, 3)
    assert (shown == [255, 0, 7]).all()


@pytest.mark.parametrize(("to_rgb", "expected"), [(True, [255, 0, 7]), (False, [7, 0, 255])])
def test_normalization_is_undone(to_rgb: bool, expected: list[int]) -> None:
    norm = {"mean": [10.0, 20.0, 30.0], "std": [2.0, 4.0, 8.0], "to_rgb": to_rgb}
    columns = [torch.tensor(norm[key]).view(3, 1, 1) for key in ("mean", "std")]
    [(_, shown, _, _)] = _show(
        NaiveVisualizationHook(), (RED.float() - columns[0]) / columns[1], img_norm_cfg=norm
    )
    assert (shown == expected).all()


def test_other_numbers_are_stretched_and_gray_is_gray() -> None:
    gray = torch.tensor([[[-1.0, 0.0, 1.0]]])
    [(_, shown, _, _)] = _show(NaiveVisualizationHook(), gray)
    assert shown[0, :, 0].tolist() == [0, 128, 255]
    assert (shown[..., 0] == shown[..., 2]).all()


def test_of_several_views_the_first_is_shown() -> None:
    runner: Any = SimpleNamespace(visualizer=_Visualizer())
    NaiveVisualizationHook().after_test_iter(
        runner, 0, {"inputs": [[RED, RED], [RED.flip(0), RED.flip(0)]]}, [BaseDataElement()] * 2
    )
    assert [image[0, 0].tolist() for _, image, _, _ in runner.visualizer.calls] == [[255, 0, 7]] * 2


def test_each_picture_of_a_test_has_a_place_of_its_own() -> None:
    runner: Any = SimpleNamespace(visualizer=_Visualizer())
    hook = NaiveVisualizationHook(interval=2)
    for _ in range(2):  # tests
        for batch, size in enumerate([3, 3, 3, 2]):
            samples = [BaseDataElement(metainfo={"img_path": f"{n}/a.png"}) for n in range(size)]
            hook.after_test_iter(runner, batch, {"inputs": [RED] * size}, samples)
    places = [(name, options["step"]) for name, *_, options in runner.visualizer.calls]
    assert places == [("a.png", step) for step in (3, 4, 5, 9, 10)] * 2


def test_a_hook_that_only_a_test_calls() -> None:
    assert NaiveVisualizationHook().get_triggered_stages() == ["after_test_iter"]
