"""Run attempts, each in a process of its own that notes what it must not do.

The processes are forked from one that has imported what a run needs.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import io
import json
import os
import pkgutil
import sys
import sysconfig
import tempfile
import traceback
from collections.abc import Sequence
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any, TextIO

import torch
from attempts import CONTROLS, Attempt, attempts, written
from PIL import Image

import engine
import mmalpha
import mmbeta
from engine.cli import main
from engine.config import Config
from engine.registry import import_announced

_BAIT = {"antigravity", "evil", "evil_lib"}
_INSTALLED = {*importlib.metadata.packages_distributions(), *sys.stdlib_module_names} - _BAIT
_INSTALLED |= {"engine", "mmalpha", "mmbeta"}
_STARTS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "pty.spawn")
_CONNECTS = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "urllib.Request")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Watch:
    """An audit hook that notes what a stranger's file must not bring about.

    Args:
        folder: The folder of the attempt; what lies in it is the stranger's.
        run: The folder of the run, to which it may write.
    """

    def __init__(self, folder: Path, run: Path) -> None:
        self.folder, self.run = str(folder), str(run)
        self.events: list[str] = []

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        if event in _STARTS or event in _CONNECTS:
            self.events.append(f"{event} {args!r:.200}")
        elif event == "import" and str(args[0]).partition(".")[0] not in _INSTALLED:
            self._imported(str(args[0]))
        elif event == "exec":
            self._executed(str(args[0].co_filename))
        elif event == "compile":
            self._executed(str(args[1]))
        elif event in ("open", "os.mkdir", "os.remove", "os.rename", "os.rmdir"):
            self._opened(event, args)

    def _imported(self, module: str) -> None:
        top = module.partition(".")[0]
        if top in _BAIT or (Path(self.folder) / top).with_suffix(".py").exists():
            self.events.append(f"import {module}")

    def _executed(self, file: str) -> None:
        if os.path.abspath(file).startswith(self.folder) and not file.startswith("<"):
            self.events.append(f"exec {file}")

    def _opened(self, event: str, args: tuple[Any, ...]) -> None:
        path, flags = args[0], args[2] if event == "open" else _WRITES
        if not isinstance(path, (str, bytes, os.PathLike)) or not (flags or 0) & _WRITES:
            return
        full = os.path.abspath(os.fsdecode(path))
        if not full.startswith((self.run, "/dev/", "/proc/")):
            self.events.append(f"{event} {full}")


def _changed(cfg: dict[str, Any], path: str, value: Any) -> None:
    *above, last = path.split(".")
    node: Any = cfg
    for key in above:
        node = node[int(key)] if isinstance(node, list) else node.setdefault(key, {})
    node[int(last) if isinstance(node, list) else last] = value


@cache
def _base_text() -> str:
    """Return the config of a small run, as JSON."""
    cfg = Config.fromfile("mmalpha::resnet18_digits.py").to_dict()
    for loader in ("train", "val", "test"):
        cfg[f"{loader}_dataloader"]["dataset"]["indices"] = 8
        cfg[f"{loader}_dataloader"]["dataset"].setdefault("pipeline", [{"type": "PackClsInputs"}])
        cfg[f"{loader}_dataloader"]["collate_fn"] = {"type": "default_collate"}
    cfg["param_scheduler"] = {"type": "ConstantLR"}
    cfg["train_cfg"] = {"max_epochs": 1}
    cfg["custom_hooks"] = [{"type": "EmptyCacheHook"}]
    cfg["default_hooks"] = {"checkpoint": {"type": "CheckpointHook"}}
    cfg["visualizer"] = {"vis_backends": [{"type": "LocalVisBackend"}]}
    cfg["work_dir"] = "run"
    return json.dumps(cfg)


class _Pickled:
    def __init__(self, code: str) -> None:
        self.code = code

    def __reduce__(self) -> tuple[Any, ...]:
        module, _, name = self.code.rpartition(".")
        argument = "import evil" if name == "exec" else "touch pwned"
        return getattr(__import__(module), name), (argument,)


def _prepare(attempt: Attempt, folder: Path) -> list[str]:
    written(folder)
    cfg: dict[str, Any] = json.loads(_base_text())
    for path, value in attempt.config.items():
        _changed(cfg, path, value)
    config, checkpoint = folder / f"config{attempt.suffix}", folder / "run" / "epoch_1.pth"
    checkpoint.parent.mkdir()
    config.write_text(attempt.text if attempt.text is not None else json.dumps(cfg), "utf-8")
    meta = {"cfg": Config(cfg).pretty_text, "epoch": 1, "iter": 1}
    state: dict[str, Any] = {"meta": meta, "state_dict": {}}
    if attempt.pickled is not None:
        sys.path.insert(0, str(folder))
        state["state_dict"] = _Pickled(attempt.pickled)
        (folder / "run" / "last_checkpoint").write_text("epoch_1.pth", "utf-8")
    torch.save(state, checkpoint)
    for bait in ("evil", "evil_lib"):
        sys.modules.pop(bait, None)
    (folder / "pwned").unlink(missing_ok=True)
    Image.new("L", (8, 8)).save(folder / "image.png")
    files = {"CONFIG": config.name, "CHECKPOINT": "run/epoch_1.pth"}
    return [files.get(word, word) for word in attempt.words]


def _run(attempt: Attempt, folder: Path) -> dict[str, Any]:
    words = _prepare(attempt, folder)
    os.chdir(folder)
    sys.path.insert(0, str(folder))  # as `python -m engine` has it
    watch = Watch(folder, folder / "run")
    told = io.StringIO()
    code: Any = None
    with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
        sys.addaudithook(watch)
        try:
            main(words)
        except SystemExit as end:
            code = end.code
        except BaseException:  # noqa: BLE001  # no attempt may end in a traceback
            traceback.print_exc()
            code = "traceback"
    if (folder / "pwned").exists():
        watch.events.append("pwned")
    return {"name": attempt.name, "where": attempt.where, "code": code, "events": watch.events} | {
        "told": told.getvalue()
    }


def _start(attempt: Attempt, folder: str) -> tuple[int, TextIO]:
    """Run an attempt in a process, and return its number and what it will tell."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        with os.fdopen(write, "w", encoding="utf-8") as pipe:
            json.dump(_run(attempt, Path(folder).resolve()), pipe)
        os._exit(0)
    os.close(write)
    return child, os.fdopen(read, encoding="utf-8")


