"""Whatever a key of a run holds, a command runs or says in one error what is wrong."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from engine.cli import main
from engine.runner import Runner

CONFIG = """
from torch import nn
from engine.model import BaseModel

class Model(BaseModel):
    def __init__(self, data_preprocessor=None):
        super().__init__()
        self.fc = nn.Linear(1, 1)

    def forward(self, inputs, data_samples=None, mode='tensor'):
        return {'loss': self.fc(inputs).sum()}

import torch

class Data:
    def __len__(self):
        return 1

    def __getitem__(self, i):
        return dict(inputs=torch.ones(1))

model = dict(type=Model)
train_dataloader = dict(
    dataset=dict(type=Data), sampler=dict(type='DefaultSampler'), collate_fn='default_collate'
)
train_cfg = dict(max_epochs=1)
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1))
default_hooks = dict(checkpoint=None)
log_level = 'ERROR'
"""
KEYS = sorted({*inspect.signature(Runner).parameters} - {"cfg", "launcher"})
KEYS += ["inferencer", "model_wrapper_cfg", "custom_imports", "runner_type"]
VALUES: list[Any] = [3, -1.5, "evil", "", ["a", "b"], [], {"a": 1}, {}, None, True, False]


def _outcome(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[object, str]:
    capsys.readouterr()
    with pytest.raises(SystemExit) as caught:
        main([*words])
    printed = capsys.readouterr()
    return caught.value.code, printed.out + printed.err


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(key=st.sampled_from(KEYS), value=st.sampled_from(VALUES))
@example(key="strategy", value=3)
def test_no_value_gives_a_traceback(
    key: str,
    value: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("small.py").write_text(f"{CONFIG}{key} = {value!r}\n")
    found, _ = _outcome(capsys, "lint", "small.py")
    assert found in (0, 1, 2)
    for words in ([], ["--no-lint"]):
        code, printed = _outcome(capsys, "train", "small.py", *words)
        assert code in (0, 1, 2)
        assert (code == 0) == ("Results are in" in printed)
        assert code == 0 or "Error: " in printed or key in printed
        assert "Traceback" not in printed


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("load_from = ['a', 'b']", "load_from (small.py:30): it is the name of a checkpoint, not "),
        (
            "resume = 3",
            "resume (small.py:30): it is True, False or the name of a checkpoint, not 3",
        ),
        ("work_dir = 7", "work_dir (small.py:30): it is a folder, not 7"),
        ("env_cfg = 3", "env_cfg (small.py:30): it is a mapping, not 3"),
        (
            "randomness = dict(seed='abc')",
            "randomness.seed (small.py:30): it is a whole number or ",
        ),
        ("default_scope = 5", "default_scope (small.py:30): it is the name of a scope, not 5"),
        ("train_dataloader = 3", "train_dataloader (small.py:30): it is a config (a mapping) or "),
        ("compile = dict(a=1)", "compile.a (small.py:30): there is no such option"),
    ],
)
def test_the_error_says_what_where_and_what_is_right(
    line: str,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("small.py").write_text(f"{CONFIG}{line}\n")
    code, printed = _outcome(capsys, "train", "small.py", "--no-lint")
    assert (code, printed.startswith(f"Error: {message}")) == (2, True), printed
    found, findings = _outcome(capsys, "lint", "small.py")
    assert found == 1
    assert f"{message.partition(' ')[0]} (small.py:30): " in findings
