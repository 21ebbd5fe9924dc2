"""Modules of the name `mmengine`."""

from __future__ import annotations

import importlib
import pickle
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import engine
from engine.compat import find_reason, install, uninstall
from engine.compat._aliases import ALIASES
from engine.config import Config
from engine.hooks import EMAHook, Hook
from engine.runner import Runner

Probe = Callable[[str], str]


def read_names() -> dict[str, list[str]]:
    """Return the public names of MMEngine by modules."""
    lines = Path(__file__).with_name("mmengine_names.txt").read_text().splitlines()
    parts = [line.split(": ", 1) for line in lines if line and not line.startswith("#")]
    names = {module: re.sub(r"\* of \.\w+", "", found).split() for module, found in parts}
    for below in re.findall(r"\* of \.(\w+)", dict(parts)["mmengine"]):
        names["mmengine"] += names[f"mmengine.{below}"]
    return names


def is_served(module: str, name: str) -> bool:
    try:
        getattr(importlib.import_module(module), name)
    except (AttributeError, ModuleNotFoundError):
        return False
    return True


@pytest.mark.usefixtures("mmengine")
def test_each_name_is_served_or_has_a_reason_why_not() -> None:
    for module, names in read_names().items():
        below = module.partition(".")[2]
        for name in names:
            reason = find_reason(name) or find_reason(below)
            assert is_served(module, name) is (reason is None), (module, name, reason)


@pytest.mark.usefixtures("mmengine")
def test_names_are_those_of_engine() -> None:
    import mmengine
    from mmengine.hooks.checkpoint_hook import CheckpointHook
    from mmengine.utils.dl_utils import collect_env

    assert CheckpointHook is engine.hooks.CheckpointHook
    assert mmengine.Config is Config
    assert mmengine.fileio.io.load is importlib.import_module("engine.fileio").load
    assert pickle.loads(pickle.dumps(mmengine.structures.InstanceData(a=[1]))).a == [1]  # noqa: S301  # written here
    assert (mmengine.__version__, mmengine.version_info) == ("0.10.7", (0, 10, 7))
    # A function has the name of its module; which was imported does not matter.
    importlib.import_module("mmengine.utils.dl_utils.collect_env")
    assert mmengine.utils.dl_utils.collect_env is collect_env


@pytest.mark.usefixtures("mmengine")
def test_all_names_of_a_module() -> None:
    names: dict[str, Any] = {}
    exec("from mmengine.hooks import *", names)  # noqa: S102  # this text
    assert names["Hook"] is Hook
    assert set(read_names()["mmengine.hooks"]) - {"NPUProfilerHook"} <= set(names)
    assert "Hook" in dir(importlib.import_module("mmengine.hooks"))


@pytest.mark.usefixtures("mmengine")
def test_what_is_not_served_says_why() -> None:
    hooks = importlib.import_module("mmengine.hooks")
    with pytest.raises(AttributeError, match=r"mmengine\.hooks\.NPUProfilerHook: ProfilerHook"):
        _ = hooks.NPUProfilerHook
    with pytest.raises(AttributeError, match=r"does not serve mmengine\.hooks\.Hoook$"):
        _ = hooks.Hoook
    with pytest.raises(ImportError, match=r"engine.compat._table\.py"):
        exec("from mmengine.hooks import NPUProfilerHook")  # noqa: S102  # this text
    with pytest.raises(ModuleNotFoundError, match="DeepSpeed are not supported"):
        importlib.import_module("mmengine._strategy.deepspeed")
    with pytest.raises(ModuleNotFoundError, match="no public module of this name"):
        importlib.import_module("mmengine.hook")


def test_uninstall_takes_everything_back() -> None:
    before = {name for name in vars(Runner) if name.startswith("_")}
    finders = [*sys.meta_path]
    install()
    install()  # once is enough
    importlib.import_module("mmengine.hooks.hook")
    assert {name for name in vars(Runner) if name.startswith("_")} > before
    uninstall()
    uninstall()
    assert {name for name in vars(Runner) if name.startswith("_")} == before
    assert sys.meta_path == finders
    assert not [name for name in sys.modules if name.partition(".")[0] == "mmengine"]


def test_aliases_hide_nothing_of_the_classes() -> None:
    for place, classes in ALIASES.items():
        for name, aliases in classes.items():
            cls = getattr(importlib.import_module(place), name)
            assert not [alias for alias in aliases if hasattr(cls, alias)], cls


def test_mmengine_itself_must_not_be_imported_already(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mmengine.config", ModuleType("mmengine.config"))
    with pytest.raises(RuntimeError, match="MMEngine is imported already; call"):
        install()


def test_importing_it_is_light_and_aliases_come_with_the_classes(probe: Probe) -> None:
    program = """
import sys, engine.compat
engine.compat.install()
import mmengine
from mmengine import Config, Registry
print(*sorted({'torch', 'numpy', 'rich', 'matplotlib'} & set(sys.modules)))
from engine.runner import Runner
print(hasattr(Runner, '_log_dir'))
"""
    assert probe(program) == "\nTrue\n"


@pytest.mark.usefixtures("mmengine")
def test_private_attributes_that_libraries_read(toy_cfg: Callable[..., Config]) -> None:
    cfg = Config({"a": 1}, cfg_text="a = 1")
    assert cfg._cfg_dict is cfg
    assert cfg._text == "a = 1"
    runner: Any = Runner.from_cfg(toy_cfg())
    assert runner._hooks == runner.hooks
    assert (runner._log_dir, runner._experiment_name) == (runner.log_dir, runner.experiment_name)
    assert runner._randomness_cfg["seed"] == runner.seed
    assert runner._resume is False
    assert hasattr(EMAHook, "_swap_ema_parameters")
