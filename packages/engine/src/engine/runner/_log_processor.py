"""Log lines and scalars from the message hub."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from numbers import Real
from typing import TYPE_CHECKING, Any

from engine.dataset import length_of
from engine.device import get_max_cuda_memory
from engine.hooks import RunnerLike
from engine.logging import HistoryBuffer
from engine.registry import LOG_PROCESSORS
from engine.utils import check_types

if TYPE_CHECKING:
    from torch.utils.data import DataLoader

Window = int | str

_TIMES = ("data_time", "time")
_LOGGED = "logged_lengths"
_OF_A_LINE = frozenset({"epoch", "iter", "memory", "step"})


@LOG_PROCESSORS.register_module()
class LogProcessor:
    """Smooths logged values and formats them.

    A value is in the first line after it was logged, and not again until it is logged anew: one
    that comes every hundredth iteration is in a line every hundred.

    Args:
        window_size: Over how many iterations losses and times are averaged.
        by_epoch: Whether lines count epochs; else they count iterations. None means what the
            training loop counts.
        custom_cfg: Further statistics: `dict(data_src='loss', method_name='max', window_size=100,
            log_name='loss_max')`. `window_size` may be `'epoch'` or `'global'`; `method_name` is a
            statistic of `HistoryBuffer`, whose other arguments may stand beside it. Without a
            `log_name` it takes the place of `data_src`.
        num_digits: The digits of a value behind the point.
        log_with_hierarchy: Whether values are tracked under the name of the phase as well:
            `train/loss`.
        mean_pattern: Which values are averaged, as a regular expression; of the others the newest
            counts.

    Raises:
        ValueError: If `custom_cfg` lacks something, or gives a value a name that is taken.
    """

    @check_types
    def __init__(
        self,
        window_size: int = 10,
        by_epoch: bool | None = None,
        custom_cfg: Sequence[Mapping[str, Any]] | None = None,
        num_digits: int = 4,
        log_with_hierarchy: bool = False,
        mean_pattern: str = r".*(loss|time|data_time|grad_norm).*",
    ) -> None:
        self.window_size = window_size
        self.by_epoch = by_epoch
        self.custom_cfg: list[Mapping[str, Any]] = list(custom_cfg or ())
        self._check(has_epochs=by_epoch is not False)
        self.num_digits = num_digits
        self.log_with_hierarchy = log_with_hierarchy
        self._is_mean = re.compile(mean_pattern)

    def before_train(self, runner: RunnerLike) -> None:
        """Make sure that what is to be logged fits the training loop.

        Raises:
            ValueError: If epochs are to be counted, and the loop counts iterations.
        """
        self._check(has_epochs=self._counts_epochs(runner))

    def _counts_epochs(self, runner: RunnerLike) -> bool:
        return runner.counts_epochs(self.by_epoch, "LogProcessor")

    def _check(self, *, has_epochs: bool) -> None:
        for where, message in faults_of_statistics(self.custom_cfg, has_epochs=has_epochs):
            raise ValueError(f"log_processor.custom_cfg.{where} {message}")

    def get_log_after_iter(
        self, runner: RunnerLike, batch_idx: int, mode: str
    ) -> tuple[dict[str, float], str]:
        """Return the values at an iteration, and a line with them.

        Args:
            runner: The runner.
            batch_idx: The number of the batch in its epoch.
            mode: `'train'`, `'val'` or `'test'`.
        """
        done = runner.iter if mode == "train" else (runner.iter, _passes(runner, mode), batch_idx)
        fresh = self._fresh(runner, mode, mode, done)
        values = dict(self._smooth(fresh, batch_idx, mode))
        tag = self._tag(values, mode)
        parts = [self._position(runner, batch_idx, mode)]
        if mode == "train":
            tag |= {"epoch": runner.epoch + 1, "iter": runner.iter + 1}
            digits = self.num_digits
            parts += [f"{key}: {values[key]:.{digits}e}" for key in values if key.endswith("lr")]
            parts.append(f"eta: {self._eta(runner)}")
            if runner.strategy.device.type == "cuda":
                tag["memory"] = get_max_cuda_memory()
                parts.append(f"memory: {tag['memory']} MiB")
        if rate := self._rate(runner, values, mode):
            parts.append(rate)
        custom = {each.get("log_name", each["data_src"]) for each in self.custom_cfg}
        shown = [
            key
            for key in values
            if "loss" in key or key in ("data_time", "grad_norm") or key in custom
        ]
        parts += [f"{key}: {values[key]:.{self.num_digits}f}" for key in shown]
        return tag, "  ".join(parts)

    def get_log_after_epoch(
        self, runner: RunnerLike, batch_idx: int, mode: str, with_non_scalar: bool = False
    ) -> tuple[dict[str, Any], str]:
        """Return the metrics of a validation or test, and a line with them.

        Args:
            runner: The runner.
            batch_idx: How many batches it had.
            mode: `'val'` or `'test'`.
            with_non_scalar: Whether metrics that are no numbers are returned as well.
        """
        done = (runner.iter, _passes(runner, mode))
        fresh = self._fresh(runner, mode, f"{mode} epoch", done)
        found = dict(self._smooth(fresh, batch_idx - 1, mode, whole_epoch=True))
        values = {key: found[key] for key in sorted(found, key=_TIMES.__contains__)}  # times last
        line = [f"{key}: {value:.{self.num_digits}f}" for key, value in values.items()]
        tag: dict[str, Any] = self._tag(values, mode)
        if with_non_scalar:
            start = f"{mode}/"
            facts = runner.message_hub.runtime_info.items()
            more = {key.removeprefix(start): v for key, v in facts if key.startswith(start)}
            tag = self._tag(more, mode) | tag
        return tag, "  ".join([self._position(runner, batch_idx - 1, mode), *line])

    def summary(self, runner: RunnerLike) -> str:
        """Return the values of the training as a progress bar shows them."""
        values = dict(self._smooth(_histories(runner, "train"), 0, "train"))
        parts = [f"loss {values['loss']:.{self.num_digits}f}"] if "loss" in values else []
        parts += [f"{key} {values[key]:.2e}" for key in values if key.endswith("lr")]
        return "  ".join([*parts, self._rate(runner, values, "train"), f"eta {self._eta(runner)}"])

    def _tag(self, values: Mapping[str, Any], mode: str) -> dict[str, Any]:
        start = f"{mode}/" if self.log_with_hierarchy else ""
        return {f"{start}{key}": value for key, value in values.items()}

    def _fresh(
        self, runner: RunnerLike, mode: str, line: str, done: Any
    ) -> dict[str, HistoryBuffer]:
        """Return the histories that have grown since the last line of a kind.

        How long they were then is in the message hub, so that a resumed run does not log again what
        the former one has.

        Args:
            runner: The runner.
            mode: The phase.
            line: The kind of line.
            done: How far the run is; a second line at the same point gets what the first one got.
        """
        histories = _histories(runner, mode)
        logged = runner.message_hub.get_info(_LOGGED, {})
        last = logged.get(line, {"done": None, "before": {}, "lengths": {}})
        before = last["before"] if last["done"] == done else last["lengths"]
        lengths = {name: len(history) for name, history in histories.items()}
        runner.message_hub.update_info(
            _LOGGED, {**logged, line: {"done": done, "before": before, "lengths": lengths}}
        )
        return {
            name: history
            for name, history in histories.items()
            if lengths[name] != before.get(name) or lengths[name] == history.max_length
        }

    def _smooth(
        self,
        histories: Mapping[str, HistoryBuffer],
        batch_idx: int,
        mode: str,
        whole_epoch: bool = False,
    ) -> Iterator[tuple[str, float]]:
        """Yield the values of a phase by name; a later one takes the place of a former one."""
        in_epoch = max(batch_idx + 1, 1)
        for name, history in histories.items():
            if not self._is_mean.match(name):
                yield name, history.current()
            elif not whole_epoch:
                window = self.window_size if mode == "train" else min(self.window_size, in_epoch)
                yield name, history.mean(window)
            elif name in _TIMES:
                yield name, history.mean(in_epoch)
            else:  # a metric, of which there is one value for each epoch
                yield name, history.current()
        for options in self.custom_cfg:
            given = dict(options)
            source = given.pop("data_src")
            if source in histories:
                name = given.pop("log_name", source)
                yield name, _statistic(histories[source], batch_idx, **given)

    def _position(self, runner: RunnerLike, batch_idx: int, mode: str) -> str:
        """Return the head of a line, in the form of MMEngine, which tools that read logs know."""
        is_train = mode == "train"
        if is_train and not self._counts_epochs(runner):
            return f"Iter({mode}) [{runner.iter + 1}/{runner.max_iters}]"
        size = self._get_dataloader_size(runner, mode)
        batch = f"[{batch_idx + 1}/{'?' if size is None else size}]"
        if not self._counts_epochs(runner):
            return f"Iter({mode}) {batch}"
        epoch = "" if mode == "test" else f" [{runner.epoch + is_train}]"
        return f"Epoch({mode}){epoch or ' '}{batch}"

    def _get_dataloader_size(self, runner: RunnerLike, mode: str) -> int | None:
        return length_of(_loader(runner, mode))

    def _rate(self, runner: RunnerLike, values: Mapping[str, float], mode: str) -> str:
        batch_size = getattr(_loader(runner, mode), "batch_size", None)
        if not batch_size or not values.get("time"):
            return ""
        return f"samples/s: {batch_size * runner.world_size / values['time']:.0f}"

    def _eta(self, runner: RunnerLike) -> str:
        return str(timedelta(seconds=int(runner.message_hub.get_info("eta", 0.0))))


def _statistic(history: HistoryBuffer, batch_idx: int, method_name: str, **options: Any) -> float:
    window: Window | None = options.pop("window_size", None)
    if window == "epoch":
        options["window_size"] = batch_idx + 1
    elif window != "global" and window is not None:
        options["window_size"] = window
    value = history.statistics(method_name, **options)
    if not isinstance(value, Real):
        raise TypeError(
            f"log_processor.custom_cfg: {method_name} gives {type(value).__name__}, not a number"
        )
    return float(value)


def faults_of_statistics(
    given: Sequence[Mapping[str, Any]], *, has_epochs: bool
) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a `custom_cfg` of `LogProcessor`.

    Args:
        given: The statistics.
        has_epochs: Whether epochs are counted.

    Yields:
        Dotted keys, and what to say of each.
    """
    names: set[str] = set()
    for number, options in enumerate(given):
        if missing := [key for key in ("data_src", "method_name") if key not in options]:
            yield f"{number}", f"needs {' and '.join(missing)}"
            continue
        window = options.get("window_size", 1)
        is_number = isinstance(window, int) and window > 0
        if not is_number and window not in ("epoch", "global"):
            message = f"is a positive number, 'epoch' or 'global'; got {window!r}"
            yield f"{number}.window_size", message
        elif window == "epoch" and not has_epochs:
            message = "is 'epoch', which needs by_epoch=True and a training that counts epochs"
            yield f"{number}.window_size", message
        name = options.get("log_name", options["data_src"])
        if name in _OF_A_LINE:
            yield f"{number}", f"takes the name {name!r}, which each line has; set another log_name"
        elif name in names:
            yield f"{number}", f"would be a second value called {name!r}; set log_name"
        names.add(name)


def _histories(runner: RunnerLike, mode: str) -> dict[str, HistoryBuffer]:
    start = f"{mode}/"
    return {
        key.removeprefix(start): history
        for key, history in runner.message_hub.log_scalars.items()
        if key.startswith(start) and len(history)
    }


def _passes(runner: RunnerLike, mode: str) -> int:
    """Return a number that is another one in each validation or test."""
    return len(runner.message_hub.log_scalars.get(f"{mode}/time", ()))


def _loader(runner: RunnerLike, mode: str) -> DataLoader[Any]:
    loader: DataLoader[Any] = getattr(runner, f"{mode}_dataloader")
    return loader
