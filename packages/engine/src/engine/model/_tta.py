"""Base class of models for test-time augmentation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from torch import nn

from engine.registry import MODELS

from ._base_model import BaseModel


class BaseTTAModel(BaseModel):
    """Around a model: predicts each view of a batch and merges the predictions.

    A batch has M views of each of its B samples, as `pseudo_collate` makes it of samples that are
    lists of views: each of its fields is a list of M lists of B items. A subclass writes
    `merge_preds`.

    Args:
        module: The model, or its config.
        data_preprocessor: As in `BaseModel`. Each view goes through that of `module`.
    """

    def __init__(
        self,
        module: nn.Module | Mapping[str, Any],
        data_preprocessor: Mapping[str, Any] | nn.Module | None = None,
    ) -> None:
        super().__init__(data_preprocessor)
        if isinstance(module, Mapping):
            module = MODELS.of_library(self).build(module)
        self.module: BaseModel = cast("BaseModel", module)

    def merge_preds(self, data_samples_list: list[list[Any]]) -> list[Any]:
        """Merge the predictions for the views of each sample; a subclass writes it.

        Args:
            data_samples_list: For each of the B samples, the predictions for its M views.

        Returns:
            B data samples.
        """
        raise TypeError(f"{type(self).__name__} has no merge_preds(data_samples_list)")

    def test_step(self, data: Any) -> list[Any]:
        """Return the merged predictions for a batch, one data sample for each of its items.

        Args:
            data: Lists of M views by field, a mapping or a sequence.

        Raises:
            ValueError: If the fields don't have the same number of views.
        """
        each_view = [self.module.test_step(view) for view in _views(data)]
        return self.merge_preds([list(views) for views in zip(*each_view, strict=True)])

    def forward(self, inputs: Any, data_samples: Any = None, mode: str = "tensor") -> Any:
        """Refuse: views are merged in `test_step` only."""
        raise TypeError(
            f"{type(self).__name__} merges the predictions of several views in test_step; it has "
            "no forward"
        )


def _views(data: Any) -> list[Any]:
    """Take a batch of M views apart into M batches."""
    fields: Sequence[Any] = list(data.values()) if isinstance(data, Mapping) else data
    counts = {len(field) for field in fields}
    if len(counts) != 1:
        raise ValueError(
            "the fields of a batch for test-time augmentation are lists with one item for each "
            f"view; here their lengths are {sorted(counts)}"
        )
    if isinstance(data, Mapping):
        return [{key: field[view] for key, field in data.items()} for view in range(*counts)]
    return [[field[view] for field in data] for view in range(*counts)]
