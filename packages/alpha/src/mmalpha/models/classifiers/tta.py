"""Test-time augmentation of a classifier."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from engine.model import BaseTTAModel
from mmalpha.registry import MODELS


@MODELS.register_module()
class ClsTTAModel(BaseTTAModel):
    """An `ImageClassifier` that predicts an image and its mirror image, and takes the mean.

    `custom_hooks=[dict(type='PrepareTTAHook', tta_cfg=dict(type='ClsTTAModel'))]` tests with it. A
    batch is that of a test without it: the views are made on the device.

    Args:
        module: The classifier, or its config.
    """

    def __init__(self, module: nn.Module | Mapping[str, Any]) -> None:
        super().__init__(module)

    def test_step(self, data: Any) -> list[Any]:
        """Return the predictions for a batch, one data sample for each image.

        Args:
            data: A batch as the data loader gives it.
        """
        module: Any = self.module
        batch = module.data_preprocessor(data, False)
        views = (batch["inputs"], batch["inputs"].flip(-1))
        scores = torch.stack([module.head.scores(module.extract_feat(view)) for view in views])
        samples: list[Any] = module.head.predict_scores(scores.mean(0), batch.get("data_samples"))
        return samples
