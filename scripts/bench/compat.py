"""Libraries written for MMEngine: iterations and start-up on engine, over those on MMEngine.

`python scripts/bench compat` makes an environment with each, and trains the configs of
`tests/clients/configs` in both by turns, with one thread. Seconds are those of the CPU. The speed
of a training counts all from its first step on: logs, checkpoints and validations as well;
start-up is what comes before. The first turn compiles, and is not counted.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

CLIENTS = Path(__file__).resolve().parents[2] / "tests" / "clients"
# What is measured, the unit in which it is shown, and how many of them it has in a second.
COLUMNS = (("speed", "it/s", 1), ("iteration", "ms", 1000), ("startup", "s", 1))
CONFIGS = {
    "mmpretrain, ResNet-18": "mmpretrain_fashion",
    "mmseg, small FCN": "mmseg_toy",
    "mmdet, small CenterNet": "mmdet_toy",
}


def main(words: Sequence[str]) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python scripts/bench compat", description=__doc__)
    parser.add_argument(
        "--environments",
        type=Path,
        default=Path(sys.prefix) / "clients",
        help="where the environments `mmengine` and `engine` are, or are made",
    )
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", default="", help="a part of the name of a config")
    options = parser.parse_args(words)
    sys.path.append(str(CLIENTS))
    from environment import prepare  # deferred: it is beside the tests that use it

    pythons = {name: prepare(options.environments / name) for name in ("mmengine", "engine")}
    columns = [f"{name}, {unit}" for name, unit, _ in COLUMNS]
    print("|".join(["", " training ", *(f" {each} | engine | ratio " for each in columns), ""]))
    print("|---|" + "---:|---:|---:|" * len(columns))
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder, "data")
        toy_data: list[str | Path] = [pythons["engine"], CLIENTS / "toy_data.py", data]
        subprocess.run(toy_data, check=True)
        for title, name in CONFIGS.items():
            if options.only in name:
                config = CLIENTS / "configs" / f"{name}.py"
                _print_row(title, config, data, pythons, options.repeats)


def _print_row(
    title: str, config: Path, data: Path, pythons: dict[str, Path], repeats: int
) -> None:
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in pythons}
    for turn in range(repeats + 1):
        # Each is the first in half of the turns.
        for name in sorted(pythons, reverse=turn % 2 == 1):
            times = _train(pythons[name], config, data)
            if times["engine"] != (name == "engine"):
                raise RuntimeError(f"{pythons[name]} has the wrong mmengine")
            if turn:
                found[name].append(times)
    cells = [title]
    for key, _, factor in COLUMNS:
        theirs, ours = (
            statistics.median(times[key] for times in found[name])
            for name in ("mmengine", "engine")
        )
        cells += [f"{theirs * factor:.3g}", f"{ours * factor:.3g}", f"{ours / theirs:.2f}"]
    print(f"| {' | '.join(cells)} |", flush=True)


def _train(python: Path, config: Path, data: Path) -> dict[str, Any]:
    """Train in a process of its own, and return its times."""
    environment = {**os.environ, "DATA": str(data), "OMP_NUM_THREADS": "1"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    script = Path(__file__).with_name("compat_run.py")
    with tempfile.TemporaryDirectory() as work_dir:
        done = subprocess.run(
            [python, "-W", "ignore", script, config, work_dir],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(f"{config.name} failed with {python}:\n{done.stdout[-3000:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))
