"""The `engine` command: what it does, prints and returns."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from engine.cli import main

CONFIG = """
from torch import nn
from engine.model import BaseModel
from engine.evaluator import BaseMetric

class Model(BaseModel):
    def __init__(self, channels=4):
        super().__init__()
        self.fc = nn.Linear(channels, 3)

    def forward(self, inputs, data_samples=None, mode='tensor'):
        out = self.fc(inputs)
        if mode == 'loss':
            return {'loss': nn.functional.cross_entropy(out, data_samples)}
        return [{'hit': bool(a == b)} for a, b in zip(out.argmax(1), data_samples)]

class Data:
    def __init__(self, data_root='', size=64):
        import torch
        self.points = torch.randn(size, 4, generator=torch.Generator().manual_seed(0))
        self.data_root = data_root

    def __len__(self):
        return len(self.points)

    def __getitem__(self, i):
        return dict(inputs=self.points[i], data_samples=self.points[i][:3].argmax())

class Accuracy(BaseMetric):
    def process(self, data_batch, data_samples):
        self.results += [each['hit'] for each in data_samples]

    def compute_metrics(self, results):
        return {'accuracy': sum(results) / len(results)}

model = dict(type=Model)
train_dataloader = dict(
    batch_size=8,
    dataset=dict(type=Data),
    sampler=dict(type='DefaultSampler'),
    collate_fn='default_collate',
)
val_dataloader = test_dataloader = dict(
    batch_size=8,
    dataset=dict(type=Data),
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn='default_collate',
)
train_cfg = dict(max_epochs=2)
val_cfg = test_cfg = dict()
val_evaluator = test_evaluator = dict(type=Accuracy)
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1))
randomness = dict(seed=0)
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "small.py"
    path.write_text(CONFIG)
    return path


def _fails(capsys: pytest.CaptureFixture[str], *words: str | Path) -> str:
    """Return what a command prints that ends with the status of a user's error."""
    with pytest.raises(SystemExit) as caught:
        main([str(word) for word in words])
    assert caught.value.code == 2
    printed = capsys.readouterr()
    assert "Traceback" not in printed.err
    return printed.err


def _runs(capsys: pytest.CaptureFixture[str], *words: str | Path) -> str:
    with pytest.raises(SystemExit) as caught:
        main([str(word) for word in words])
    assert caught.value.code == 0
    return capsys.readouterr().out


