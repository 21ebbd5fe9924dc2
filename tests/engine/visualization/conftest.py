"""Aim, ClearML, DVCLive and Neptune: the real libraries where installed, else stand-ins."""

from __future__ import annotations

import importlib
import json
import sys
from collections import defaultdict
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import pytest


class Kept:
    """What a tracker kept of a run."""

    def __init__(self) -> None:
        self.scalars: dict[str, list[tuple[int, float]]] = defaultdict(list)
        self.images: list[tuple[str, int]] = []
        self.files: list[str] = []
        self.params: dict[str, Any] = {}
        self.config: str | None = None
        self.mode: str | None = None
        self.opened = 0
        self.closed = 0


class Tracker:
    """A tracker of a test: how its backend is made, and what it kept."""

    package: ClassVar[str]
    backend: ClassVar[str]
    untold: ClassVar[frozenset[str]]
    """What can't be read back of the real library without its server."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.runs: dict[str, Kept] = defaultdict(Kept)
        self.is_real = find_spec(self.package) is not None
        monkeypatch.chdir(folder)
        for name, value in self.variables().items():
            monkeypatch.setenv(name, value)
        if not self.is_real:
            monkeypatch.syspath_prepend(Path(__file__).parent)
            stand_ins = importlib.import_module("stand_ins")
            for module in getattr(stand_ins, self.package)(self.runs):
                module.__spec__ = ModuleSpec(module.__name__, None)
                monkeypatch.setitem(sys.modules, module.__name__, module)

    def variables(self) -> dict[str, str]:
        """Return the variables of the environment that keep the library offline."""
        return {}

    def options(self) -> dict[str, Any]:
        """Return the `init_kwargs` of the backend."""
        return {}

    def kept(self, run_id: str) -> Kept:
        """Return what was kept of a run."""
        return self.read(run_id) if self.is_real else self.runs[run_id]

    def read(self, run_id: str) -> Kept:
        """Return what the real library kept of a run."""
        raise NotImplementedError


class Aim(Tracker):
    package = "aim"
    backend = "AimVisBackend"
    untold = frozenset({"images"})

    def options(self) -> dict[str, Any]:
        return {"capture_terminal_logs": False, "system_tracking_interval": None}

    def read(self, run_id: str) -> Kept:
        import aim

        kept = Kept()
        [repo] = self.folder.rglob(".aim")
        run = aim.Run(run_hash=run_id, repo=str(repo.parent), **self.options())
        kept.config, kept.params = run["config"], run["hparams"]
        for metric in run.metrics():
            steps, (values, *_) = metric.data.items_list()
            kept.scalars[metric.name] = list(zip(steps, values, strict=True))
        run.close()
        return kept


class ClearML(Tracker):
    package = "clearml"
    backend = "ClearMLVisBackend"
    untold = frozenset()

    def variables(self) -> dict[str, str]:
        return {"CLEARML_OFFLINE_MODE": "1", "CLEARML_CACHE_DIR": str(self.folder / "cache")}

    def options(self) -> dict[str, Any]:
        return dict.fromkeys(
            ("auto_connect_frameworks", "auto_connect_streams", "auto_resource_monitoring"), False
        )

    def read(self, run_id: str) -> Kept:
        kept = Kept()
        [folder] = self.folder.glob(f"cache/**/{run_id}")
        task = json.loads((folder / "task.json").read_text())
        kept.config = task["configuration"]["config"]["value"]
        kept.files = [each["key"] for each in task["execution"]["artifacts"]]
        for line in (folder / "metrics.jsonl").read_text().splitlines():
            for event in json.loads(line):
                if event["type"] == "training_stats_scalar":
                    kept.scalars[event["metric"]].append((event["iter"], event["value"]))
                else:
                    kept.images.append((event["metric"], event["iter"]))
        return kept


class DVCLive(Tracker):
    package = "dvclive"
    backend = "DVCLiveVisBackend"
    untold = frozenset({"files"})

    def options(self) -> dict[str, Any]:
        return {"save_dvc_exp": False, "dvcyaml": None}

    def read(self, run_id: str) -> Kept:
        kept = Kept()
        [folder] = self.folder.rglob(run_id)
        kept.config = (folder / "config.py").read_text()
        tables, images = folder / "plots" / "metrics", folder / "plots" / "images"
        for path in tables.rglob("*.tsv"):
            rows = [line.split("\t") for line in path.read_text().splitlines()[1:]]
            name = path.relative_to(tables).with_suffix("").as_posix()
            kept.scalars[name] = [(int(step), float(value)) for step, value in rows]
        for path in images.rglob("*.png"):
            stem, _, step = path.relative_to(images).with_suffix("").as_posix().rpartition("_")
            kept.images.append((stem, int(step)))
        return kept


class Neptune(Tracker):
    package = "neptune"
    backend = "NeptuneVisBackend"
    untold = frozenset({"config"})

    def options(self) -> dict[str, Any]:
        names = ("hardware_metrics", "stdout", "stderr", "traceback")
        return {"mode": "offline", **{f"capture_{name}": False for name in names}}

    def read(self, run_id: str) -> Kept:
        kept = Kept()
        decoder = json.JSONDecoder()
        files = self.folder.glob(".neptune/offline/*/data-*.log")
        for file in sorted(files, key=lambda path: path.stat().st_mtime_ns):
            text = file.read_text()
            while text := text.lstrip():
                record, end = decoder.raw_decode(text)
                text = text[end:]
                operation = record["obj"]
                name = "/".join(operation["path"])
                for value in operation.get("values", ()):
                    if operation["type"] == "LogFloats":
                        kept.scalars[name].append((value["step"], value["value"]))
                    else:
                        kept.images.append((name, value["step"]))
        return kept


_TRACKERS = {kind.package: kind for kind in (Aim, ClearML, DVCLive, Neptune)}


@pytest.fixture(params=_TRACKERS)
def tracker(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Tracker:
    """One tracker after another."""
    return _TRACKERS[request.param](tmp_path, monkeypatch)
