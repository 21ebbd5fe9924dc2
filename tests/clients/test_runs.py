"""A user of a library enables engine, trains, resumes, tests, and disables it again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from environment import keep
from toy_data import FASHION, make_data

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
RUNS = {"mmdet": "mmdet_toy", "mmpretrain": "mmpretrain_fashion", "mmseg": "mmseg_toy"}
OPTIONS = {"mmpretrain": ["--cfg-options", "train_dataloader.dataset.indices=320"]}


class User:
    """Types commands in an environment."""

    def __init__(self, python: Path, data: Path, folder: Path) -> None:
        self.python = python
        self.folder = folder
        self.environ = {**os.environ, "DATA": str(data), "OMP_NUM_THREADS": "1"}
        self.environ.pop("PYTHONPATH", None)

    def run(self, *words: str, status: int = 0) -> str:
        """Run a Python program, and return what it prints."""
        done = subprocess.run(
            [self.python, *words],
            cwd=self.folder,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stdout[-3000:]
        return done.stdout

    def words(self, library: str, tool: str, *words: str) -> list[str]:
        """Return the words that run a script of a library with the config of its toy run."""
        (script,) = self.python.parent.parent.glob(
            f"lib/python*/site-packages/{library}/.mim/tools/{tool}.py"
        )
        config = str(HERE / "configs" / f"{RUNS[library]}.py")
        return ["-W", "ignore", str(script), config, *words]

    def train_words(self, library: str, work_dir: str, *words: str) -> list[str]:
        """Return the words that train with the library's own script."""
        options = ["--work-dir", work_dir, *OPTIONS.get(library, ())]
        return self.words(library, "train", *words, *options)

    def train(self, library: str, work_dir: str, *words: str) -> str:
        """Train with the library's own script."""
        return self.run(*self.train_words(library, work_dir, *words))

    def stop_early(self, library: str, work_dir: str) -> None:
        """Train, and end the training with SIGTERM after its first log line."""
        shown: list[str] = []
        with subprocess.Popen(
            [self.python, *self.train_words(library, work_dir)],
            cwd=self.folder,
            env={**self.environ, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if " loss: " in line and not any(" loss: " in each for each in shown):
                    process.send_signal(signal.SIGTERM)
                shown.append(line)
        assert process.returncode != 0, "".join(shown)[-3000:]
        assert "Saved interrupted_iter_" in "".join(shown)


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    """A user who has just installed engine and the libraries."""
    data = tmp_path_factory.mktemp("data")
    make_data(data)
    user = User(keep("user"), data, tmp_path_factory.mktemp("runs"))
    user.run("-m", "engine", "compat", "disable")
    assert "No module named 'mmengine'" in user.run("-c", "import mmengine", status=1)
    user.run("-m", "engine", "compat", "enable")
    yield user
    user.run("-m", "engine", "compat", "disable")
    assert "No module named 'mmengine'" in user.run("-c", "import mmengine", status=1)


@pytest.mark.parametrize("library", list(RUNS))
def test_a_run(library: str, user: User, record_property: Callable[[str, object], None]) -> None:
    if library == "mmpretrain" and not FASHION.is_dir():
        pytest.skip("Fashion-MNIST is not there: apt-get install dataset-fashion-mnist")
    user.train(library, f"whole_{library}")
    user.stop_early(library, f"stopped_{library}")
    user.train(library, f"stopped_{library}", "--resume")

    whole, resumed = (read_last(user.folder / f"{kind}_{library}") for kind in ("whole", "stopped"))
    assert same(whole["state_dict"], resumed["state_dict"])
    assert same(whole["optimizer"], resumed["optimizer"])
    scores = read_scores(user.folder / f"whole_{library}")
    assert scores == read_scores(user.folder / f"stopped_{library}")

    last = (user.folder / f"whole_{library}" / "last_checkpoint").read_text()
    checkpoint = user.folder / f"whole_{library}" / Path(last).name
    words = [str(checkpoint), "--work-dir", f"test_{library}"]
    user.run(*user.words(library, "test", *words))
    tested = read_scores(user.folder / f"test_{library}", "*.json")
    assert tested == scores
    record_property(
        "compared",
        f"{library}: trained, stopped, resumed to equal weights, optimizer state and scores; "
        f"tested with the score of the validation, {scores}",
    )


def read_last(work_dir: Path) -> dict[str, Any]:
    """Return the last checkpoint of a run."""
    name = Path((work_dir / "last_checkpoint").read_text()).name
    checkpoint: dict[str, Any] = torch.load(work_dir / name, weights_only=True)
    return checkpoint


def read_scores(work_dir: Path, pattern: str = "vis_data/scalars.json") -> dict[str, float]:
    """Return the scores of the last validation or test of a run."""
    file = max(work_dir.glob(f"*/{pattern}"))
    last = json.loads(file.read_text().splitlines()[-1])
    return {key: value for key, value in last.items() if "time" not in key and key != "step"}


def same(first: Any, second: Any) -> bool:
    """Return whether two states are equal bit for bit."""
    if isinstance(first, torch.Tensor):
        return torch.equal(first, second)
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(same(first[key], second[key]) for key in first)
    if isinstance(first, (list, tuple)):
        return len(first) == len(second) and all(map(same, first, second))
    return bool(first == second)
