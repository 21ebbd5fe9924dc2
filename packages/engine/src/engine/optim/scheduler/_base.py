"""Base class of parameter schedulers."""

from __future__ import annotations

import logging
import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping
from inspect import Signature, signature
from typing import Any, ClassVar, Protocol, Self

from torch import Tensor

from engine.utils import check_types

INF = 1_000_000_000
"""The default `end` of a schedule: never."""

_LENGTH = "epoch_length"


class HasParamGroups(Protocol):
    """A torch optimizer or a wrapper around one."""

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The groups of parameters with their options."""


class TrainingLoop(Protocol):
    """What a schedule asks the training loop for."""

    @property
    def by_epoch(self) -> bool:
        """Whether the loop counts epochs."""

    @property
    def max_epochs(self) -> int:
        """The epochs in all."""

    @property
    def max_iters(self) -> int:
        """The iterations in all."""


class _StepWatch:
    """Sees whether an optimizer has taken a step, or its wrapper a loss towards one."""

    @check_types
    def __init__(self, optimizer: HasParamGroups) -> None:
        self._optimizer = optimizer
        watched: Any = getattr(optimizer, "optimizer", optimizer)
        self._stepped = False
        self._handle = watched.register_step_post_hook(self._note)

    def _note(self, *_: object) -> None:
        self._stepped = True

    def end(self) -> bool:
        """Stop, and return whether there was a step."""
        self._handle.remove()
        return self._stepped or bool(getattr(self._optimizer, "inner_count", False))


class _ParamScheduler(ABC):
    """A schedule of one option of an optimizer's parameter groups.

    Time is counted in calls of `step`, one per epoch or one per iteration; the constructor sets
    the value of time 0. A schedule acts from `begin` on and before `end`, and each new value is
    computed from the present one. So several schedules can act on one option, one after the other
    or at once: warm up first, then decay.

    Args:
        optimizer: A torch optimizer or an optimizer wrapper.
        param_name: The option of the parameter groups to change.
        begin: The time from which on the schedule acts.
        end: The time at which it ends; it does not act there any more.
        last_step: How often the schedule has acted already; -1 starts anew.
        by_epoch: Whether the training loop calls `step` after each epoch, or each iteration.
        verbose: Whether to log each new value.

    Raises:
        TypeError: If `optimizer` has no parameter groups.
        ValueError: If `begin` and `end` hold no time between them.
        KeyError: If a group lacks the option, or its initial value where `last_step` isn't -1.
    """

    need_val_args: ClassVar[bool] = False
    """Whether `step` takes the metrics of a validation, and so is called after one."""

    _step_args: ClassVar[tuple[str, ...]] = ()
    """The keyword arguments that count steps, next to `begin` and `end`."""

    _state: ClassVar[tuple[str, ...]] = ("base_values", "last_step", "_global_step", "_last_value")
    """The attributes that `state_dict` holds."""

    _of_groups: ClassVar[tuple[str, ...]] = ("base_values", "_last_value")
    """The attributes with a value for each parameter group."""

    _needs_end: ClassVar[bool] = False
    """Whether the curve follows from its length, which `end` or `_length_arg` says."""

    _length_arg: ClassVar[str] = ""
    """The argument that says how long the curve is, in place of `end`."""

    _lacks_end = False

    _epoch_length: int | None = None
    """The iterations of an epoch, where the options were converted to iterations."""

    @check_types
    def __init__(
        self,
        optimizer: HasParamGroups,
        param_name: str,
        begin: float = 0,
        end: float = INF,
        last_step: int = -1,
        by_epoch: bool = True,
        verbose: bool = False,
    ) -> None:
        if not isinstance(getattr(optimizer, "param_groups", None), list):
            raise TypeError(
                f"{type(self).__name__} needs a torch optimizer or an OptimWrapper, "
                f"got {type(optimizer).__name__}"
            )
        if not 0 <= begin < end:
            raise ValueError(
                f"{type(self).__name__} acts from begin on and before end, so 0 <= begin < end "
                f"must hold; got begin={begin}, end={end}"
            )
        if self._lacks_end:
            names = " or ".join(filter(None, ("end", self._length_arg)))
            raise ValueError(
                f"{type(self).__name__} needs {names}, by which it knows how long its curve is"
            )
        self.optimizer = optimizer
        self.param_name = param_name
        self.begin = begin
        self.end = end
        self.by_epoch = by_epoch
        self.verbose = verbose
        self.last_step: int = last_step
        self._watch = _StepWatch(optimizer) if last_step == -1 else None
        self._global_step = begin + last_step if last_step >= 0 else -1
        self.base_values: list[float] = self._initial_values()
        self._last_value: list[float] = []
        self._advance()

    @classmethod
    def fit_to(cls, loop: TrainingLoop, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return the options that a config does not say, and that a training loop does.

        Args:
            loop: The training loop.
            options: The arguments of the constructor, and `convert_to_iter_based`.

        Raises:
            ValueError: If the schedule is to count epochs, and the loop counts iterations.
        """
        more: dict[str, Any] = {}
        by_epoch = options.get("by_epoch", True)
        has_epochs = getattr(loop, "by_epoch", True)
        if not (has_epochs or cls.need_val_args or options.get("convert_to_iter_based")):
            if options.get("by_epoch"):
                raise ValueError(
                    f"{cls.__name__} is set to count epochs, but the training counts iterations "
                    "(max_iters): leave out by_epoch=True, and give its times in iterations"
                )
            more["by_epoch"] = by_epoch = False
        lengths = (options.get("end"), options.get(cls._length_arg))
        if cls._needs_end and lengths == (None, None) and by_epoch <= has_epochs:
            more["end"] = loop.max_epochs if by_epoch else loop.max_iters
        return more

    @classmethod
    def build_iter_from_epoch(
        cls,
        *args: Any,
        begin: float = 0,
        end: float = INF,
        by_epoch: bool = True,
        epoch_length: int | None = None,
        **kwargs: Any,
    ) -> Self:
        """Build the schedule that acts per iteration from options that count epochs.

        Args:
            args: The positional arguments of the constructor.
            begin: The epoch from which on the schedule acts.
            end: The epoch at which it ends.
            by_epoch: Must be true: the options count epochs.
            epoch_length: The number of iterations of an epoch.
            kwargs: The other arguments of the constructor; those that count epochs are converted.
                Where it begins and ends is rounded down to a whole iteration.

        Raises:
            ValueError: If the options don't count epochs, or the length of one is not given.
        """
        if not by_epoch:
            raise ValueError(
                f"{cls.__name__}: only a schedule with by_epoch=True can be converted to iterations"
            )
        if epoch_length is None or epoch_length < 1:
            raise ValueError(
                f"{cls.__name__}: epoch_length must be the number of iterations of an epoch, "
                f"got {epoch_length}"
            )
        cls._convert_to_iterations(kwargs, epoch_length)
        kwargs["begin"] = int(begin * epoch_length)
        kwargs["end"] = end if end == INF else int(end * epoch_length)
        kwargs["by_epoch"] = False
        scheduler = cls(*args, **kwargs)
        scheduler._epoch_length = epoch_length
        return scheduler

    @classmethod
    def _convert_to_iterations(cls, kwargs: dict[str, Any], epoch_length: int) -> None:
        for name in cls._step_args:
            epochs = kwargs.get(name)
            if isinstance(epochs, (int, float)):
                kwargs[name] = epochs * epoch_length
            elif epochs is not None:
                kwargs[name] = [epoch * epoch_length for epoch in epochs]

    def state_dict(self) -> dict[str, Any]:
        """Return how far the schedule has come, as plain data."""
        state = {name: getattr(self, name) for name in self._state}
        return state if self._epoch_length is None else {**state, _LENGTH: self._epoch_length}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from where another schedule of the same kind was.

        The values in the optimizer are not touched: they are part of the optimizer's own state,
        which is loaded first. Options in the state, as MMEngine saves them, take the place of those
        of this schedule. Saved with groups that were not yet joined, values follow from the
        optimizer.

        Where epochs were converted to iterations, and an epoch has another number of them now, the
        schedule goes on at the same part of the same epoch.

        Args:
            state_dict: What `state_dict` returned.

        Raises:
            ValueError: If an entry is missing.
        """
        missing = [name for name in self._state if name not in state_dict]
        if missing:
            raise ValueError(
                f"the state of a {type(self).__name__} lacks {', '.join(missing)}; "
                f"it has {', '.join(state_dict) or 'nothing'}"
            )
        has_these_groups = len(state_dict["_last_value"]) == len(self.optimizer.param_groups)
        own = {*self._state, *(name for name in vars(self) if not name.startswith("_"))}
        for name in own & state_dict.keys() - {"optimizer"}:
            if has_these_groups or name not in self._of_groups:
                setattr(self, name, state_dict[name])
        if not has_these_groups:
            self.base_values, self._last_value = self._initial_values(), self._values()
        length, had = self._epoch_length, state_dict.get(_LENGTH)
        if length is not None and had not in (None, length):
            for name in ("last_step", "_global_step"):  # rounded down, so that none is left out
                setattr(self, name, getattr(self, name) * length // had)

    def get_last_value(self) -> list[float]:
        """Return the value of each parameter group after the last step."""
        return self._last_value

    def print_value(self, is_verbose: bool, group: int, value: float) -> None:
        """Log the value of a parameter group.

        Args:
            is_verbose: Whether to log it at all.
            group: The position of the group.
            value: Its new value.
        """
        if is_verbose:
            logger = logging.getLogger(__name__)
            logger.info("%s of parameter group %d is now %.4e", self.param_name, group, value)

    def step(self) -> None:
        """Move on by one epoch or iteration, after the optimizer's own step.

        At the first call a warning tells where the optimizer has not taken a step yet.
        """
        if self._watch is not None:
            if not self._watch.end() and self._global_step == 0:
                warnings.warn(
                    f"{type(self).__name__}.step() was called before optimizer.step(), so the "
                    f"first {self.param_name} of the schedule is not used; call it after that",
                    stacklevel=2,
                )
            self._watch = None
        self._advance()

    @abstractmethod
    def _get_value(self) -> list[float]:
        """Compute the new value of each group, for the time `last_step` after `begin`."""

    def _length(self, begin: float, end: float, given: float | None = None) -> float:
        """Return how long the curve is: as was given, or else from `begin` to `end`."""
        self._lacks_end = given is None and end == INF
        return end - begin if given is None else given

    def _advance(self) -> None:
        self._global_step += 1
        if self.begin <= self._global_step < self.end:
            self.last_step += 1
            groups = self.optimizer.param_groups
            for i, (group, value) in enumerate(zip(groups, self._get_value(), strict=True)):
                self._write(group, value)
                self.print_value(self.verbose, i, value)
        self._last_value = self._values()

    def _values(self) -> list[float]:
        return [self._read_value(group) for group in self.optimizer.param_groups]

    def _initial_values(self) -> list[float]:
        """Return the values before any schedule acted, which the groups remember."""
        key = f"initial_{self.param_name}"
        for i, group in enumerate(self.optimizer.param_groups):
            if self.last_step == -1:
                group.setdefault(key, self._read_value(group))
            elif key not in group:
                raise KeyError(
                    f"parameter group {i} has no {key!r}, which {type(self).__name__} needs to go "
                    f"on from last_step={self.last_step}"
                )
        return [group[key] for group in self.optimizer.param_groups]

    def _read_value(self, group: dict[str, Any]) -> float:
        if self.param_name not in group:
            raise KeyError(
                f"{type(self).__name__} is to change {self.param_name!r}, which the optimizer's "
                f"parameter groups don't have; they have {', '.join(group)}"
            )
        return float(group[self.param_name])

    def _write(self, group: dict[str, Any], value: float) -> None:
        if isinstance(group[self.param_name], Tensor):  # a capturable or compiled optimizer
            group[self.param_name].fill_(value)
        else:
            group[self.param_name] = value


class _ScaledParamScheduler(_ParamScheduler):
    """A schedule whose curve is known: a scale of the base value above a lower limit.

    A step moves the present value by the ratio of two neighboring points of the curve, so that
    what other schedules did to the value stays in it.
    """

    @abstractmethod
    def _scale(self, step: int) -> float:
        """Return the height of the curve at a time after `begin`; 1 is the base value."""

    def _floor(self, base: float) -> float:
        """Return the lower limit, at which the scale is 0."""
        return 0.0

    def _get_value(self) -> list[float]:
        scale = self._scale(self.last_step)
        previous = self._scale(self.last_step - 1) if self.last_step > 0 else 1.0
        return [
            self._move(value, base, scale, previous)
            for value, base in zip(self._values(), self.base_values, strict=True)
        ]

    def _move(self, value: float, base: float, scale: float, previous: float) -> float:
        if scale == previous:
            return value
        floor = self._floor(base)
        if previous == 0:  # from the limit there is no ratio, and the curve starts from the base
            return floor + (base - floor) * scale
        return floor + (value - floor) * (scale / previous)


class _OneOptionMixin(_ParamScheduler):
    """Turn a schedule of any option into one of a certain option.

    Args:
        optimizer: A torch optimizer or an optimizer wrapper.
        args: Further arguments of the schedule, without `param_name`.
        kwargs: The same.
    """

    _option: ClassVar[str]
    __signature__: ClassVar[Signature]

    @check_types
    def __init__(self, optimizer: HasParamGroups, *args: Any, **kwargs: Any) -> None:
        super().__init__(optimizer, self._option, *args, **kwargs)

    def __init_subclass__(cls) -> None:
        """Show the arguments that a schedule takes, to errors about a config among others."""
        super().__init_subclass__()
        init = cls.__init__
        if init is _OneOptionMixin.__init__:
            init = super().__init__
        shown = list(signature(init).parameters.values())[1:]
        cls.__signature__ = Signature([p for p in shown if p.name != "param_name"])
