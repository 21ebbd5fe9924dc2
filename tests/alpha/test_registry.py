from __future__ import annotations

import pytest
from torch import nn

from mmalpha.models import ACTIVATIONS
from mmalpha.registry import MODELS


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=lambda each: str(each.__name__))
def test_activations_have_their_own_names(activation: type[nn.Module]) -> None:
    assert isinstance(MODELS.build(dict(type=activation.__name__)), activation)
