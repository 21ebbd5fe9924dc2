"""Writing of predictions to a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.checkpoint import save_checkpoint
from engine.fileio import dump
from engine.registry import METRICS, needs_trust
from engine.registry.restrictions import WRITES_ELSEWHERE
from engine.utils import check_types

from ._metric import BaseMetric

_SUFFIXES = (".pt", ".pth", ".json")


@METRICS.register_module()
@needs_trust(out_file_path=WRITES_ELSEWHERE)
class DumpResults(BaseMetric):
    """Writes the outputs of the model for all samples to a file, and gives no value.

    Args:
        out_file_path: The file, local or at a URL. `.json` is a list of dictionaries with lists in
            place of tensors; `.pt` and `.pth` have tensors, below the key `results`, and are read
            by `torch.load(weights_only=True)`.
        collect_device: As in `BaseMetric`.
        collect_dir: As in `BaseMetric`.

    Raises:
        ValueError: If the file would be of another kind.
    """

    @check_types
    def __init__(
        self, out_file_path: str, collect_device: str = "cpu", collect_dir: str | None = None
    ) -> None:
        super().__init__(collect_device, collect_dir=collect_dir)
        if Path(out_file_path).suffix not in _SUFFIXES:
            why = " A pickle could run anything when it is read." if ".pkl" in out_file_path else ""
            raise ValueError(
                f"out_file_path of DumpResults ends with {', '.join(_SUFFIXES)}; "
                f"got {out_file_path!r}.{why}"
            )
        self.out_file_path = out_file_path

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        """Keep the outputs of a batch.

        Args:
            data_batch: Not used.
            data_samples: The outputs of the model, as dictionaries.
        """
        self.results.extend(_plain(sample) for sample in data_samples)

    def compute_metrics(self, results: list[Any]) -> dict[str, Any]:
        """Write the file.

        Args:
            results: The outputs for all samples, in the order of the dataset.
        """
        if self.out_file_path.endswith(".json"):
            dump(_as_lists(results), self.out_file_path)
        else:
            save_checkpoint({"results": results}, self.out_file_path)
        return {}


def _plain(value: Any) -> Any:
    """Turn arrays into tensors, and move tensors to main memory."""
    if isinstance(value, torch.Tensor):
        return value.detach().cpu().clone()  # of a view it would be the whole that is written
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return torch.from_numpy(value.copy())
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value


def _as_lists(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.tolist()
    if isinstance(value, dict):
        return {key: _as_lists(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_as_lists(each) for each in value]
    return value
