"""Completion of command lines."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine import __version__
from engine.cli import main

Complete = Callable[[str], list[str]]


@pytest.fixture
def complete(capsys: pytest.CaptureFixture[str]) -> Complete:
    """Return a function that completes the last word of a line."""

    def run(line: str) -> list[str]:
        main(["__complete", *line.split(" ")[1:]])
        return [offer.partition("\t")[0] for offer in capsys.readouterr().out.splitlines()]

    return run


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("engine tra", ["train"]),
        ("engine registry fi", ["find"]),
        ("engine nothing-of-ours x", []),
        ("engine train --wor", ["--work-dir"]),
        ("engine test --no-rep", ["--no-report"]),
        ("engine train x.py --launcher s", ["slurm"]),
        ("engine train --launcher=none mmal", ["mmalpha::"]),
        ("engine completion f", ["fish"]),
        ("engine train mmbeta::fcn_r18_digits.p", ["mmbeta::fcn_r18_digits.py"]),
        ("engine train mmbeta::fcn_r18_digits.py x", []),
        ("engine config diff a.py mmbeta::fcn_r18_digits.p", ["mmbeta::fcn_r18_digits.py"]),
        ("engine registry list MODEL_W", ["MODEL_WRAPPERS"]),
        ("engine registry explain mmalpha.LinearC", ["mmalpha.LinearClsHead"]),
        ("engine registry explain LinearC", ["LinearClsHead"]),
        ("engine models --source mmal", ["mmalpha"]),
        ("engine models smp.unetpl", []),
        ("engine models smp.Un", ["smp.Unet", "smp.UnetPlusPlus"]),
        ("engine plot ", []),  # files, which the shell knows
    ],
)
def test_words(complete: Complete, line: str, expected: list[str]) -> None:
    assert complete(line) == expected


CONFIG = "engine train mmalpha::resnet18_digits.py --cfg-options "


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("model.ba", ["model.backbone."]),
        ("model.backbone.dep", ["model.backbone.depth="]),
        ("model.backbone.depth=", ["model.backbone.depth=18"]),
        ("train_cfg.max_epochs=3 model.backbone.dep", ["model.backbone.depth="]),
        ("model.head.type=LinearC", ["model.head.type=LinearClsHead"]),
        ("param_scheduler.0.ty", ["param_scheduler.0.type="]),
        ("param_scheduler.x.ty", []),
        ("model.backbone.depth.", []),
        ("train_cfg.max_epochs=3 --se", ["--seed"]),
    ],
)
def test_keys_of_a_config(complete: Complete, word: str, expected: list[str]) -> None:
    assert complete(CONFIG + word) == expected


def test_files_that_may_be_configs(
    complete: Complete, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("own/a.py", "own/b.txt", "own/c.yaml", "own/.hidden/d.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("[", encoding="utf-8")
    assert complete("engine lint o") == ["own/"]
    assert complete("engine lint own/") == ["own/a.py", "own/c.yaml"]
    assert complete("engine lint own/a.py --cfg-options mod") == []  # it can't be read


_SHELLS = {
    "bash": """
        eval "$(engine completion bash)"
        COMP_LINE="$1" COMP_POINT=${#1}
        _engine 2>/dev/null
        printf '%s\\n' "${COMPREPLY[@]}"
    """,
    "zsh": """
        autoload -U compinit && compinit -D -u
        eval "$(engine completion zsh)"
        compadd() { print -l -- "${(@P)@[-1]}" }
        words=("${(@s: :)1}") CURRENT=$#words
        _engine
    """,
    "fish": "engine completion fish | source; complete -C $argv[1] | string replace -r '\\t.*' ''",
}


@pytest.mark.parametrize("shell", _SHELLS)
def test_scripts_of_shells(shell: str, tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"needs {shell}")

    def complete(line: str) -> list[str]:
        program = Path(sys.executable).parent
        done = subprocess.run(
            [shell, "-c", _SHELLS[shell], *([shell] if shell != "fish" else []), line],
            capture_output=True,
            encoding="utf-8",
            env=os.environ | {"PATH": f"{program}:{os.environ['PATH']}", "HOME": str(tmp_path)},
            check=False,
        )
        return done.stdout.split()

    assert complete("engine trai") == ["train"]
    [config] = complete("engine train mmalpha::resnet18_digits.p")
    replaced = "resnet18_digits.py" if shell == "bash" else "mmalpha::resnet18_digits.py"
    assert config == replaced  # bash completes what comes after a colon
    [key] = complete(f"{CONFIG}model.backbone.dep")
    assert key == "model.backbone.depth="


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"engine {__version__}\n"


def test_help_has_each_command_in_a_section(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    printed = capsys.readouterr().out
    assert "\nTrain and test:\n  train " in printed
    assert "\nCommands:\n" not in printed
