"""A training that times itself, for `compat.py`: `compat_run.py CONFIG WORK_DIR`.

It is written for MMEngine, and runs on MMEngine and on engine alike. Times are those of the
CPU, which hardly depend on what else runs.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import mmengine
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner

SETTLED = 5  # iterations until which caches are filled


@HOOKS.register_module()
class StopWatch(Hook):  # type: ignore[misc]  # MMEngine has no types
    """Notes when the first iteration begins, how long each takes, and when the training ends."""

    # After the hooks that log and save, so that they count.
    priority = "LOWEST"

    def __init__(self) -> None:
        self.first: float | None = None
        self.end: float | None = None
        self.seconds: list[float] = []
        self._last: float | None = None

    def before_train_iter(self, runner: Any, *args: Any, **kwargs: Any) -> None:
        """Note when the first begins."""
        if self.first is None:
            self.first = time.process_time()

    def after_train_iter(self, runner: Any, *args: Any, **kwargs: Any) -> None:
        """Note how long it took, its data included."""
        now = time.process_time()
        if self._last is not None:
            self.seconds.append(now - self._last)
        self._last = now

    def after_val(self, runner: Any) -> None:
        """Don't count a validation as a part of an iteration."""
        self._last = None

    def after_train(self, runner: Any) -> None:
        """Note when the training ends."""
        self.end = time.process_time()


def main() -> None:
    """Train, and print the times as JSON on the last line."""
    config, work_dir = sys.argv[1:]
    torch.set_num_threads(1)
    cfg = Config.fromfile(config)
    cfg.work_dir = work_dir
    cfg.custom_hooks = [*cfg.get("custom_hooks", []), {"type": "StopWatch"}]
    runner = Runner.from_cfg(cfg)
    runner.train()
    watch = next(hook for hook in runner.hooks if isinstance(hook, StopWatch))
    assert watch.first is not None
    assert watch.end is not None
    times = {
        "engine": "engine.compat" in Path(mmengine.__file__ or "").read_text("utf-8"),
        "startup": watch.first,
        "iteration": statistics.median(watch.seconds[SETTLED:]),
        "speed": runner.iter / (watch.end - watch.first),
    }
    print("\n" + json.dumps(times))


if __name__ == "__main__":
    main()
