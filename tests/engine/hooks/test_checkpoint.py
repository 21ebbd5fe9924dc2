"""When checkpoints are saved, and which are kept."""

from __future__ import annotations

import hashlib
import itertools
import logging
import math
import os
import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
import torch
from fsspec.implementations.memory import MemoryFileSystem
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from engine.checkpoint import CheckpointError
from engine.config import Config
from engine.evaluator import BaseMetric
from engine.hooks import CheckpointHook, Hook
from engine.logging import MessageHub
from engine.runner import Runner, TrainingInterrupted, find_latest_checkpoint, read_checkpoint

CfgMaker = Callable[..., Config]
NAN = float("nan")


class _Given(BaseMetric):
    """Gives the same values, one after the other, whatever the model does."""

    def __init__(self, **values: Sequence[float]) -> None:
        super().__init__()
        self.values, self.number = values, 0

    def process(self, data_batch: Any, data_samples: Sequence[Any]) -> None:
        self.results += data_samples

    def compute_metrics(self, results: list[Any]) -> dict[str, float]:
        self.number += 1
        return {name: values[self.number - 1] for name, values in self.values.items()}


def run(cfg: Config, **hook: Any) -> Runner:
    cfg.default_hooks = {"checkpoint": {"type": "CheckpointHook", **hook}}
    runner = Runner.from_cfg(cfg)
    runner.train()
    return runner


def names(runner: Runner) -> set[str]:
    return {path.name for path in Path(runner.work_dir).glob("*.pth")}


@pytest.fixture
def epochs(toy_cfg: CfgMaker) -> Config:
    """A training of five epochs, which is not validated."""
    no_val = {"val_dataloader": None, "val_cfg": None, "val_evaluator": None}
    return toy_cfg(train_cfg={"by_epoch": True, "max_epochs": 5}, **no_val)


@pytest.mark.parametrize(
    ("options", "saved"),
    [
        ({}, {5}),
        ({"interval": 2}, {2, 4, 5}),
        ({"interval": 2, "save_last": False}, {2, 4}),
        ({"interval": 1, "save_begin": 4}, {4, 5}),
        ({"interval": 2, "save_begin": 1, "save_last": False}, {1, 3, 5}),
        ({"interval": 1, "max_keep_ckpts": 2}, {4, 5}),
        ({"interval": 2, "max_keep_ckpts": 1}, {5}),
        ({"save_last": False}, set()),
    ],
)
def test_intervals_of_epochs(epochs: Config, options: dict[str, Any], saved: set[int]) -> None:
    runner = run(epochs, **options)
    assert names(runner) == {f"epoch_{number}.pth" for number in saved}
    latest = find_latest_checkpoint(runner.work_dir)
    if saved:
        assert latest is not None
        assert read_checkpoint(latest)["meta"]["epoch"] == max(saved)
    else:
        assert latest is None


def test_intervals_of_iterations(epochs: Config) -> None:
    epochs.train_cfg = {"by_epoch": False, "max_iters": 8}
    epochs.param_scheduler = None
    runner = run(
        epochs, by_epoch=False, interval=3, save_optimizer=False, filename_tmpl="at_{}.pth"
    )
    assert names(runner) == {"at_3.pth", "at_6.pth", "at_8.pth"}
    checkpoint = read_checkpoint(Path(runner.work_dir) / "at_6.pth")
    assert checkpoint["meta"]["iter"] == 6
    assert "optimizer" not in checkpoint
    assert "param_schedulers" in checkpoint


@pytest.mark.parametrize("key", ["kept_checkpoints", "kept_best_checkpoints"])
@pytest.mark.parametrize("name", ["../theirs.pth", "{}/theirs.pth"])
def test_a_checkpoint_names_no_files_elsewhere(
    epochs: Config, tmp_path: Path, key: str, name: str
) -> None:
    theirs = Path(epochs.work_dir).parent / "theirs.pth"
    named = name.format(theirs.parent)
    file = Path(run(epochs).work_dir) / "epoch_5.pth"
    checkpoint = read_checkpoint(file)
    facts = checkpoint["message_hub"]["runtime_info"]
    facts[key] = [named, named] if key == "kept_checkpoints" else {"acc": named}
    torch.save(checkpoint, file)
    torch.save({"state_dict": {}}, theirs)
    epochs.train_cfg.max_epochs, epochs.resume = 6, True
    with pytest.raises(CheckpointError, match=r"theirs\.pth' is one of its .* outside"):
        run(epochs, max_keep_ckpts=1, published_keys=["state_dict"])
    assert [path.name for path in theirs.parent.glob("theirs*")] == ["theirs.pth"]


