"""Helpers for code that draws."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from engine.visualization import utils


def test_tensors_become_arrays() -> None:
    array = np.ones(2)
    assert utils.tensor2ndarray(array) is array
    tensor = torch.ones(2, requires_grad=True) * 2
    assert utils.tensor2ndarray(tensor).tolist() == [2, 2]


def test_options_stand_for_all_or_for_each() -> None:
    assert utils.value2list("g", str, 3) == ["g", "g", "g"]
    assert utils.value2list((1, 2, 3), (str, tuple), 2) == [(1, 2, 3), (1, 2, 3)]
    assert utils.value2list(["r", "g"], (str, tuple), 2) == ["r", "g"]


def test_checks() -> None:
    utils.check_type("boxes", np.zeros(2), (np.ndarray, torch.Tensor))
    with pytest.raises(TypeError, match="boxes must be a ndarray or Tensor, not a list"):
        utils.check_type("boxes", [1], (np.ndarray, torch.Tensor))
    for value in ("g", (1, 2, 3), ["r", "g"], np.zeros((2, 4)), torch.zeros(2)):
        kinds: Any = (str, tuple, list, np.ndarray, torch.Tensor)
        utils.check_type_and_length("colors", value, kinds, 2)
    with pytest.raises(ValueError, match="colors has 1 entries, but there are 2"):
        utils.check_type_and_length("colors", ["r"], (str, list), 2)


def test_colors() -> None:
    assert utils.color_val_matplotlib("g") == "g"
    assert utils.color_val_matplotlib((255, 0, 51)) == (1.0, 0.0, 0.2)
    assert utils.color_val_matplotlib(["r", (0, 0, 0)]) == ["r", (0.0, 0.0, 0.0)]
    assert utils.rgb("r") == utils.rgb((255, 0, 0)) == (1.0, 0.0, 0.0)
    with pytest.raises(ValueError, match=r"from 0 to 255; got \(256, 0\)"):
        utils.color_val_matplotlib((256, 0))


def test_a_canvas_becomes_an_image() -> None:
    figure = Figure((0.4, 0.2), dpi=100, facecolor="r")
    image = utils.img_from_canvas(FigureCanvasAgg(figure))
    assert image.shape == (20, 40, 3)
    assert (image == [255, 0, 0]).all()


def test_a_color_by_name() -> None:
    assert utils.color_str2rgb("red") == utils.color_str2rgb("r") == (255, 0, 0)
    assert utils.color_str2rgb("#0080ff") == (0, 128, 255)
    with pytest.raises(ValueError, match="zz"):
        utils.color_str2rgb("zz")


def test_the_length_of_an_argument() -> None:
    for fitting in ([1, 2], (1, 2, 3), "red", 3):
        utils.check_length("colors", fitting, 2)
    with pytest.raises(ValueError, match="colors has 2 entries, but there are 3 to draw"):
        utils.check_length("colors", [1, 2], 3)
