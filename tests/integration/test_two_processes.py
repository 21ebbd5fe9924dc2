"""A shipped config as torchrun launches it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


def test_two_processes_reach_the_accuracy_of_one(tmp_path: Path) -> None:
    torchrun = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    train = ("-m", "engine", "train", "mmalpha::resnet18_digits.py", "--launcher", "pytorch")
    options = ("train_dataloader.batch_size=32", "train_cfg.max_epochs=8", "custom_hooks=[]")
    done = subprocess.run(
        [sys.executable, *torchrun, *train, "--work-dir", "out", "--cfg-options", *options],
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (best,) = re.findall(r"The best accuracy/top1 so far is (\S+),", done.stderr)[-1:]
    assert float(best) >= 0.96  # 0.978 with one process and twice the batch
