"""The order of a model's layers, by patterns of the names of its parameters.

The patterns are those of timm: a method `group_matcher(coarse)` of the model returns a dictionary
from the stem to the last layer. A value is a pattern whose groups are numbers, those of the stage
and of the block, or a list of pairs of a pattern and of further numbers. The number 99999 counts a
parameter to the layer before. What no pattern finds, a classifier for example, comes last.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

_Spec = str | Sequence[tuple[str, tuple[int, ...] | None]] | None
LayerPatterns = Mapping[str, _Spec]

_BEFORE = 99999
_MODEL = r"^(?:model\.)?"


def group_layers(names: Iterable[str], patterns: LayerPatterns) -> dict[str, int | None]:
    """Return the number of the layer of each parameter, from 0; None is behind all layers.

    Args:
        names: The names of the parameters.
        patterns: What `group_matcher` of the model returns.
    """
    rules = [rule for place, spec in enumerate(patterns.values()) for rule in _rules(place, spec)]
    places = {name: _place(name, rules) for name in names}
    numbers: dict[tuple[int, ...], int] = {}
    number = -1
    for place in sorted({each for each in places.values() if each is not None}):
        if number < 0 or place[-1] != _BEFORE:
            number += 1
        numbers[place] = number
    return {name: None if place is None else numbers[place] for name, place in places.items()}


def usual_layers(coarse: bool = False) -> LayerPatterns:
    """Return patterns for models that have none of their own: those of torchvision, for example.

    Args:
        coarse: Whether a layer is a whole stage rather than a block of it.
    """
    stage = (
        rf"{_MODEL}(?:layer|stages[._]|features\.|layers[._]|blocks[._]"
        r"|encoder\.layers\.encoder_layer_)(\d+)"
    )
    blocks = stage if coarse else rf"{stage}(?:\.(?:blocks\.)?(\d+))?"
    return {
        "stem": rf"{_MODEL}(?:stem|conv1|bn1|conv_stem|patch_embed|cls_token|class_token"
        r"|pos_embed|conv_proj|encoder\.pos_embedding)",
        "blocks": [
            *([] if coarse else [(rf"{stage}\.downsample", (0,))]),
            (blocks, None),
            (rf"{_MODEL}(?:norm|encoder\.ln)", (_BEFORE,)),
        ],
    }


_Rule = tuple[re.Pattern[str], int, tuple[int, ...]]


def _rules(place: int, spec: _Spec) -> list[_Rule]:
    pairs = [(spec, None)] if isinstance(spec, str) else spec or ()
    return [(re.compile(pattern), place, numbers or ()) for pattern, numbers in pairs]


def _place(name: str, rules: Iterable[_Rule]) -> tuple[int, ...] | None:
    for pattern, place, numbers in rules:
        if found := pattern.match(name):
            inner = (int(each) for each in found.groups() if each is not None)
            return (place, *inner, *numbers)
    return None