def test_another_folder_is_found_when_the_run_goes_on(epochs: Config, tmp_path: Path) -> None:
    runner = run(epochs, out_dir=str(tmp_path / "elsewhere"), save_param_scheduler=False)
    assert names(runner) == set()
    latest = find_latest_checkpoint(runner.work_dir, [tmp_path / "elsewhere"])
    assert latest is not None
    assert Path(latest).resolve() == tmp_path / "elsewhere" / "run" / "epoch_5.pth"
    assert "param_schedulers" not in read_checkpoint(latest)


@pytest.mark.parametrize(
    ("options", "best"),
    [
        ({"save_best": "acc"}, {"best_acc_epoch_2.pth"}),
        ({"save_best": "auto"}, {"best_acc_epoch_2.pth"}),
        ({"save_best": "acc", "rule": "less"}, {"best_acc_epoch_3.pth"}),
        ({"save_best": "error"}, {"best_error_epoch_1.pth"}),
        ({"save_best": "size", "rule": "greater"}, {"best_size_epoch_4.pth"}),
        (
            {"save_best": ["size", "acc"], "rule": "greater"},
            {"best_size_epoch_4.pth", "best_acc_epoch_2.pth"},
        ),
        (
            {"save_best": ["size", "acc"], "rule": ["less"]},
            {"best_size_epoch_1.pth", "best_acc_epoch_3.pth"},
        ),
        ({"save_best": ["acc", "error"]}, {"best_acc_epoch_2.pth", "best_error_epoch_1.pth"}),
        (
            {"save_best": ["size", "acc"], "rule": ["less", "greater"]},
            {"best_size_epoch_1.pth", "best_acc_epoch_2.pth"},
        ),
    ],
)
def test_the_best_by_a_rule(toy_cfg: CfgMaker, options: dict[str, Any], best: set[str]) -> None:
    metric = {
        "type": _Given,
        "acc": [0.5, 0.75, 0.25, 0.75],
        "error": [1, 2, 3, 4],
        "size": [1, 2, 3, 4],
    }
    cfg = toy_cfg(train_cfg={"by_epoch": True, "max_epochs": 4}, val_evaluator=metric)
    runner = run(cfg, save_last=False, **options)
    assert names(runner) == best
    for name in best:
        epoch = int(name.removesuffix(".pth").rpartition("_")[2])
        assert read_checkpoint(Path(runner.work_dir) / name)["meta"]["epoch"] == epoch


@pytest.mark.parametrize("save_best", ["acc", "auto"])
def test_a_nan_is_never_the_best(
    toy_cfg: CfgMaker, save_best: str, caplog: pytest.LogCaptureFixture
) -> None:
    scores = [NAN, 0.5, 0.7, NAN, 0.6]
    cfg = toy_cfg(
        train_cfg={"by_epoch": True, "max_epochs": 5}, val_evaluator={"type": _Given, "acc": scores}
    )
    with caplog.at_level(logging.WARNING):
        runner = run(cfg, save_last=False, save_best=save_best)
    assert names(runner) == {"best_acc_epoch_3.pth"}
    assert caplog.text.count("The acc is NaN") == 2


def test_the_name_of_one_metric_may_be_that_of_another_and_more(toy_cfg: CfgMaker) -> None:
    scores = {"acc": [0.5, 0.7, 0.6], "acc_checkpoint": [0.3, 0.2, 0.1]}
    cfg = toy_cfg(val_evaluator={"type": _Given, **scores})
    runner = run(cfg, save_last=False, save_best=list(scores))
    assert names(runner) == {"best_acc_epoch_2.pth", "best_acc_checkpoint_epoch_1.pth"}


