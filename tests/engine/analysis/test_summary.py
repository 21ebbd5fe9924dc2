"""Summaries of models."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from engine.analysis import ModuleSummary, get_model_complexity_info, summarize


class Net(nn.Module):
    """A frozen layer, two that share their module, and one that is not called."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()).requires_grad_(False)
        self.twice = nn.Conv2d(4, 4, 1, bias=False)
        self.unused = nn.Linear(2, 2)
        self.silent = nn.Identity()

    def forward(self, x: Tensor) -> dict[str, list[Tensor]]:
        x = self.stem(x)
        return {"maps": [x, self.twice(self.twice(x)[..., :2])]}


IMAGE = torch.zeros(2, 3, 8, 8)


def test_each_module_has_its_shapes_and_costs() -> None:
    found = summarize(Net().train(), IMAGE)
    assert found.inputs == ((2, 3, 8, 8),)
    by_name = {each.name: each for each in found.modules}
    assert [*by_name] == ["", "stem", "stem.0", "stem.1", "twice", "unused"]  # silent costs nothing
    assert by_name[""].outputs == ((2, 4, 6, 6), (2, 4, 6, 2))
    assert by_name["stem.0"] == ModuleSummary(
        "stem.0",
        "Conv2d",
        outputs=((2, 4, 6, 6),),
        parameters=3 * 4 * 9 + 4,
        trainable=0,
        flops=2 * 36 * 4 * 27,
        activations=2 * 4 * 36,
    )
    assert by_name["twice"].flops == 2 * 4 * 4 * (36 + 12)
    assert by_name["unused"] == ModuleSummary("unused", "Linear", (), 6, 6, None, None)
    assert found.total.trainable == 16 + 6


def test_depth_and_totals_agree_with_the_report() -> None:
    model = Net()
    found = summarize(model, IMAGE, depth=0)
    assert [each.name for each in found.modules] == [""]
    info = get_model_complexity_info(model, inputs=IMAGE)
    totals = (found.total.parameters, found.total.flops, found.total.activations)
    assert totals == (info["params"], info["flops"], info["activations"])


def test_it_prints_as_a_table() -> None:
    lines = str(summarize(Net(), IMAGE, depth=1)).splitlines()
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if "|" in line]
    assert cells[0][:3] == ["module", "type", "output"]
    assert ["stem", "Sequential", "2×4×6×6", "0.112K", "7.776K", "0.288K"] in cells
    assert ["unused", "Linear", "-", "6", "-", "-"] in cells
    assert lines[-1] == "input 2×3×8×8, 134 parameters, 22 of them trainable"
