"""Tables, listings and numbers for people."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from engine.analysis import get_model_complexity_info, parameter_count, parameter_count_table
from engine.analysis.print_helper import _format_size


class Pair(nn.Module):
    """Two inputs, one layer each."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))
        self.left = nn.Linear(10, 10)
        self.right = nn.Sequential(nn.Linear(4, 10, bias=False))
        self.unused = nn.Linear(2, 2)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        out: Tensor = self.left(a) * self.scale + self.right(b)
        return out


TABLE = """\
+--------------------------------------------------------------------+
| module           | #parameters or shape | #flops | #activations    |
|------------------+----------------------+--------+-----------------|
| model            | 0.157K               | 0.14K  | 20              |
| scale            | (1,)                 |        |                 |
| left             | 0.11K                | 100    | 10              |
|   left.weight    | (10, 10)             |        |                 |
|   left.bias      | (10,)                |        |                 |
| right            | 40                   | 40     | 10              |
|   right.0        | 40                   | 40     | 10              |
|     right.0.weight | (10, 4)            |        |                 |
| unused           | 6                    | -      | -               |
|   unused.weight  | (2, 2)               |        |                 |
|   unused.bias    | (2,)                 |        |                 |
+--------------------------------------------------------------------+"""
LISTING = """\
Pair(
  #params: 0.157K, #flops: 0.14K, #acts: 20
  (left): Linear(
    #params: 0.11K, #flops: 100, #acts: 10
    in_features=10, out_features=10, bias=True
  )
  (right): Sequential(
    #params: 40, #flops: 40, #acts: 10
    (0): Linear(
      #params: 40, #flops: 40, #acts: 10
      in_features=4, out_features=10, bias=False
    )
  )
  (unused): Linear(
    #params: 6, #flops: -, #acts: -
    in_features=2, out_features=2, bias=True
  )
)"""


def words(table: str) -> list[list[str]]:
    """Return the cells of a table."""
    return [line.split() for line in table.splitlines() if not line.startswith(("+", "|-"))]


def test_all_at_once() -> None:
    info = get_model_complexity_info(Pair(), ((10,), (4,)))
    assert info["flops"] == 140
    assert info["flops_str"] == "0.14K"
    assert info["activations"] == 20
    assert info["activations_str"] == "20"
    assert info["params"] == 157
    assert info["params_str"] == "0.157K"
    assert words(info["out_table"]) == words(TABLE)
    assert len({len(line) for line in info["out_table"].splitlines()}) == 1
    assert info["out_arch"] == LISTING


def test_inputs_in_place_of_shapes() -> None:
    model = Pair().double()
    inputs = (torch.randn(3, 10).double(), torch.randn(3, 4).double())
    info = get_model_complexity_info(model, inputs=inputs, show_table=False, show_arch=False)
    assert info["flops"] == 3 * 140
    assert info["out_table"] == info["out_arch"] == ""
    assert get_model_complexity_info(model, ((10,), (4,)))["flops"] == 140  # double as well
    assert get_model_complexity_info(nn.ReLU(), (4,))["out_table"].count("\n") == 4
    assert get_model_complexity_info(nn.Linear(4, 2), inputs=torch.randn(1, 4))["flops"] == 8


@pytest.mark.parametrize("arguments", [{}, {"input_shape": (3,), "inputs": torch.ones(1)}])
def test_either_shapes_or_inputs(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"give either input_shape, such as .* or inputs"):
        get_model_complexity_info(nn.Linear(3, 3), **arguments)


def test_parameters() -> None:
    counts = parameter_count(Pair())
    assert counts[""] == 157
    assert (counts["left"], counts["left.bias"], counts["right.0"]) == (110, 10, 40)
    assert counts["nowhere"] == 0
    table = parameter_count_table(Pair(), max_depth=1)
    assert words(table)[1:] == [
        ["|", "model", "|", "0.157K", "|"],
        ["|", "scale", "|", "(1,)", "|"],
        ["|", "left", "|", "0.11K", "|"],
        ["|", "right", "|", "40", "|"],
        ["|", "unused", "|", "6", "|"],
    ]


def test_parameters_that_modules_share_count_once() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    model[1].weight = model[0].weight
    assert parameter_count(model)[""] == 16 + 4 + 4


def test_a_module_in_two_places_is_shown_in_both() -> None:
    shared = nn.Linear(2, 2, bias=False)
    info = get_model_complexity_info(
        nn.Sequential(nn.Sequential(shared), nn.Sequential(shared)), (2,)
    )
    assert info["params"] == 4
    assert words(info["out_table"])[3] == ["|", "0.0", "|", "4", "|", "8", "|", "4", "|"]
    assert words(info["out_table"])[6] == ["|", "1.0", "|", "4", "|", "8", "|", "4", "|"]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (100, "100"),
        (101, "0.101K"),
        (440, "0.44K"),
        (7472, "7.472K"),
        (99_999, "99.999K"),
        (47_513_600, "47.514M"),
        (764_936_192, "0.765G"),
        (14_835_000_000, "14.835G"),
        (17.5e12, "17.5T"),
        (0.5, "0.5"),
    ],
)
def test_numbers_for_people(number: float, text: str) -> None:
    assert _format_size(number) == text


def test_the_model_and_the_random_numbers_are_left_as_they_were() -> None:
    model = Pair()
    model.left.eval()
    modes = [module.training for module in model.modules()]
    state = torch.get_rng_state()
    get_model_complexity_info(model, ((10,), (4,)))
    assert [module.training for module in model.modules()] == modes
    assert torch.equal(torch.get_rng_state(), state)