def test_the_best_by_two_metrics_are_never_one_file(toy_cfg: CfgMaker) -> None:
    cfg = toy_cfg(val_evaluator={"type": _Given, "a/b": [1.0], "a_b": [2.0]})
    with pytest.raises(ValueError, match="'a_b' would take the place of that by 'a/b'"):
        run(cfg, save_best=["auto", "a_b"], rule="greater")


class _Standing:
    """As much of a runner as `save_best` asks for."""

    def __init__(self, folder: Path) -> None:
        self.message_hub = MessageHub("checkpoints")
        self.logger = logging.getLogger("without a handler")
        self.logger.propagate = False
        self.train_loop = self
        self.work_dir = str(folder)
        self.epoch = 0
        self.saved = list[int]()

    def save_checkpoint(self, *_: Any, **__: Any) -> None:
        self.saved.append(self.epoch)


@given(
    scores=st.lists(st.floats() | st.integers(-2, 2), max_size=12),
    rule=st.sampled_from(["greater", "less"]),
)
def test_the_best_is_the_first_of_the_best_numbers(scores: list[float], rule: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        runner = _Standing(Path(folder))
        hook = CheckpointHook(save_best="m", rule=rule)
        for score in scores:
            runner.epoch += 1
            hook.after_val_epoch(runner, {"m": score})  # type: ignore[arg-type]  # a stand-in
    numbers = [score for score in scores if not math.isnan(score)]
    best = (max if rule == "greater" else min)(numbers, default=None)
    assert runner.message_hub.get_info("best_m") == best
    assert runner.saved[-1:] == ([] if best is None else [scores.index(best) + 1])


def test_the_best_by_iterations_and_with_a_prefix(toy_cfg: CfgMaker) -> None:
    cfg = toy_cfg(
        train_cfg={"by_epoch": False, "max_iters": 6, "val_interval": 2},
        param_scheduler=None,
        val_evaluator={"type": _Given, "prefix/mIoU": [0.1, 0.3, 0.2]},
    )
    runner = run(cfg, by_epoch=False, save_best="prefix/mIoU", max_keep_ckpts=1, interval=2)
    assert names(runner) == {"best_prefix_mIoU_iter_4.pth", "iter_6.pth"}


@pytest.mark.parametrize(
    ("name", "options", "epoch"),
    [
        ("mAP_50", {}, 3),
        ("loss_acc", {}, 1),
        ("acc_error", {}, 1),
        ("top", {}, 3),
        ("size", {"greater_keys": ["size"]}, 3),
        ("size", {"less_keys": ["Size"]}, 1),
        ("loss", {"greater_keys": ["loss"], "less_keys": ["x"]}, 3),
    ],
)
def test_a_rule_follows_from_the_name(
    toy_cfg: CfgMaker, name: str, options: dict[str, Any], epoch: int
) -> None:
    metric = {"type": _Given, name: [1.0, 2.0, 3.0]}
    runner = run(toy_cfg(val_evaluator=metric), save_best=name, save_last=False, **options)
    assert names(runner) == {f"best_{name}_epoch_{epoch}.pth"}


def test_the_best_has_the_name_that_files_have(toy_cfg: CfgMaker) -> None:
    runner = run(toy_cfg(), save_best="count", rule="less", filename_tmpl="at{}.ckpt")
    assert {path.name for path in Path(runner.work_dir).glob("*.ckpt")} == {
        "at3.ckpt",
        "best_count_at1.ckpt",
    }


def test_a_second_training_keeps_what_it_has_just_saved(epochs: Config) -> None:
    epochs.train_cfg.max_epochs = 2
    runner = run(epochs, interval=1, max_keep_ckpts=2)
    runner.train()
    assert names(runner) == {"epoch_1.pth", "epoch_2.pth"}


class _ByPosition(_Given):
    """Gives a value that follows from how far the training is."""

    def compute_metrics(self, results: list[Any]) -> dict[str, float]:
        done = MessageHub.get_current_instance().get_info("iter")
        return {"acc": done * 7 % 5}


class _Killed(BaseException):
    """The end of a process, which runs nothing any more."""


@contextmanager
def _killed_at(verb: str, number: int) -> Iterator[None]:
    """End a run at its n-th call of `os.remove` or `os.replace`, before that does anything."""
    calls, real = itertools.count(1), getattr(os, verb)

    def call(*args: Any, **kwargs: Any) -> None:
        if next(calls) == number:
            raise _Killed
        real(*args, **kwargs)

    with patch.object(os, verb, call), suppress(_Killed):
        yield


@given(
    kills=st.lists(
        st.tuples(st.sampled_from(["remove", "replace"]), st.integers(1, 12)), max_size=4
    ),
    by_epoch=st.booleans(),
)
@example(kills=[("remove", 1)] * 4, by_epoch=True)
@example(kills=[("replace", 5), ("remove", 1)], by_epoch=True)
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_resumed_run_removes_what_those_that_were_killed_left(
    toy_cfg: CfgMaker,
    tmp_path_factory: pytest.TempPathFactory,
    kills: list[tuple[str, int]],
    by_epoch: bool,
) -> None:
    folder = tmp_path_factory.mktemp("run")
    of_the_user = {"epoch_99.pth", "mine.pth", ".mine.tmp", ".epoch_1.pth.0123abcd.tmp"}
    for name in of_the_user:
        (folder / name).touch()
    cfg = toy_cfg(
        work_dir=str(folder),
        resume=True,
        train_cfg={"max_epochs": 6} if by_epoch else {"by_epoch": False, "max_iters": 6},
        param_scheduler=None,
        val_evaluator={"type": _ByPosition},
    )
    options: dict[str, Any] = {"interval": 1, "by_epoch": by_epoch, "max_keep_ckpts": 2}
    for verb, number in kills:
        with _killed_at(verb, number):
            run(cfg, save_best="acc", **options)
        (folder / ".epoch_3.pth.89abcdef.engine.tmp").touch()  # as a kill while it is written
    run(cfg, save_best="acc", **options)
    left = {path.name for path in folder.iterdir() if path.is_file()} - of_the_user
    unit = "epoch" if by_epoch else "iter"
    best = {name for name in left if name.startswith("best_acc_")}
    kept = {f"{unit}_5.pth", f"{unit}_6.pth", "last_checkpoint", "config.py", ".training"}
    assert left - best == kept
    assert len(best) == 1
    assert of_the_user <= {path.name for path in folder.iterdir()}


def test_a_run_that_was_interrupted_leaves_no_more_checkpoints_than_another(
    toy_cfg: CfgMaker,
) -> None:
    class Interrupt(Hook):
        def after_train_iter(
            self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
        ) -> None:
            if runner.iter == 6:
                signal.raise_signal(signal.SIGTERM)

    with pytest.raises(TrainingInterrupted):
        run(toy_cfg(custom_hooks=[Interrupt()], log_level="ERROR"), interval=1, max_keep_ckpts=2)
    runner = run(toy_cfg(resume=True), interval=1, max_keep_ckpts=2)
    assert names(runner) == {"epoch_2.pth", "epoch_3.pth"}


@pytest.mark.parametrize("background", [False, True])
def test_folders_are_kept_and_published_as_files_are(toy_cfg: CfgMaker, background: bool) -> None:
    runner = run(
        toy_cfg(
            val_evaluator={"type": _Given, "acc": [1, 3, 2, 0, 0, 0]},
            train_cfg={"by_epoch": True, "max_epochs": 6},
        ),
        interval=2,
        max_keep_ckpts=2,
        save_best="acc",
        published_keys="state_dict",
        layout="folder",
        background=background,
    )
    folder = Path(runner.work_dir)
    found = {path.name for path in folder.iterdir() if (path / "manifest.json").exists()}
    assert found == {"epoch_4", "epoch_6", "best_acc_epoch_2"}
    assert (folder / "last_checkpoint").read_text() == "epoch_6"
    assert {name.rpartition("-")[0] for name in names(runner)} == {"epoch_6", "best_acc_epoch_2"}
    for name in names(runner):
        published = read_checkpoint(folder / name)
        kept = read_checkpoint(folder / name.rpartition("-")[0])
        assert [*published] == ["state_dict"]
        assert torch.equal(published["state_dict"]["fc.bias"], kept["state_dict"]["fc.bias"])


def test_nothing_moves_before_a_folder_is_whole(epochs: Config, tmp_path: Path) -> None:
    """A save in the background that fails leaves the pointer and the former checkpoint."""
    rename = os.rename

    def fail_at_3(source: Any, target: Any) -> None:
        if Path(target).name == "epoch_3":
            raise OSError(28, "No space left on device")
        rename(source, target)

    with (
        patch.object(os, "rename", fail_at_3),
        pytest.raises(CheckpointError, match=r"epoch_3 could not be written: No space left"),
    ):
        run(epochs, interval=1, max_keep_ckpts=1, layout="folder", background=True)
    folder = tmp_path / "run"
    assert (folder / "last_checkpoint").read_text() == "epoch_2"
    assert read_checkpoint(folder / "epoch_2")["meta"]["epoch"] == 2
    assert not [*folder.glob("*.partial")]


def test_what_is_in_the_place_of_a_folder_stays(epochs: Config, tmp_path: Path) -> None:
    mine = tmp_path / "run" / "epoch_1" / "notes.txt"
    mine.parent.mkdir(parents=True)
    mine.touch()
    with pytest.raises(CheckpointError, match=r"epoch_1 is in its place, which is no checkpoint"):
        run(epochs, interval=1, layout="folder")
    assert mine.exists()


@pytest.mark.parametrize(
    "kills",
    [
        [("replace", 3), ("rename", 2), ("rename", 5)],
        [("rmdir", 1), ("rmdir", 4), ("replace", 12)],
        [("unlink", 2), ("rename", 4), ("replace", 25)],
    ],
)
def test_a_resumed_run_removes_the_folders_that_were_begun(
    toy_cfg: CfgMaker, kills: list[tuple[str, int]]
) -> None:
    options: dict[str, Any] = {"interval": 1, "max_keep_ckpts": 2, "layout": "folder"}
    cfg = toy_cfg(
        resume=True,
        train_cfg={"by_epoch": True, "max_epochs": 6},
        val_evaluator={"type": _ByPosition},
    )
    for verb, number in kills:
        with _killed_at(verb, number):
            run(cfg, save_best="acc", **options)
    runner = run(cfg, save_best="acc", **options)
    left = {path.name for path in Path(runner.work_dir).glob("*epoch_*")}
    assert {name for name in left if not name.startswith("best")} == {"epoch_5", "epoch_6"}
    assert len(left) == 3


def test_what_is_published_is_named_by_its_content(
    toy_cfg: CfgMaker, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        runner = run(
            toy_cfg(),
            save_best="count",
            rule="less",
            published_keys=["state_dict", "meta", "ema"],
        )
    assert "epoch_3.pth has no ema to publish; it has meta, state_dict" in caplog.text
    published = [name for name in names(runner) if "-" in name]
    assert sorted(name.partition("-")[0] for name in published) == ["best_count_epoch_1", "epoch_3"]
    for name in published:
        file = Path(runner.work_dir) / name
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        stem = name.removesuffix(f"-{digest[:8]}.pth")
        assert stem != name
        content = read_checkpoint(file)
        assert set(content) == {"state_dict", "meta"}
        whole = read_checkpoint(Path(runner.work_dir) / f"{stem}.pth")
        torch.testing.assert_close(content["state_dict"], whole["state_dict"], rtol=0, atol=0)


def test_the_best_of_another_folder_is_not_published(
    toy_cfg: CfgMaker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    options = {"interval": 1, "save_best": "count", "rule": "less"}
    first = run(toy_cfg(), **options)
    cfg = toy_cfg(work_dir=str(tmp_path / "other"), resume=True)
    cfg.load_from = str(Path(first.work_dir) / "epoch_2.pth")
    with caplog.at_level(logging.WARNING):
        second = run(cfg, published_keys=["state_dict"], **options)
    assert "best_count_epoch_1.pth is not published: it is in another folder" in caplog.text
    assert len(names(second)) == 2


def test_nothing_is_published_of_what_is_not_saved(toy_cfg: CfgMaker) -> None:
    assert names(run(toy_cfg(), save_last=False, published_keys="state_dict")) == set()


@given(
    options=st.lists(
        st.fixed_dictionaries(
            {
                "interval": st.integers(1, 3),
                "max_keep_ckpts": st.sampled_from([-1, 1, 2]),
                "save_last": st.booleans(),
                "by_epoch": st.booleans(),
            }
        ),
        min_size=1,
        max_size=3,
    )
)
@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_each_of_several_hooks_keeps_its_own(
    epochs: Config, tmp_path_factory: pytest.TempPathFactory, options: list[dict[str, Any]]
) -> None:
    def kept(*chosen: dict[str, Any]) -> set[str]:
        cfg = epochs.copy()
        cfg.work_dir = str(tmp_path_factory.mktemp("kept"))
        cfg.default_hooks = {"checkpoint": None}
        cfg.custom_hooks = [{"type": "CheckpointHook", **each} for each in chosen]
        runner = Runner.from_cfg(cfg)
        runner.train()
        return names(runner)

    assert kept(*options) == set().union(*(kept(each) for each in options))


def test_two_hooks_by_one_metric(toy_cfg: CfgMaker, tmp_path: Path) -> None:
    hook = {"type": "CheckpointHook", "interval": -1, "save_last": False, "save_best": "acc"}
    second = {**hook, "out_dir": str(tmp_path / "second"), "published_keys": ["state_dict"]}
    runner = Runner.from_cfg(
        toy_cfg(default_hooks={"checkpoint": None}, custom_hooks=[hook, second])
    )
    runner.train()
    (best,) = Path(runner.work_dir).glob("*.pth")
    found = {path.name for path in (tmp_path / "second" / "run").glob("*.pth")}
    assert best.name in found
    assert len(found) == 2  # the other one is published


@pytest.mark.parametrize("record", ["epoch_5.pth", [3], 7])
def test_a_record_that_is_none(epochs: Config, record: Any) -> None:
    file = Path(run(epochs).work_dir) / "epoch_5.pth"
    checkpoint = read_checkpoint(file)
    checkpoint["message_hub"]["runtime_info"]["kept_checkpoints"] = record
    torch.save(checkpoint, file)
    epochs.train_cfg.max_epochs, epochs.resume = 6, True
    with pytest.raises(CheckpointError, match="from a checkpoint whose list of files is "):
        run(epochs, max_keep_ckpts=1)


def test_a_url(epochs: Config, tmp_path: Path) -> None:
    bucket = f"memory://{uuid4().hex}/folder"
    runner = run(
        epochs, interval=1, max_keep_ckpts=2, out_dir=bucket, published_keys=["state_dict"]
    )
    assert names(runner) == set()
    system = MemoryFileSystem()
    found = {file.rpartition("/")[2] for file in system.ls(f"{bucket}/run", detail=False)}
    [published] = [name for name in found if "-" in name]
    assert found == {"epoch_4.pth", "epoch_5.pth", published}
    pointer = (Path(runner.work_dir) / "last_checkpoint").read_text()
    assert pointer == f"{bucket}/run/epoch_5.pth"
    copy = tmp_path / "copy.pth"
    copy.write_bytes(system.cat_file(pointer))
    assert read_checkpoint(copy)["meta"]["epoch"] == 5
    assert [*Path(runner.log_dir).rglob("*.pth")] == []


def test_mistakes(toy_cfg: CfgMaker) -> None:
    with pytest.raises(ValueError, match="save_best='size': the name does not tell"):
        CheckpointHook(save_best="size")
    with pytest.raises(ValueError, match="give one rule for all metrics, or one for each"):
        CheckpointHook(save_best=["a", "b", "c"], rule=["less", "less"])
    with pytest.raises(ValueError, match="rule 'less' does not fit save_best None"):
        CheckpointHook(rule="less")
    with pytest.raises(ValueError, match="by 'a/acc' and 'a_acc' would have one name"):
        CheckpointHook(save_best=["a/acc", "b_acc", "a_acc"])
    with pytest.raises(ValueError, match="rule is 'greater' or 'less'; got 'more'"):
        CheckpointHook(save_best="a", rule="more")
    with pytest.raises(ValueError, match="there is no metric 'recall'; there are acc, count"):
        run(toy_cfg(), save_best="recall")
    with pytest.raises(TypeError, match=r"backend_args of LocalBackend: .*'anon'"):
        run(toy_cfg(), interval=1, backend_args={"anon": True})
