"""Size of a model that is known by its name, without its memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from engine.registry import MODELS

from ._analyzers import FlopAnalyzer, Shape
from ._report import parameter_count

_SHAPE = (3, 224, 224)


@dataclass(frozen=True)
class ModelSize:
    """How large a model is.

    Attributes:
        parameters: The number of its parameters.
        flops: The multiply-adds of one input; None if the model does not take it.
        input: The shape of that input, without the batch.
    """

    parameters: int
    flops: int | None
    input: Shape


def measure_model(model: str | Mapping[str, Any], shape: Shape | None = None) -> ModelSize:
    """Count the parameters and multiply-adds of a model.

    It is built on the meta device, without its memory, unless it needs values to be built.

    Args:
        model: Its name, such as `'timm.resnet18'`, or its config. What building it raises passes
            through.
        shape: The shape of an input, without the batch; None means that for which a model of timm
            was made, and else an image of 3×224×224.
    """
    cfg = {"type": model} if isinstance(model, str) else model
    device = "meta"
    try:
        with torch.device(device):
            built = MODELS.build(cfg)
    except RuntimeError as error:
        if "meta tensor" not in str(error):
            raise
        device, built = "cpu", MODELS.build(cfg)
    made_for: Any = getattr(built, "pretrained_cfg", None)
    known = made_for.get("input_size") if isinstance(made_for, Mapping) else None
    shape = shape or tuple(known or _SHAPE)
    try:
        flops = FlopAnalyzer(built, torch.zeros(1, *shape, device=device)).total()
    except Exception:  # noqa: BLE001  # whatever a model does with an input that is not for it
        flops = None
    return ModelSize(parameter_count(built)[""], flops, shape)
