"""History of a logged value."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, SupportsFloat

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_FEW = 64  # values of which Python knows the mean sooner than numpy
_LEAST_ROOM = 256


class Counted:
    """A value for a number of samples other than one."""

    __slots__ = ("samples", "value")

    def __init__(self, value: SupportsFloat, samples: int) -> None:
        self.value = value
        self.samples = samples


class HistoryBuffer:
    """The latest values of a scalar, each with the number of samples it was averaged over.

    To append one costs no more than to append to a list, however many there are. A value on an
    accelerator stays there until somebody reads, so that logging does not make the host wait for
    the device. Values that were read are in an array, and are not changed in it any more.

    Args:
        log_history: Values to begin with.
        count_history: The number of samples behind each of them; as long as `log_history`.
        max_length: How many values are kept.
    """

    _statistics_methods: ClassVar[dict[str, Callable[..., Any]]] = {}

    def __init__(
        self,
        log_history: Sequence[float] = (),
        count_history: Sequence[int] = (),
        max_length: int = 1_000_000,
    ) -> None:
        if len(log_history) != len(count_history):
            raise ValueError(
                f"log_history has {len(log_history)} values, "
                f"count_history {len(count_history)}; they go together"
            )
        self.max_length = max_length
        # A value for one sample is kept as it is, since nearly all are.
        self._fresh: deque[SupportsFloat | Counted] = deque(maxlen=max_length)
        self._values: npt.NDArray[np.float64] | None = None
        self._counts: npt.NDArray[np.int64] | None = None  # None where all are one
        self._end = 0  # of what is in the arrays, which have room for more
        for value, count in zip(log_history, count_history, strict=True):
            self.update(value, count)

    def update(self, log_val: SupportsFloat, count: int = 1) -> None:
        """Append a value.

        Args:
            log_val: A number, or an array or tensor with one element, which is read later.
            count: The number of samples over which it was averaged.
        """
        self._fresh.append(log_val if count == 1 else Counted(log_val, count))

    @property
    def data(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
        """Copies of all values and their counts, each of shape `(n,)`."""
        import numpy as np  # deferred: the buffer itself needs none until it is read

        if not len(self):
            return np.empty(0, np.float64), np.empty(0, np.int64)
        values, counts = self.read()
        return values.copy(), _ones(len(values)) if counts is None else counts.copy()

    def __len__(self) -> int:
        """Return how many values are kept."""
        return min(self._end + len(self._fresh), self.max_length)

    def mean(self, window_size: int | None = None) -> float:
        """Return the mean of the last `window_size` values (of all if None), by their counts."""
        values, counts = self.read(window_size)
        if counts is not None:
            return float(values @ counts / counts.sum())
        size = len(values)
        return sum(values.tolist()) / size if size <= _FEW else float(values.mean())

    def max(self, window_size: int | None = None) -> float:
        """Return the largest of the last `window_size` values, of all if None."""
        return float(self.read(window_size)[0].max())

    def min(self, window_size: int | None = None) -> float:
        """Return the smallest of the last `window_size` values, of all if None."""
        return float(self.read(window_size)[0].min())

    def current(self) -> float:
        """Return the newest value."""
        return self.read(1)[0].item()

    def last(self, n: int) -> list[float]:
        """Return the last `n` values, the newest at the end."""
        values: list[float] = self.read(n)[0].tolist()
        return values

    def statistics(self, method_name: str, *arg: Any, **kwargs: Any) -> Any:
        """Return a statistic by the name of its method.

        Raises:
            KeyError: If no such method is registered.
        """
        method = self._statistics_methods.get(method_name)
        if method is None:
            known = ", ".join(sorted(self._statistics_methods))
            raise KeyError(f"no statistic is called {method_name!r}; there are {known}")
        return method(self, *arg, **kwargs)

    @classmethod
    def register_statistics(cls, method: Callable[..., Any]) -> Callable[..., Any]:
        """Register a function of a buffer as a statistic, under its own name."""
        cls._statistics_methods[method.__name__] = method
        return method

    def read(
        self, window: int | None = None
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64] | None]:
        """Return the last values, and their counts or None if all are one, as views.

        Args:
            window: How many; None means all.

        Raises:
            ValueError: If the history is empty, or the window.
        """
        if window is not None and window < 1:
            raise ValueError(f"window_size is at least 1; got {window}")
        if self._fresh:
            self._take_fresh()
        if self._values is None:
            raise ValueError("the history is empty: nothing was logged under this name yet")
        begin = max(0, self._end - min(window or self.max_length, self.max_length))
        counts = None if self._counts is None else self._counts[begin : self._end]
        return self._values[begin : self._end], counts

    def _take_fresh(self) -> None:
        """Move the values that came since the last reading into the arrays, as numbers."""
        fresh = [*self._fresh]
        numbers = _numbers([each.value if type(each) is Counted else each for each in fresh])
        self._fresh.clear()
        end = self._make_room(len(fresh))
        assert self._values is not None
        self._values[self._end : end] = numbers
        if self._counts is not None or any(type(each) is Counted for each in fresh):
            if self._counts is None:
                self._counts = _ones(len(self._values))
            self._counts[self._end : end] = [
                each.samples if type(each) is Counted else 1 for each in fresh
            ]
        self._end = end

    def _make_room(self, count: int) -> int:
        """Make the arrays long enough for more values, and return where these end."""
        import numpy as np  # deferred, as above

        room = 0 if self._values is None else len(self._values)
        if self._end + count > room:
            kept = min(self._end, self.max_length)
            size = max(_LEAST_ROOM, 2 * (kept + count))
            values = np.empty(size)
            if self._values is not None:
                values[:kept] = self._values[self._end - kept : self._end]
            if self._counts is not None:
                counts = _ones(size)
                counts[:kept] = self._counts[self._end - kept : self._end]
                self._counts = counts
            self._values, self._end = values, kept
        return self._end + count


def _ones(size: int) -> npt.NDArray[np.int64]:
    import numpy as np  # deferred, as above

    return np.ones(size, np.int64)


def _numbers(values: Sequence[Any]) -> list[float]:
    """Return values as numbers; those of one accelerator are fetched from it together."""
    devices = {getattr(value, "device", None) for value in values}
    if len(devices) == 1 and getattr(devices.pop(), "type", "cpu") != "cpu":
        stack = sys.modules["torch"].stack  # where there are such values, it is imported
        stacked = stack([value.detach().reshape(()) for value in values])
        return [float(number) for number in stacked.tolist()]
    return [float(value.item() if hasattr(value, "item") else value) for value in values]


for _method in (
    HistoryBuffer.mean,
    HistoryBuffer.max,
    HistoryBuffer.min,
    HistoryBuffer.current,
):
    HistoryBuffer.register_statistics(_method)
