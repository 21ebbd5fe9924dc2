"""Stand-ins of Aim, ClearML, DVCLive and Neptune.

Each has the signatures of the real library, as far as a backend uses them, and records what it is
told. It shows that the backend calls what is there with what is meant, no more.
"""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from pathlib import Path
from types import ModuleType
from typing import Any

Runs = MutableMapping[str, Any]
"""By the name of a run, what was kept of it; a new name gives an empty one."""


def _module(name: str, **content: Any) -> ModuleType:
    module = ModuleType(name)
    vars(module).update(content)
    return module


def aim(runs: Runs) -> list[ModuleType]:
    """Return a stand-in of Aim 3.29."""

    class Image:
        def __init__(
            self,
            image: Any,
            caption: str = "",
            format: Any = None,
            quality: int = 90,
            optimize: bool = False,
        ) -> None:
            self.image = image

    class Run:
        def __init__(
            self,
            run_hash: str | None = None,
            *,
            repo: Any = None,
            read_only: bool = False,
            experiment: str | None = None,
            force_resume: bool = False,
            system_tracking_interval: float | None = 10,
            log_system_params: bool | None = False,
            capture_terminal_logs: bool | None = True,
        ) -> None:
            self.hash = run_hash or f"{len(runs):024x}"
            self.kept = runs[self.hash]
            self.kept.opened += 1

        def __setitem__(self, key: str, val: Any) -> None:
            setattr(self.kept, key, val)

        def set(self, key: str, val: Any, strict: bool = True) -> None:
            assert (key, strict) == ("hparams", False)
            self.kept.params = val

        def track(
            self,
            value: Any,
            name: Any = None,
            step: Any = None,
            epoch: Any = None,
            *,
            context: Any = None,
        ) -> None:
            if isinstance(value, Image):
                self.kept.images.append((name, step))
            else:
                self.kept.scalars[name].append((step, value))

        def close(self) -> None:
            self.kept.closed += 1

    return [_module("aim", Run=Run, Image=Image)]


def clearml(runs: Runs) -> list[ModuleType]:
    """Return a stand-in of ClearML 2.1."""

    class Logger:
        def __init__(self, kept: Any) -> None:
            self.kept = kept

        def report_scalar(self, title: str, series: str, value: float, iteration: int) -> None:
            assert title == series
            self.kept.scalars[title].append((iteration, value))

        def report_image(
            self,
            title: str,
            series: str,
            iteration: int | None = None,
            local_path: str | None = None,
            image: Any = None,
        ) -> None:
            assert title == series
            assert image.shape[2] == 3
            self.kept.images.append((title, iteration))

    class Task:
        def __init__(self, number: str) -> None:
            self.id = number
            self.kept = runs[number]
            self.kept.opened += 1

        @classmethod
        def init(
            cls,
            project_name: str | None = None,
            task_name: str | None = None,
            task_type: Any = None,
            tags: Any = None,
            reuse_last_task_id: bool | str = True,
            continue_last_task: bool | str | int = False,
            output_uri: Any = None,
            auto_connect_arg_parser: Any = True,
            auto_connect_frameworks: Any = True,
            auto_resource_monitoring: Any = True,
            auto_connect_streams: Any = True,
        ) -> Task:
            assert project_name == "engine"
            if isinstance(reuse_last_task_id, str):
                assert type(continue_last_task) is int
                assert continue_last_task == 0
                return cls(reuse_last_task_id)
            assert not reuse_last_task_id
            return cls(f"task{len(runs)}")

        def get_logger(self) -> Logger:
            return Logger(self.kept)

        def set_configuration_object(
            self,
            name: str,
            config_text: str | None = None,
            description: str | None = None,
            config_type: str | None = None,
            config_dict: Any = None,
        ) -> None:
            assert name == "config"
            self.kept.config = config_text

        def upload_artifact(self, name: str, artifact_object: Any, **_: Any) -> bool:
            assert Path(artifact_object).is_file()
            self.kept.files.append(name)
            return True

        def close(self) -> None:
            self.kept.closed += 1

    return [_module("clearml", Task=Task)]


def dvclive(runs: Runs) -> list[ModuleType]:
    """Return a stand-in of DVCLive 3.49."""

    class Live:
        def __init__(
            self,
            dir: str = "dvclive",
            resume: bool = False,
            report: Any = None,
            save_dvc_exp: bool = True,
            dvcyaml: Any = "dvc.yaml",
            cache_images: bool = False,
            exp_name: str | None = None,
            exp_message: str | None = None,
            monitor_system: bool = False,
        ) -> None:
            assert resume is os.path.isdir(dir)
            os.makedirs(dir, exist_ok=True)
            self.dir = dir
            self.step = 0
            self.kept = runs[os.path.basename(dir)]
            self.kept.opened += 1

        def log_metric(
            self, name: str, val: float | str, timestamp: bool = False, plot: bool = True
        ) -> None:
            self.kept.scalars[name].append((self.step, val))

        def log_image(self, name: str, val: Any) -> None:
            stem, _, step = name.removesuffix(".png").rpartition("_")
            self.kept.images.append((stem, int(step)))

        def log_params(self, params: dict[str, Any]) -> None:
            self.kept.params = params

        def log_artifact(self, path: str, type: str | None = None, **_: Any) -> None:
            self.kept.files.append(os.path.basename(path))

        def make_summary(self) -> None: ...

        def end(self) -> None:
            if (config := Path(self.dir, "config.py")).exists():
                self.kept.config = config.read_text()
            self.kept.closed += 1

    return [_module("dvclive", Live=Live)]


def neptune(runs: Runs) -> list[ModuleType]:
    """Return a stand-in of Neptune 1.14."""

    class File:
        def __init__(self, content: Any) -> None:
            self.content = content

        @staticmethod
        def from_content(content: str | bytes, *, extension: str | None = None) -> File:
            assert extension == "py"
            return File(content)

        @staticmethod
        def as_image(image: Any, autoscale: bool = True) -> File:
            assert 0 <= image.min() <= image.max() <= 1
            return File(image)

    class Handler:
        def __init__(self, kept: Any, path: str) -> None:
            self.kept = kept
            self.path = path

        def append(
            self,
            value: Any,
            *,
            step: float | None = None,
            timestamp: float | None = None,
            wait: bool = False,
        ) -> None:
            if isinstance(value, File):
                self.kept.images.append((self.path, step))
            else:
                self.kept.scalars[self.path].append((step, value))

        def upload(self, value: Any, *, wait: bool = False) -> None:
            setattr(self.kept, self.path, value.content)

    class Run:
        def __init__(
            self,
            with_id: str | None = None,
            *,
            project: str | None = None,
            api_token: str | None = None,
            custom_run_id: str | None = None,
            mode: str | None = None,
            **_: Any,
        ) -> None:
            assert custom_run_id is not None
            self.kept = runs[custom_run_id]
            self.kept.opened += 1
            self.kept.mode = mode

        def __getitem__(self, path: str) -> Handler:
            return Handler(self.kept, path)

        def stop(self, *, seconds: float | None = None) -> None:
            self.kept.closed += 1

    return [_module("neptune", init_run=Run), _module("neptune.types", File=File)]
