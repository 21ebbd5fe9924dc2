"""Message hub: logged scalars and runtime information of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, SupportsFloat

from engine.utils import ManagerMixin

from ._history import Counted, HistoryBuffer


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
        self._scalars: dict[str, HistoryBuffer] = {}
        self._appends: dict[str, Callable[[Any], None]] = {}
        self._info: dict[str, Any] = {}
        self._resumed: dict[str, bool] = {}
        for key, history in (log_scalars or {}).items():
            self._add(key, history)
        self.update_info_dict(runtime_info or {})
        self._resumed.update(resumed_keys or {})

    @classmethod
    def get_current_instance(cls) -> MessageHub:
        """Return the hub of the run that is under way, or the newest; make one if there is none."""
        return cls._in_force() or (
            super().get_current_instance() if cls._instances else cls("engine")
        )

    @property
    def log_scalars(self) -> Mapping[str, HistoryBuffer]:
        """The histories, by key."""
        return MappingProxyType(self._scalars)

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
            value: A number, or a tensor with one element; it stays on its device until read.
            count: The number of samples over which it was averaged.
            resumed: Whether the history belongs into a checkpoint.
        """
        try:
            self._appends[key](value if count == 1 else Counted(value, count))
        except KeyError:
            self._add(key, HistoryBuffer(), resumed)
            self._scalars[key].update(value, count)

    def update_scalars(self, log_dict: Mapping[str, Any], resumed: bool = True) -> None:
        """Append to several histories.

        Args:
            log_dict: By key a value, or `dict(value=..., count=...)`.
            resumed: Whether the histories belong into a checkpoint.
        """
        for key, value in log_dict.items():
            if isinstance(value, Mapping):
                self.update_scalar(key, value["value"], value.get("count", 1), resumed)
            else:
                self.update_scalar(key, value, resumed=resumed)

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
        """Set several facts."""
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
        import torch  # deferred: the hub itself needs none

        return {
            "log_scalars": {
                key: [torch.from_numpy(part) for part in history.data]
                for key, history in self._scalars.items()
                if self._resumed[key] and len(history)
            },
            "runtime_info": {key: v for key, v in self._info.items() if self._resumed[key]},
        }

    def load_state_dict(self, state_dict: MessageHub | Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned, or what another hub has."""
        state = state_dict.state_dict() if isinstance(state_dict, MessageHub) else state_dict
        for key, (values, counts) in state["log_scalars"].items():
            self._add(key, HistoryBuffer([float(v) for v in values.tolist()], counts.tolist()))
        self.update_info_dict(state["runtime_info"])

    def _add(self, key: str, history: HistoryBuffer, resumed: bool = True) -> None:
        self._scalars[key] = history
        self._appends[key] = history._entries.append
        self._resumed[key] = resumed
