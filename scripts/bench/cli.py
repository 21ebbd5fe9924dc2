"""What commands cost from their start to their end, over `import torch` in a new interpreter.

Seconds are those of the CPU, the least of several turns. Bytecode and the names that commands keep
are in a folder of this run: the first turn writes them, and is told as well for names.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

CONFIG = "mmalpha::resnet18_digits.py"
TORCH = [sys.executable, "-c", "import torch"]


class Row(NamedTuple):
    """A command, and the most that it should take.

    Attributes:
        words: Its words.
        most: The most seconds; of a command that needs torch, beyond the import of torch.
        needs_torch: Whether it needs torch.
    """

    words: Sequence[str]
    most: float
    needs_torch: bool = False

    @property
    def command(self) -> list[str]:
        """What is started."""
        return [sys.executable, "-m", "engine", *self.words]


ROWS = (
    Row(["--help"], 0.3),
    Row(["train", "--help"], 0.3),
    Row(["--version"], 0.3),
    Row(["completion", "bash"], 0.3),
    Row(["__complete", "tr"], 0.3),
    Row(["__complete", "train", "mmalpha::"], 0.3),
    Row(["__complete", "train", CONFIG, "--cfg-options", "model."], 0.3),
    Row(["__complete", "registry", "explain", "timm.resnet"], 0.3),
    Row(["config", "show", CONFIG], 2),
    Row(["config", "diff", CONFIG, "mmalpha::vit-tiny_digits.py"], 2),
    Row(["registry", "find", "conv"], 2),
    Row(["registry", "list", "mmalpha"], 2),
    Row(["models", "resnet18"], 2),
    Row(["registry", "explain", "mmalpha.ResNet"], 2, True),
    Row(["lint", CONFIG], 2, True),
    Row(["config", "schema", "--scope", "mmalpha"], 2, True),
    Row(["summary", CONFIG], 2, True),
    Row(["env"], 2, True),
)
FIRST = (  # without what former commands have kept
    Row(["registry", "find", "conv"], 2, True),
    Row(["models", "resnet18"], 2, True),
)


def seconds(command: Sequence[str], environ: Mapping[str, str]) -> float:
    """Return the CPU seconds of a command, system calls and processes of its own included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, env=environ, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(words: list[str]) -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=5, help="how often each command is started")
    turns = parser.parse_args(words).turns
    environ = {
        name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
    }
    with tempfile.TemporaryDirectory() as folder:
        environ |= {"PYTHONPYCACHEPREFIX": f"{folder}/pyc", "XDG_CACHE_HOME": f"{folder}/cache"}
        for row in (*FIRST, *ROWS):  # what is compiled and kept
            seconds(row.command, environ)
        floor = min(seconds(TORCH, environ) for _ in range(turns))
        print(f"floor: import torch, {floor:.2f} s\n")
        print("| command | s | beyond torch | at most | |\n|---|---|---|---|---|")
        for row in ROWS:
            _print(row, min(seconds(row.command, environ) for _ in range(turns)), floor)
        for row in FIRST:
            found = []
            for turn in range(turns):
                own = environ | {"XDG_CACHE_HOME": str(Path(folder, f"first-{turn}"))}
                found.append(seconds(row.command, own))
            _print(row, min(found), floor, ", for the first time")


def _print(row: Row, took: float, floor: float, note: str = "") -> None:
    beyond = took - floor if row.needs_torch else took
    shown = f"{beyond:.2f}" if row.needs_torch else "no torch"
    verdict = "" if beyond <= row.most else "missed"
    print(f"| `{' '.join(row.words)}`{note} | {took:.2f} | {shown} | {row.most} | {verdict} |")
