"""History of a logged value."""

from __future__ import annotations

import itertools
import sys
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, SupportsFloat

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


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
    the device.

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
        self._entries: deque[SupportsFloat | Counted] = deque(maxlen=max_length)
        for value, count in zip(log_history, count_history, strict=True):
            self.update(value, count)

    def update(self, log_val: SupportsFloat, count: int = 1) -> None:
        """Append a value.

        Args:
            log_val: A number, or an array or tensor with one element, which is read later.
            count: The number of samples over which it was averaged.
        """
        self._entries.append(log_val if count == 1 else Counted(log_val, count))

    @property
    def data(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
        """All values and their counts, each of shape `(n,)`."""
        import numpy as np  # deferred: the buffer itself needs none

        values, counts = self._last(None) if self._entries else ([], None)
        ones = np.ones(len(values), np.int64)
        return np.array(values, np.float64), ones if counts is None else np.array(counts, np.int64)

    def __len__(self) -> int:
        """Return how many values are kept."""
        return len(self._entries)

    def mean(self, window_size: int | None = None) -> float:
        """Return the mean of the last `window_size` values (of all if None), by their counts."""
        values, counts = self._last(window_size)
        if counts is None:
            return sum(values) / len(values)
        weighted = sum(value * count for value, count in zip(values, counts, strict=True))
        return weighted / sum(counts)

    def max(self, window_size: int | None = None) -> float:
        """Return the largest of the last `window_size` values, of all if None."""
        return max(self._last(window_size)[0])

    def min(self, window_size: int | None = None) -> float:
        """Return the smallest of the last `window_size` values, of all if None."""
        return min(self._last(window_size)[0])

    def current(self) -> float:
        """Return the newest value."""
        return self._last(1)[0][0]

    def last(self, n: int) -> list[float]:
        """Return the last `n` values, the newest at the end."""
        return self._last(n)[0]

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

    def _last(self, window: int | None) -> tuple[list[float], list[int] | None]:
        """Return the last values, and their counts or None if all are one."""
        if window is not None and window < 1:
            raise ValueError(f"window_size is at least 1; got {window}")
        if not self._entries:
            raise ValueError("the history is empty: nothing was logged under this name yet")
        self._read()
        newest: list[Any] = list(itertools.islice(reversed(self._entries), window))
        newest.reverse()
        if not any(type(entry) is Counted for entry in newest):
            return newest, None
        counted = [entry if type(entry) is Counted else Counted(entry, 1) for entry in newest]
        return [float(each.value) for each in counted], [each.samples for each in counted]

    def _read(self) -> None:
        """Turn the values that came since the last reading into plain numbers."""
        entries: deque[Any] = self._entries
        fresh: list[Any] = []
        while entries and type(last := entries[-1]) is not float:
            if type(last) is Counted and type(last.value) is float:
                break
            fresh.append(entries.pop())
        if fresh:
            fresh.reverse()
            values = _numbers([each.value if type(each) is Counted else each for each in fresh])
            entries.extend(
                Counted(value, each.samples) if type(each) is Counted else value
                for each, value in zip(fresh, values, strict=True)
            )


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
