"""Profiling of a training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import profiler

from engine.registry import HOOKS, needs_trust
from engine.registry.restrictions import WRITES_ELSEWHERE
from engine.utils import check_types, did_you_mean

from ._hook import Hook, RunnerLike

_TRACES = ("log_trace", "tb_trace")


@HOOKS.register_module()
@needs_trust(on_trace_ready=WRITES_ELSEWHERE, json_trace_path=WRITES_ELSEWHERE)
class ProfilerHook(Hook):
    """Records the first epochs or iterations of a training with `torch.profiler`.

    Args:
        by_epoch: Whether `profile_times` counts epochs; None means what the training loop counts.
        profile_times: How many epochs (or iterations) are recorded.
        activity_with_cpu: Whether the work of the host is recorded.
        activity_with_cuda: Whether the work of the device is.
        schedule: Arguments of `torch.profiler.schedule`, which counts iterations; None means that
            all are recorded.
        on_trace_ready: What is done with a record: a function of the profiler;
            `dict(type='log_trace', sort_by='self_cpu_time_total', row_limit=10)` writes a table
            to the log, `dict(type='tb_trace', dir_name=...)` a file that TensorBoard and Perfetto
            show, by default below the folder of the run's logs. None does nothing.
        record_shapes: Whether the shapes of tensors are recorded.
        profile_memory: Whether the use of memory is.
        with_stack: Whether the lines of the sources are.
        with_flops: Whether the number of floating point operations is estimated.
        json_trace_path: Where the record is written, as a JSON file for Chrome and Perfetto.

    Raises:
        ValueError: If nothing would be recorded, or `on_trace_ready` is unknown.
    """

    priority: str | int = "VERY_LOW"

    @check_types
    def __init__(
        self,
        *,
        by_epoch: bool | None = None,
        profile_times: int = 1,
        activity_with_cpu: bool = True,
        activity_with_cuda: bool = False,
        schedule: Mapping[str, int] | None = None,
        on_trace_ready: Callable[[Any], None] | Mapping[str, Any] | None = None,
        record_shapes: bool = False,
        profile_memory: bool = False,
        with_stack: bool = False,
        with_flops: bool = False,
        json_trace_path: str | None = None,
    ) -> None:
        if profile_times < 1:
            raise ValueError(f"ProfilerHook: profile_times is at least 1; got {profile_times}")
        if not (activity_with_cpu or activity_with_cuda):
            raise ValueError("ProfilerHook: set activity_with_cpu or activity_with_cuda")
        if isinstance(on_trace_ready, Mapping) and on_trace_ready.get("type") not in _TRACES:
            kind = on_trace_ready.get("type")
            raise ValueError(
                f"ProfilerHook: on_trace_ready has the type {' or '.join(map(repr, _TRACES))}; got "
                f"{kind!r}{did_you_mean(str(kind), _TRACES)}"
            )
        if json_trace_path is not None and schedule is not None:
            raise ValueError(
                "ProfilerHook: with a schedule there are several records and no single file of "
                "them; leave json_trace_path or schedule out"
            )
        self.by_epoch: bool = by_epoch is not False
        self._said = by_epoch
        self.profile_times = profile_times
        self.activity_with_cpu = activity_with_cpu
        self.activity_with_cuda = activity_with_cuda
        self.schedule = schedule
        self.on_trace_ready = on_trace_ready
        self.json_trace_path = json_trace_path
        self._options: dict[str, Any] = {
            "record_shapes": record_shapes,
            "profile_memory": profile_memory,
            "with_stack": with_stack,
            "with_flops": with_flops,
        }
        self._profiler: profiler.profile | None = None
        self._done = 0

    def before_run(self, runner: RunnerLike) -> None:
        """Begin to record, if the run is a training.

        Raises:
            ValueError: If the training is shorter than the record or counts iterations only, or
                there is no device to record.
        """
        if runner.train_loop is None:
            return
        self.by_epoch = runner.counts_epochs(self._said, "ProfilerHook")
        most = runner.max_epochs if self.by_epoch else runner.max_iters
        if self.profile_times > most:
            raise ValueError(
                f"ProfilerHook: profile_times={self.profile_times} is more than the training has, "
                f"{most} {'epochs' if self.by_epoch else 'iterations'}"
            )
        if self.activity_with_cuda and not torch.cuda.is_available():
            raise ValueError("ProfilerHook: activity_with_cuda needs CUDA, which is not there")
        wanted = {
            profiler.ProfilerActivity.CPU: self.activity_with_cpu,
            profiler.ProfilerActivity.CUDA: self.activity_with_cuda,
        }
        self._done = 0
        self._profiler = profiler.profile(
            activities=[activity for activity, is_wanted in wanted.items() if is_wanted],
            schedule=None if self.schedule is None else profiler.schedule(**self.schedule),
            on_trace_ready=self._handler(runner),
            **self._options,
        )
        self._profiler.start()

    def after_train_epoch(self, runner: RunnerLike) -> None:
        """End the record after its last epoch."""
        if self._profiler is not None and self.by_epoch:
            self._count(runner)

    def after_train_iter(
        self,
        runner: RunnerLike,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Mapping[str, Any] | None = None,
    ) -> None:
        """Tell the profiler that an iteration is over; end the record after its last one."""
        if self._profiler is not None:
            self._profiler.step()
            if not self.by_epoch:
                self._count(runner)

    def after_run(self, runner: RunnerLike) -> None:
        """End the record of an interrupted training."""
        if self._profiler is not None:
            self._finish(runner)

    def _count(self, runner: RunnerLike) -> None:
        self._done += 1
        if self._done == self.profile_times:
            self._finish(runner)

    def _finish(self, runner: RunnerLike) -> None:
        record, self._profiler = self._profiler, None
        assert record is not None
        record.stop()
        if self.json_trace_path is not None and runner.rank == 0:
            Path(self.json_trace_path).parent.mkdir(parents=True, exist_ok=True)
            record.export_chrome_trace(self.json_trace_path)
            runner.logger.info("The profile was written to %s", self.json_trace_path)

    def _handler(self, runner: RunnerLike) -> Callable[[Any], None] | None:
        given = self.on_trace_ready
        if not isinstance(given, Mapping):
            return given
        options = {key: value for key, value in given.items() if key != "type"}
        if given["type"] == "tb_trace":
            options.setdefault("dir_name", str(Path(runner.log_dir) / "profile"))
            handler: Callable[[Any], None] = profiler.tensorboard_trace_handler(**options)
            return handler
        table = {"sort_by": "self_cpu_time_total", "row_limit": 10, **options}

        def log(record: profiler.profile) -> None:
            runner.logger.info("\n%s", record.key_averages().table(**table))

        return log
