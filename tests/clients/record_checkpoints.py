"""Record checkpoints of MMEngine, and how its own trainings go on from them.

Run in an environment with MMEngine, which engine's is not:

    python tests/clients/record_checkpoints.py tests/data/mmengine
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

os.environ["TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"] = "1"  # or MMEngine can't read its own

import mmengine
import mmengine.evaluator
import mmengine.optim
import mmengine.runner
import torch

runs = importlib.import_module("checkpoint_runs").runs  # beside this file

LAST = {True: "epoch_4.pth", False: "iter_12.pth"}
MIDDLE = {True: "epoch_2.pth", False: "iter_6.pth"}


def train(name: str, work_dir: Path, resume: Path | None = None) -> tuple[Any, dict[str, Any]]:
    """Train from the start, or from a checkpoint; return the runner and the last checkpoint."""
    cfg = runs(mmengine)[name]
    runner = mmengine.runner.Runner(
        **cfg,
        work_dir=str(work_dir),
        resume=resume is not None,
        load_from=None if resume is None else str(resume),
        randomness={"seed": 3},
        experiment_name=f"{name}_{work_dir.name}",
        log_level=logging.ERROR,
    )
    runner.train()
    return runner, torch.load(work_dir / LAST[cfg["train_cfg"]["by_epoch"]])


def numbers(weights: dict[str, torch.Tensor]) -> dict[str, Any]:
    return {key: value.tolist() for key, value in weights.items()}


def record(name: str, folder: Path) -> None:
    """Write the checkpoint of a training's middle, and how a training goes on from it."""
    by_epoch = runs(mmengine)[name]["train_cfg"]["by_epoch"]
    with tempfile.TemporaryDirectory() as temporary:
        start = Path(temporary)
        _, end_of_whole = train(name, start / "whole")
        middle = folder / f"{name}.pth"
        shutil.copy(start / "whole" / MIDDLE[by_epoch], middle)
        resumed, end = train(name, start / "resumed", middle)
    for key, value in end["state_dict"].items():
        if not torch.equal(value, end_of_whole["state_dict"][key]):
            print(f"{name}: MMEngine itself ends with another {key} after its resume")
    model, hub = resumed.model, resumed.message_hub
    facts = {
        "samples": model.samples,
        "losses": model.losses,
        "options": model.options,
        "state_dict": numbers(end["state_dict"]),
        "ema_state_dict": numbers(end.get("ema_state_dict", {})),
        "epoch": end["meta"]["epoch"],
        "iter": end["meta"]["iter"],
        "scalars": {
            key: history.data[0].tolist()
            for key, history in hub.log_scalars.items()
            if not key.endswith("time")
        },
        "best": torch.load(middle)["message_hub"]["runtime_info"].get("best_score"),
    }
    (folder / f"{name}.json").write_text(json.dumps(facts) + "\n", encoding="utf-8")


def main(folder: str) -> None:
    torch.set_num_threads(1)
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name in runs(mmengine):
        record(name, Path(folder))
        print(name, (Path(folder) / f"{name}.pth").stat().st_size)


if __name__ == "__main__":
    main(sys.argv[1])
