"""What a process of test_hook.py does: its share of a test, with a report."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from engine.evaluator import BaseMetric
from engine.model import BaseModel
from engine.report import FeatureTap, Observation, Pixels, Report, ReportHook, Table
from engine.runner import Runner

SIZE = 7  # of the dataset: two processes with batches of two repeat a sample


class Net(BaseModel):
    """Predicts the mean of an image."""

    def __init__(self) -> None:
        super().__init__()
        self.pool = nn.Identity()
        self.scale = nn.Parameter(torch.ones(()))  # which the training of several processes wants

    def forward(self, inputs: Tensor, data_samples: Any = None, mode: str = "tensor") -> Any:
        means = self.pool(inputs.flatten(1).float()).mean(1)
        pairs = zip(data_samples["img_path"], means.tolist(), strict=True)
        return [{"img_path": name, "mean": mean} for name, mean in pairs]


class Images(torch.utils.data.Dataset[dict[str, Any]]):
    """Images of one value each; those in the middle of the dataset have the highest."""

    def __len__(self) -> int:
        return SIZE

    def __getitem__(self, index: int) -> dict[str, Any]:
        value = 10 * min(index, SIZE - 1 - index)
        image = torch.full((1, 2, 2), value, dtype=torch.uint8)
        return {"inputs": image, "data_samples": {"img_path": f"<b>{index}.png"}}


class Count(BaseMetric):
    """How many images there are."""

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        self.results += [1] * len(data_samples)

    def compute_metrics(self, results: list[int]) -> dict[str, float]:
        return {"count": len(results)}


class MeanReport(ReportHook):
    """Takes the mean of an image for its cost."""

    def observe(self, samples: Sequence[Any]) -> list[Observation]:
        return [Observation({"mean": s["mean"]}, s["mean"], {"mean": s["mean"]}) for s in samples]

    def draw(self, image: Tensor, sample: Any) -> Pixels:
        return np.asarray(image.permute(1, 2, 0).expand(2, 2, 3))

    def summarize(self, records: Sequence[dict[str, Any]], features: Tensor | None) -> Report:
        rows = [[record["index"], record["mean"]] for record in records]
        return Report("Means", tables=[Table("means", "Means", ["index", "mean"], rows)])

    def tap(self, model: Any) -> FeatureTap:
        return FeatureTap(model.pool, lambda args, output: output)


def main(rank: int, variables: Mapping[str, str], folder: Path) -> None:
    """Test, and check what only the first process writes."""
    warnings.simplefilter("error")
    os.environ.update(variables, RANK=str(rank), LOCAL_RANK=str(rank))
    hook = MeanReport(3, str(folder / "means.jsonl"), str(folder / "features.npz"))
    runner = Runner(
        model=Net(),
        work_dir=str(folder / "run"),
        test_dataloader={
            "batch_size": 2,
            "dataset": Images(),
            "sampler": {"type": "DefaultSampler", "shuffle": False},
            "collate_fn": "default_collate",
        },
        test_cfg={},
        test_evaluator=Count(),
        custom_hooks=[hook],
        launcher="pytorch",
        env_cfg={"dist_cfg": {"backend": "gloo"}},
        log_level="ERROR",
    )
    try:
        assert runner.test() == {"count": SIZE}
        assert (hook.page is None) == (rank > 0)
        if hook.page is not None:
            (folder / "page.txt").write_text(str(hook.page))
    finally:
        torch.distributed.destroy_process_group()
