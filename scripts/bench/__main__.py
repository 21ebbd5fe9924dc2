"""Benchmarks, each as a ratio to a floor in the same run: `python scripts/bench NAME`.

cli         commands from their start to their end, over `import torch`
compat      libraries written for MMEngine, over MMEngine
config      reading, changing and writing configs
data        annotations in memory, and evaluations, over plain Python
dist        exchanges between processes, over torch.distributed
finetune    fine-tuned weights, over training from scratch
gpu         training on one GPU, over a plain PyTorch loop
loop        an iteration of a training, over a raw PyTorch loop
parts       single parts, over those of MMEngine
registry    lookups and builds, in seconds and in instructions
scaling     one of many, by how many there are
throughput  images a second of a real training, over a plain loop
zoo         size and speed of the models that the libraries ship
"""

from __future__ import annotations

import sys

import cli
import compat
import config
import data
import dist
import finetune
import gpu
import loop
import parts
import registry
import scaling
import throughput
import zoo

BENCHMARKS = {
    "cli": cli.main,
    "compat": compat.main,
    "config": config.main,
    "data": data.main,
    "dist": dist.main,
    "finetune": finetune.main,
    "gpu": gpu.main,
    "loop": loop.main,
    "parts": parts.main,
    "registry": registry.main,
    "scaling": scaling.main,
    "throughput": throughput.main,
    "zoo": zoo.main,
}


def main() -> None:
    """Run the benchmark that the command line names."""
    name, *words = sys.argv[1:] or [""]
    if name not in BENCHMARKS:
        raise SystemExit(f"{__doc__}\nthere is no benchmark {name!r}")
    BENCHMARKS[name](words)


if __name__ == "__main__":
    main()
