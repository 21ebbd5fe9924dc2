"""Message hub: logged scalars and runtime information of a run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, SupportsFloat

from engine.utils import ManagerMixin

from ._history import Counted, HistoryBuffer
from ._setup import get_logger


class MessageHub(ManagerMixin):
    """The board on which hooks, loops and models write, and from which the logs are made.

    Args:
        name: The name of the instance.
        log_scalars: Histories to begin with, by key.
        runtime_info: Facts to begin with.
        resumed_keys: Whether a history or a fact belongs into a checkpoint, by key; those that are
            not named do.
    """

    def __init__(
        self,
        name: str,
        log_scalars: Mapping[str, HistoryBuffer] | None = None,
        runtime_info: Mapping[str, Any] | None = None,
        resumed_keys: Mapping[str, bool] | None = None,
    ) -> None:
        super().__init__(name)
        self._scalars: dict[str, HistoryBuffer] = {**(log_scalars or {})}
        self._info: dict[str, Any] = {}
        self._resumed: dict[str, bool] = {}
        self.update_info_dict(runtime_info or {})
        self._resumed.update(resumed_keys or {})

    @classmethod
    def get_current_instance(cls) -> MessageHub:
        """Return the hub of the run that is under way, or the newest; make one if there is none."""
        return cls._in_force() or (
            super().get_current_instance() if cls._instances else cls("engine")
        )

    @property
    def log_scalars(self) -> dict[str, HistoryBuffer]:
        """The histories, by key; one that is added or removed here is for the hub as well."""
        return self._scalars

    @property
    def runtime_info(self) -> dict[str, Any]:
        """The facts of the moment, by key."""
        return self._info

    def update_scalar(
        self, key: str, value: SupportsFloat, count: int = 1, resumed: bool = True
    ) -> None:
        """Append a value to the history of `key`.

        Args:
            key: The name, say `'train/loss'`.
            value: A number, or an array or tensor with one element; a tensor stays on its device
                until read.
            count: The number of samples over which it was averaged.
            resumed: Whether the history belongs into a checkpoint.

        Raises:
            TypeError: If the first value of a history is no number.
            ValueError: If it has several elements.
        """
        history = self._scalars.get(key)
        if history is None:
            _check_number(key, value)
            history = self._scalars[key] = HistoryBuffer()
            self._resumed[key] = resumed
        history._fresh.append(value if count == 1 else Counted(value, count))

    def update_scalars(self, log_dict: Mapping[str, Any], resumed: bool = True) -> None:
        """Append to several histories.

        Args:
            log_dict: By key a value, or `dict(value=..., count=...)`.
            resumed: Whether the histories belong into a checkpoint.

        Raises:
            TypeError: If it is no mapping, or a value in it is no number.
            ValueError: If a dictionary in it has no `value`, or a value has several elements.
        """
        if not isinstance(log_dict, Mapping):
            raise TypeError(f"log_dict must be a mapping of values by their keys; got {log_dict!r}")
        for key, given in log_dict.items():
            value, count = given, 1
            if isinstance(given, Mapping):
                if "value" not in given:
                    raise ValueError(f"log_dict[{key!r}] must have a value; got {given!r}")
                value, count = given["value"], given.get("count", 1)
            _check_number(key, value)
            self.update_scalar(key, value, count, resumed)

    def update_info(self, key: str, value: Any, resumed: bool = True) -> None:
        """Set a fact.

        Args:
            key: Its name.
            value: Plain data, if it is to be resumed.
            resumed: Whether it belongs into a checkpoint.
        """
        self._info[key] = value
        self._resumed[key] = resumed

    def update_info_dict(self, info_dict: Mapping[str, Any], resumed: bool = True) -> None:
        """Set several facts.

        Raises:
            TypeError: If it is no mapping.
        """
        if not isinstance(info_dict, Mapping):
            raise TypeError(f"info_dict must be a mapping of facts by key; got {info_dict!r}")
        for key, value in info_dict.items():
            self.update_info(key, value, resumed)

    def get_scalar(self, key: str) -> HistoryBuffer:
        """Return the history of `key`.

        Raises:
            KeyError: If nothing was logged under it.
        """
        if key not in self._scalars:
            known = ", ".join(self._scalars) or "nothing yet"
            raise KeyError(f"nothing was logged as {key!r}; there is {known}")
        return self._scalars[key]

    def get_info(self, key: str, default: Any = None) -> Any:
        """Return the fact called `key`, or `default`."""
        return self._info.get(key, default)

    def pop_info(self, key: str, default: Any = None) -> Any:
        """Remove the fact called `key` and return it, or `default`."""
        return self._info.pop(key, default)

    def state_dict(self) -> dict[str, Any]:
        """Return what belongs into a checkpoint, as tensors and plain data."""
        return {
            "log_scalars": {
                key: _as_tensors(history)
                for key, history in self._scalars.items()
                if self._resumed.get(key, True) and len(history)
            },
            "runtime_info": {key: v for key, v in self._info.items() if self._resumed[key]},
        }

    def load_state_dict(self, state_dict: MessageHub | Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned, or what another hub has.

        A history may also be a `HistoryBuffer`. What is none is left out, with a warning.

        Raises:
            ValueError: If the histories or the facts are missing.
        """
        state = state_dict.state_dict() if isinstance(state_dict, MessageHub) else state_dict
        if missing := [key for key in ("log_scalars", "runtime_info") if key not in state]:
            raise ValueError(f"the state of a MessageHub lacks {' and '.join(missing)}")
        for key, given in state["log_scalars"].items():
            try:
                values, counts = given.data if isinstance(given, HistoryBuffer) else given
                history = HistoryBuffer(values.tolist(), counts.tolist())
            except (AttributeError, TypeError, ValueError):
                get_logger().warning("The state of %r is no history; it is left out", key)
                continue
            self._scalars[key] = history
            self._resumed[key] = True
        self.update_info_dict(state["runtime_info"])


def _as_tensors(history: HistoryBuffer) -> list[Any]:
    """Return values and counts of a history without a copy; equal counts take the room of one."""
    import torch  # deferred: the hub itself needs none

    values, counts = history.read()
    ones = torch.ones(1, dtype=torch.int64).expand(len(values))
    return [torch.from_numpy(values), ones if counts is None else torch.from_numpy(counts)]


def _check_number(key: str, value: object) -> None:
    if not hasattr(value, "__float__"):
        raise TypeError(f"the value of {key!r} must be a number; got {value!r}")
    if math.prod(shape := getattr(value, "shape", ())) != 1:
        raise ValueError(f"the value of {key!r} must have one element; its shape is {(*shape,)}")