def run_all(chosen: Sequence[Attempt]) -> None:
    """Run attempts, one on each core, and print what came of each as a line of JSON."""
    at_once = os.cpu_count() or 1
    for first in range(0, len(chosen), at_once):
        some = chosen[first : first + at_once]
        with ExitStack() as stack:
            folders = [stack.enter_context(tempfile.TemporaryDirectory()) for _ in some]
            started = [_start(*each) for each in zip(some, folders, strict=True)]
            for attempt, (child, pipe) in zip(some, started, strict=True):
                line = stack.enter_context(pipe).read()
                os.waitpid(child, 0)
                died = json.dumps({"name": attempt.name, "events": ["died"]})
                print(line or died, flush=True)


def _import_all() -> None:
    """Import what an attempt may, once for all of them."""
    for name in ("sklearn.datasets", "timm", "transformers", "torchmetrics", "torchvision"):
        importlib.import_module(name)
    for library in (engine, mmalpha, mmbeta):
        for module in pkgutil.walk_packages(library.__path__, f"{library.__name__}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    import_announced()


if __name__ == "__main__":
    assert sysconfig.get_platform()  # loaded before the hook, since it opens files
    sys.dont_write_bytecode = True  # a write of an attempt is then the attempt's own
    torch.set_num_threads(1)
    _import_all()
    _base_text()
    run_all([*CONTROLS, *attempts()])
