"""Progress bar of a loop."""

from __future__ import annotations

import functools
import itertools
import multiprocessing
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from multiprocessing.pool import Pool
from typing import Any, TextIO, TypeVar

from ._timer import Timer

R = TypeVar("R")
Tasks = Sequence[Any] | tuple[Iterable[Any], int]


class ProgressBar:
    """A line that shows how many tasks are done, how fast, and for how long still.

    Args:
        task_num: The number of tasks; 0 means that it is not known.
        bar_width: The number of characters of the bar, fewer where the terminal is narrow.
        start: Whether the first task begins now.
        file: Where the line is written; None means the standard output.
    """

    def __init__(
        self,
        task_num: int = 0,
        bar_width: int = 50,
        start: bool = True,
        file: TextIO | None = None,
    ) -> None:
        self.task_num = task_num
        self.bar_width = bar_width
        self.completed: int = 0
        self.timer: Timer = Timer(start=False)
        self.file: TextIO | Any = file or sys.stdout
        self._length = 0
        if start:
            self.start()

    @property
    def terminal_width(self) -> int:
        """The number of characters in a line of the terminal."""
        return shutil.get_terminal_size().columns

    def start(self) -> None:
        """Begin with the first task."""
        self.timer.start()
        self._write(self._line(0.0))

    def update(self, num_tasks: int = 1) -> None:
        """Count tasks as done.

        Args:
            num_tasks: How many.

        Raises:
            ValueError: If it is not positive.
            TimerError: If the bar was not started.
        """
        if num_tasks < 1:
            raise ValueError(f"num_tasks is positive; got {num_tasks}")
        self.completed += num_tasks
        self._write(self._line(self.timer.since_start()))

    def _line(self, elapsed: float) -> str:
        rate = self.completed / elapsed if elapsed else 0.0
        if self.task_num <= 0:
            return f"{self.completed} done, {rate:.1f} task/s, elapsed: {elapsed:.0f}s"
        missing = self.task_num - self.completed
        eta = f"{missing / rate:.0f}s" if rate else "?"
        text = (
            f" {self.completed}/{self.task_num}, {rate:.1f} task/s, elapsed: {elapsed:.0f}s, "
            f"ETA: {eta}"
        )
        width = max(min(self.bar_width, self.terminal_width - len(text) - 3), 1)
        full = min(width * self.completed // self.task_num, width)
        return f"[{'>' * full}{' ' * (width - full)}]{text}"

    def _write(self, line: str) -> None:
        end = "\n" if self.completed >= self.task_num > 0 else ""
        self.file.write(f"\r{line.ljust(self._length)}{end}")
        self.file.flush()
        self._length = len(line)


def track_progress(
    func: Callable[..., R],
    tasks: Tasks,
    bar_width: int = 50,
    file: TextIO | None = None,
    **kwargs: Any,
) -> list[R]:
    """Call a function for each of several tasks, with a progress bar.

    Args:
        func: The function.
        tasks: The tasks, a sequence, or a pair of an iterable and the number of tasks in it.
        bar_width: The number of characters of the bar.
        file: Where the bar is written; None means the standard output.
        **kwargs: Passed on to the function.

    Returns:
        What the function returned for each.
    """
    return [func(task, **kwargs) for task in track_iter_progress(tasks, bar_width, file)]


def track_iter_progress(
    tasks: Tasks, bar_width: int = 50, file: TextIO | None = None
) -> Iterator[Any]:
    """Iterate over tasks, with a progress bar.

    Args:
        tasks: The tasks, as for `track_progress`.
        bar_width: The number of characters of the bar.
        file: Where the bar is written; None means the standard output.

    Yields:
        Each task.

    Raises:
        TypeError: If the tasks are neither a sequence nor such a pair.
    """
    each, number = _count(tasks)
    bar = ProgressBar(number, bar_width, file=file)
    for task in each:
        yield task
        bar.update()


def track_parallel_progress(
    func: Callable[[Any], R],
    tasks: Tasks,
    nproc: int,
    initializer: Callable[..., Any] | None = None,
    initargs: tuple[Any, ...] | None = None,
    bar_width: int = 50,
    chunksize: int = 1,
    skip_first: bool = False,
    keep_order: bool = True,
    file: TextIO | None = None,
) -> list[R]:
    """Call a function for each of several tasks in several processes, with a progress bar.

    Args:
        func: The function.
        tasks: The tasks, as for `track_progress`.
        nproc: The number of processes.
        initializer: Called in each process as it starts.
        initargs: Passed on to the initializer.
        bar_width: The number of characters of the bar.
        chunksize: How many tasks a process takes at a time.
        skip_first: Whether the bar begins once each process has had its first tasks, which take
            longer.
        keep_order: Whether the results have the order of the tasks, not that of their ends.
        file: Where the bar is written; None means the standard output.

    Returns:
        What the function returned for each.

    Raises:
        TypeError: If the tasks are neither a sequence nor such a pair.
    """
    each, number = _count(tasks)
    skipped = min(nproc * chunksize if skip_first else 0, number)
    results: list[R] = []
    with init_pool(nproc, initializer, initargs) as pool:
        run = pool.imap if keep_order else pool.imap_unordered
        found = run(func, each, chunksize)
        results.extend(itertools.islice(found, skipped))
        bar = ProgressBar(number - skipped, bar_width, file=file)
        for result in found:
            results.append(result)
            bar.update()
    return results


def init_pool(
    process_num: int,
    initializer: Callable[..., Any] | None = None,
    initargs: tuple[Any, ...] | None = None,
) -> Pool:
    """Start processes.

    Args:
        process_num: How many.
        initializer: Called in each as it starts.
        initargs: Passed on to the initializer.
    """
    return multiprocessing.Pool(process_num, initializer, initargs or ())


def track_progress_rich(
    func: Callable[..., R],
    tasks: Iterable[Any] = (),
    task_num: int | None = None,
    nproc: int = 1,
    chunksize: int = 1,
    description: str = "Processing",
    color: str = "blue",
) -> list[R]:
    """Call a function for each of several tasks, with rich's progress bar.

    Args:
        func: The function.
        tasks: The tasks. One that is a tuple or a dictionary holds several arguments. An empty
            tuple means that the function takes none.
        task_num: The number of tasks, where they don't tell.
        nproc: The number of processes.
        chunksize: How many tasks a process takes at a time.
        description: The text before the bar.
        color: The color of the bar.

    Returns:
        What the function returned for each.

    Raises:
        ValueError: If the number is not known for a function without arguments, or is another one
            than that of the tasks.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    if tasks == ():
        if task_num is None:
            raise ValueError("without tasks, task_num says how often to call the function")
        tasks = [()] * task_num
    number = len(tasks) if isinstance(tasks, Sized) else task_num
    if task_num not in (None, number):
        raise ValueError(f"there are {number} tasks, but task_num is {task_num}")
    call = functools.partial(_call, func)
    each = itertools.islice(tasks, number)
    bar = BarColumn(complete_style=color, finished_style=color)
    columns = ("{task.description}", bar, MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress:
        if nproc == 1:
            return list(progress.track(map(call, each), number, description=description))
        with init_pool(nproc) as pool:
            found = pool.imap(call, each, chunksize)
            return list(progress.track(found, number, description=description))


def _count(tasks: Tasks) -> tuple[Iterable[Any], int]:
    if isinstance(tasks, tuple):
        if len(tasks) == 2 and isinstance(tasks[0], Iterable) and isinstance(tasks[1], int):
            return tasks[0], tasks[1]
    elif isinstance(tasks, Sized) and isinstance(tasks, Iterable):
        return tasks, len(tasks)
    raise TypeError(
        "tasks is a list, or a pair of an iterable and the number of tasks in it; "
        f"got {type(tasks).__name__}"
    )


def _call(func: Callable[..., R], task: Any) -> R:
    if isinstance(task, tuple):
        return func(*task)
    return func(**task) if isinstance(task, dict) else func(task)