def test_train_test_and_resume(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _runs(capsys, "train", config) == "Results are in work_dirs/small\n"
    folder = Path("work_dirs/small")
    assert (folder / "small.py").is_file()
    first = _runs(capsys, "test", config, folder / "epoch_2.pth")
    assert re.fullmatch(r"accuracy: 0\.\d+\n", first)
    assert _runs(capsys, "test", config, folder / "epoch_2.pth", "--seed", "5") == first
    printed = json.loads(_runs(capsys, "test", config, folder / "epoch_2.pth", "--json"))
    assert f"accuracy: {printed['metrics']['accuracy']}\n" == first
    _runs(capsys, "test", config, folder / "epoch_2.pth", "--out", "a/scores.json")
    assert json.loads(Path("a/scores.json").read_text()) == printed
    assert (printed["report"], printed["files"]) == (None, [])
    told = _fails(capsys, "test", config, folder / "epoch_2.pth", "--table", "confusion")
    assert "has no report, of which" in told
    _runs(capsys, "train", config, "--resume", "--cfg-options", "train_cfg.max_epochs=3")
    assert (folder / "epoch_3.pth").is_file()
    meta = torch.load(folder / "epoch_3.pth", weights_only=True)["meta"]
    assert (meta["epoch"], meta["iter"]) == (3, 24)


def test_options_change_the_config(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--cfg-options", "train_cfg.max_epochs=1", "tag=(a,b)", "--amp", "--seed", "7"]
    words += ["--work-dir", "here", "--device", "cpu", "--data-root", "there"]
    _runs(capsys, "train", config, *words)
    written = Path("here/small.py").read_text()
    for line in (
        "tag = ('a', 'b')",
        "randomness = dict(seed=7)",
        "strategy = dict(device='cpu')",
        "optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1), type='AmpOptimWrapper')",
    ):
        assert line in written
    assert written.count("data_root='there'") == 3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["smal.py"], "there is no config file smal.py; did you mean small.py?"),
        (["mmgamma::x.py"], "the package 'mmgamma' is not installed"),
        (["small.py", "--cfg-options", "model.detph=3"], "Model has no argument 'detph'"),
        (["small.py", "--no-lint", "--cfg-options", "model.detph=3"], "Model(channels=4)"),
        (["small.py", "--cfg-options", "model.type=mmalpha.ResNt"], "mean 'mmalpha.ResNet'"),
        (["small.py", "--cfg-options", "optim_wrapper.optimizer.type=SGDD"], "mean 'engine.SGD'"),
        (["small.py", "--cfg-options", "lr"], "an option is key=value"),
        (["small.py", "--launcher", "lsf"], "must be one of none, pytorch, slurm, mpi; got 'lsf'"),
        (["small.py", "--launcher", "pytorch"], "torchrun --nproc-per-node"),
        (["small.py", "--device", "gpu"], "there is no device 'gpu'"),
        (["small.py", "--nonsense"], "No such option"),
        (["broken.py"], "broken.py:2: "),
    ],
)  # fmt: skip
def test_a_users_mistake(
    config: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    Path("broken.py").write_text("x = 1\ny = = 2\n")
    assert message in _fails(capsys, "train", *words)


def test_debug_shows_the_traceback(config: Path) -> None:
    with pytest.raises(FileNotFoundError):
        main(["train", "smal.py", "--debug"])


def test_checkpoints_that_do_not_fit(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _runs(capsys, "train", config, "--cfg-options", "train_cfg.max_epochs=1")
    whole = Path("work_dirs/small/epoch_1.pth")
    Path("cut.pth").write_bytes(whole.read_bytes()[:1000])
    assert "cut.pth is not a checkpoint, or was cut short" in _fails(
        capsys, "test", config, "cut.pth"
    )
    assert "there is no checkpoint no.pth" in _fails(capsys, "test", config, "no.pth")
    torch.save({"state_dict": {"fc.weight": torch.rand(2, 2)}}, "other.pth")
    message = _fails(capsys, "test", config, "other.pth")
    assert "other.pth: the weights are not those of Model" in message
    assert "other shape (1): fc.weight (2, 2), not (3, 4)" in message


@pytest.mark.slow
@pytest.mark.parametrize(
    ("signum", "status", "stop"),
    [
        (signal.SIGINT, 130, {}),
        (signal.SIGTERM, 0, {}),
        (signal.SIGUSR1, 75, {"signals": ["USR1"], "exit_status": 75}),
    ],
)
def test_a_signal_ends_a_run_cleanly(
    config: Path, signum: int, status: int, stop: dict[str, object]
) -> None:
    words = [sys.executable, "-m", "engine", "train", "small.py", "--resume"]
    endless = [*words, "--cfg-options", "train_cfg.max_epochs=100000", "val_cfg=None",
               "val_dataloader=None", "val_evaluator=None", f"env_cfg.stop={stop}"]  # fmt: skip
    run = subprocess.Popen(endless, stderr=subprocess.PIPE, text=True)
    assert run.stderr is not None
    lines = iter(run.stderr.readline, "")
    assert any("Epoch(train) [" in line for line in lines)
    run.send_signal(signum)
    _, printed = run.communicate(timeout=60)
    assert run.returncode == status
    assert "Traceback" not in printed
    assert "the same command with --resume goes on from there" in printed
    [saved] = Path("work_dirs/small").glob("interrupted_iter_*.pth")
    assert torch.load(saved, weights_only=True)["meta"]["iter"] == int(saved.stem.split("_")[-1])


def test_torchrun_gets_to_know_an_error(config: Path) -> None:
    words = [sys.executable, "-m", "engine", "train", "small.py", "--cfg-options"]
    done = subprocess.run(
        [*words, "load_from=nope.pth"],
        env={**os.environ, "TORCHELASTIC_ERROR_FILE": "error.json"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 2
    recorded = json.loads(Path("error.json").read_text())["message"]["message"]
    assert done.stderr.splitlines()[-1].strip().removeprefix("Error: ") in recorded


@pytest.mark.slow
def test_torchrun(config: Path) -> None:
    words = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    words += ["--standalone", "-m", "engine", "train", "small.py", "--launcher", "pytorch"]
    done = subprocess.run(words, check=True, capture_output=True, timeout=300)
    assert done.stdout.count(b"Results are in") == 1
    assert b"destroy_process_group" not in done.stderr  # torch warns of a group that is left
    meta = torch.load("work_dirs/small/epoch_2.pth", weights_only=True)["meta"]
    assert (meta["world_size"], meta["iter"]) == (2, 8)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["test", "late.py", "nope.pth"], "there is no checkpoint nope.pth"),
        (["predict", "nope.pth", "late.py", "--config", "late.py"], "there is no checkpoint nope."),
        (
            ["train", "late.py", "--cfg-options", "load_from=nope.pth"],
            "load_from (--cfg-options): there is no checkpoint nope.pth",
        ),
        (
            ["train", "late.py", "--cfg-options", "train_dataloader.dataset.ann_file=nope.json"],
            "train_dataloader.dataset.ann_file (--cfg-options): there is no annotation file nope.j",
        ),
        (
            ["test", "late.py", "late.py", "--cfg-options", "test_dataloader.dataset.ann_file=no"],
            "test_dataloader.dataset.ann_file (--cfg-options): there is no annotation file no",
        ),
    ],
)
def test_files_are_looked_for_before_the_model_is_built(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    late = CONFIG.replace("super().__init__()", "raise RuntimeError('the model was built')")
    Path("late.py").write_text(f"{late}\ninferencer = dict(type='ClsInferencer')\n")
    assert told in _fails(capsys, *words)


def test_a_url_keeps_its_slashes(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = "memory://bucket/x.pth"
    for words in (["test", config, url], ["export", url, "x.pth"]):
        assert f"there is no checkpoint {url}" in _fails(capsys, *words)
    _runs(capsys, "train", config, "--work-dir", "here", "--data-root", "memory://bucket/data")
    assert Path("here/small.py").read_text().count("data_root='memory://bucket/data'") == 3
