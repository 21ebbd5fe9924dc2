"""Features from within a model."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from engine.report import FeatureTap


def test_features_are_those_of_the_last_batch_and_maps_give_their_mean() -> None:
    layer = nn.Conv2d(3, 5, 1)
    inputs, outputs = (FeatureTap(layer, pick) for pick in (lambda a, _: a[0], lambda _, o: o))
    images = torch.rand(2, 3, 4, 4)
    made = layer(images)
    torch.testing.assert_close(inputs.take(2), images.mean((2, 3)))
    torch.testing.assert_close(outputs.take(2), made.mean((2, 3)))


@pytest.mark.parametrize("runs", [0, 2])
def test_a_module_runs_once_for_each_batch(runs: int) -> None:
    layer = nn.Linear(3, 2)
    tap = FeatureTap(layer, lambda _, out: out)
    for _ in range(runs):
        layer(torch.rand(4, 3))
    with pytest.raises(ValueError, match=rf"for 4 images it ran {runs} times, for {4 * runs}"):
        tap.take(4)


def test_a_removed_tap_takes_nothing() -> None:
    layer = nn.Linear(3, 2)
    tap = FeatureTap(layer, lambda _, out: out)
    tap.remove()
    layer(torch.rand(4, 3))
    with pytest.raises(ValueError, match="it ran 0 times"):
        tap.take(4)
