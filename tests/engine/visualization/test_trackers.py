"""Trackers that are installed here, read back from what they keep."""

from __future__ import annotations

import json
import struct
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.config import Config
from engine.visualization import (
    MLflowVisBackend,
    TensorboardVisBackend,
    Visualizer,
    WandbVisBackend,
)

# What the trackers and their own libraries warn of is not ours.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

Scalars = dict[str, list[tuple[int, Any]]]


def image() -> Any:
    return np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)


def started(folder: Path, backend: dict[str, Any], name: str = "tracked") -> Visualizer:
    return Visualizer(name, vis_backends=[backend], save_dir=folder)


def resumed(folder: Path, backend: dict[str, Any], before: Visualizer) -> Visualizer:
    """A visualizer of a run that was resumed from a checkpoint, which is data."""
    visualizer = started(folder, backend)
    visualizer.load_state_dict(json.loads(json.dumps(before.state_dict())))
    return visualizer


def log(visualizer: Visualizer, steps: range) -> None:
    for step in steps:
        visualizer.add_scalars({"loss": torch.tensor(1 / step), "lr": np.float64(0.5)}, step)
        if step % 2 == 0:
            visualizer.add_scalar("acc/top1", 0.125 * step, step // 2)


def check(scalars: Scalars, steps: list[int]) -> None:
    assert scalars["loss"] == [(step, pytest.approx(1 / step)) for step in steps]
    assert scalars["lr"] == [(step, 0.5) for step in steps]
    evens = [step for step in steps if step % 2 == 0]
    assert scalars["acc/top1"] == [(step // 2, 0.125 * step) for step in evens]


def events_of(folder: Path) -> Any:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder))
    events.Reload()
    return events


def test_tensorboard_goes_on_in_the_folder_of_the_first_start(tmp_path: Path) -> None:
    backend = {"type": "TensorboardVisBackend"}
    first = started(tmp_path / "1", backend)
    first.add_config(Config({"depth": 18}))
    first.add_image("a", image(), step=4)
    log(first, range(1, 4))
    first.close()
    second = resumed(tmp_path / "2", backend, first)
    log(second, range(4, 7))
    second.close()
    log(second, range(7, 8))  # a later use opens it again
    second.close()

    assert not (tmp_path / "2").exists()
    events = events_of(tmp_path / "1" / "vis_data")
    names = ("loss", "lr", "acc/top1")
    scalars = {name: [(e.step, e.value) for e in events.Scalars(name)] for name in names}
    check(scalars, [1, 2, 3, 4, 5, 6, 7])
    (picture,) = events.Images("a")
    assert (picture.step, picture.width, picture.height) == (4, 6, 4)
    (text,) = events.Tensors("config/text_summary")
    assert b"depth = 18" in text.tensor_proto.string_val[0]


def test_a_work_directory_may_be_moved_before_its_run_is_resumed(tmp_path: Path) -> None:
    backend = {"type": "TensorboardVisBackend"}
    first = started(tmp_path / "old" / "1", backend)
    log(first, range(1, 3))
    first.close()
    (tmp_path / "old").rename(tmp_path / "new")
    second = resumed(tmp_path / "new" / "2", backend, first)
    log(second, range(3, 5))
    second.close()
    assert not (tmp_path / "old").exists()
    events = events_of(tmp_path / "new" / "1" / "vis_data")
    assert [event.step for event in events.Scalars("loss")] == [1, 2, 3, 4]


@pytest.mark.parametrize("start", ["..", "../elsewhere", "gone"])
def test_a_checkpoint_can_not_lead_a_tracker_out_of_its_work_directory(
    tmp_path: Path, start: str
) -> None:
    (tmp_path / "elsewhere" / "vis_data").mkdir(parents=True)
    (tmp_path / "vis_data").mkdir()
    backend = TensorboardVisBackend(tmp_path / "work" / "2" / "vis_data")
    backend.load_state_dict({"run_id": "x", "start": start})
    assert backend.save_dir == str(tmp_path / "work" / "2" / "vis_data")


@pytest.fixture
def mlflow_store(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.mark.slow  # the import of mlflow and of its store
def test_mlflow_keeps_it_all_in_a_database(tmp_path: Path, mlflow_store: str) -> None:
    backend = {
        "type": "MLflowVisBackend",
        "tracking_uri": mlflow_store,
        "exp_name": "digits",
        "run_name": "first",
        "tags": {"who": "me"},
        "params": {"extra": 3},
        "tracked_config_keys": ["model", "resume"],
        "artifact_location": (tmp_path / "files").as_uri(),
    }
    work_dir = tmp_path / "work"
    (work_dir / "1").mkdir(parents=True)
    (work_dir / "1" / "1.log").write_text("a line")
    (work_dir / "epoch_1.pth").write_text("not kept")
    (work_dir / "1" / "wandb").mkdir()
    (work_dir / "1" / "wandb" / "debug.log").write_text("another tracker's")
    cfg = {"work_dir": str(work_dir), "model": {"depth": 18, "stages": [1, 2]}, "lr": 0.1}

    first = started(work_dir / "1", backend)
    first.add_config(Config({**cfg, "resume": False}))
    first.add_image("val/a", image(), step=3)
    log(first, range(1, 4))
    first.close()
    second = resumed(work_dir / "2", backend, first)
    second.add_config(Config({**cfg, "resume": True}))
    log(second, range(4, 7))

    from mlflow import MlflowClient

    client = MlflowClient(mlflow_store)
    experiment = client.get_experiment_by_name("digits")
    assert experiment is not None
    [run] = client.search_runs([experiment.experiment_id])
    assert (run.info.run_name, run.info.status) == ("first", "RUNNING")
    second.close()
    run_id = run.info.run_id
    assert client.get_run(run_id).info.status == "FINISHED"
    assert run.data.tags["who"] == "me"
    assert run.data.params == {
        "extra": "3",
        "model.depth": "18",
        "model.stages.0": "1",
        "model.stages.1": "2",
        "resume": "False",
    }
    names = ("loss", "lr", "acc/top1")
    check(
        {n: [(m.step, m.value) for m in client.get_metric_history(run_id, n)] for n in names},
        [1, 2, 3, 4, 5, 6],
    )
    files = tmp_path / "files" / run_id / "artifacts"
    kept = sorted(str(path.relative_to(files)) for path in files.rglob("*") if path.is_file())
    assert kept == ["1/1.log", "config.py", "val/a_3.png"]
    assert Config.fromfile(files / "config.py").resume is True
    assert isinstance(first.get_backend("MLflowVisBackend").experiment, MlflowClient)


@pytest.mark.slow
def test_mlflow_without_a_server_keeps_it_all_in_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    backend = MLflowVisBackend("vis_data", artifact_suffix=".py")
    backend.add_image("a", image())
    Path("vis_data/x.py").touch()
    odd = ["acc@1", "IoU(road)", "a//b", "../c", "/d", ".", "-x40-", "é:", "acc-x40-1"]
    backend.add_config(Config({"odd": dict.fromkeys(odd, "yes")}))
    backend.add_scalars(dict.fromkeys(odd, 0.5), step=1)
    with pytest.raises(Exception, match="exceeds the maximum length"):  # MLflow's own
        backend.add_scalars({"fine": 1.0, "long" * 100: 2.0, "fine too": 3.0}, step=1)
    data = backend.experiment.get_run(str(backend.run_id)).data
    assert len(data.params) == len(odd)
    assert data.metrics.keys() == {
        *("acc-x40-1", "IoU-x28-road-x29-", "a/-x2F-b", "-x2E-./c", "-x2F-d", "-x2E-", "é-x3A-"),
        *("-x2D-x40-", "acc-x2D-x40-1", "fine", "fine too"),
    }
    for _ in range(2):  # what MLflow keeps is not kept once more
        backend.add_scalars({"loss": 1.0}, step=1)
        backend.close()
    artifacts = tmp_path / "vis_data" / "mlflow" / "artifacts"
    kept = [path.name for path in sorted(artifacts.rglob("*")) if path.is_file()]
    assert kept == ["a_0.png", "config.py", "x.py"]
    assert [path.name for path in tmp_path.iterdir()] == ["vis_data"]


@pytest.fixture
def _wandb_offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in {
        "WANDB_MODE": "offline",
        "WANDB_SILENT": "true",
        "WANDB_CONSOLE": "off",
        "WANDB_CONFIG_DIR": str(tmp_path / "config"),
        "WANDB_CACHE_DIR": str(tmp_path / "cache"),
        "WANDB_DATA_DIR": str(tmp_path / "data"),
    }.items():
        monkeypatch.setenv(name, value)
    yield
    import wandb

    wandb.teardown()


def wandb_records(folder: Path) -> Iterator[Any]:
    """Iterate over the records of offline runs, whose files are logs in the format of LevelDB."""
    import wandb
    from wandb.proto import wandb_internal_pb2

    wandb.teardown()  # its process writes on for a moment after the end of a run
    for path in sorted(folder.glob("wandb/offline-run-*/run-*.wandb")):
        data = path.read_bytes()
        position, parts = 7, b""
        while position < len(data):
            if 32768 - position % 32768 < 7:  # what is left of a block is padding
                position += 32768 - position % 32768
                continue
            _, length, kind = struct.unpack_from("<IHB", data, position)
            parts += data[position + 7 : position + 7 + length]
            position += 7 + length
            if kind in (1, 4):  # a whole record, or the last part of one
                record = wandb_internal_pb2.Record()  # type: ignore[attr-defined]  # made at run time
                record.ParseFromString(parts)
                parts = b""
                yield record


def wandb_rows(records: list[Any]) -> list[dict[str, Any]]:
    return [
        {"/".join(item.nested_key) or item.key: json.loads(item.value_json) for item in row.item}
        for row in (record.history for record in records if record.HasField("history"))
    ]


@pytest.mark.usefixtures("_wandb_offline")
def test_wandb_offline(tmp_path: Path) -> None:
    backend = {
        "type": "WandbVisBackend",
        "init_kwargs": {"project": "digits"},
        "define_metric_cfg": {"acc/top1": "max"},
    }
    first = started(tmp_path / "1", backend)
    first.add_config(Config({"model": {"depth": 18}}))
    first.add_image("val/a", image(), step=3)
    log(first, range(1, 4))
    first.close()
    second = resumed(tmp_path / "2", backend, first)
    second.add_config(Config({"model": {"depth": 34}}))
    log(second, range(4, 7))
    second.close()

    records = list(wandb_records(tmp_path / "1" / "vis_data"))
    [run_id] = {record.run.run_id for record in records if record.HasField("run")}
    assert first.state_dict()["WandbVisBackend"]["run_id"] == run_id
    assert {record.run.project for record in records if record.HasField("run")} == {"digits"}

    scalars: Scalars = defaultdict(list)
    for row in wandb_rows(records):
        for name in ("loss", "lr", "acc/top1"):
            if name in row:
                scalars[name].append((row["step"], row[name]))
    check(scalars, [1, 2, 3, 4, 5, 6])
    [picture] = [row for row in wandb_rows(records) if any("val/a" in name for name in row)]
    assert picture["step"] == 3

    metrics = [record.metric for record in records if record.HasField("metric")]
    assert {metric.glob_name: metric.step_metric for metric in metrics if metric.glob_name} == {
        "*": "step"
    }
    assert any(metric.name == "acc/top1" and metric.options.defined for metric in metrics)
    updates = [u for record in records if record.HasField("config") for u in record.config.update]
    depths = [json.loads(u.value_json)["depth"] for u in updates if u.key == "model"]
    assert depths == [18, 34]
    [text, later] = sorted((tmp_path / "1" / "vis_data").glob("wandb/offline*/files/config.py"))
    assert {Config.fromfile(path).model.depth for path in (text, later)} == {18, 34}


@pytest.mark.usefixtures("_wandb_offline")
def test_wandb_has_its_own_module_and_watches_models(tmp_path: Path) -> None:
    import wandb

    backend = WandbVisBackend(
        tmp_path,
        init_kwargs={"id": "mine"},
        define_metric_cfg=[{"name": "loss", "step_metric": "epoch"}],
        commit=False,
        watch_kwargs={"log": "all", "log_freq": 1},
    )
    assert backend.experiment is wandb
    assert wandb.run is not None
    assert (wandb.run.id, backend.run_id) == ("mine", "mine")
    model = torch.nn.Linear(2, 1)
    backend.add_graph(model, None)
    model(torch.ones(1, 2)).backward()
    backend.add_scalar("loss", 1.0, step=1)
    backend.add_scalar("acc", 0.5, step=1)
    backend.close()
    records = list(wandb_records(tmp_path))
    rows = wandb_rows(records)
    assert [(row["loss"], row["acc"]) for row in rows if "loss" in row] == [(1.0, 0.5)]
    assert any("gradients/weight" in name for row in rows for name in row)
    metrics = [record.metric for record in records if record.HasField("metric")]
    assert [metric.step_metric for metric in metrics if metric.name == "loss"] == ["epoch"]
