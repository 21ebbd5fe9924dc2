"""The values that a sweep tries: choices, and ranges."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.config import ConfigError, parse_options

_NUMBER = r"[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:e[+-]?\d+)?"
_RANGE = re.compile(rf"({_NUMBER})\.\.({_NUMBER})(:log)?", re.IGNORECASE)


@dataclass(frozen=True)
class Range:
    """Numbers between two ends, which belong to it; whole numbers if the ends are.

    Attributes:
        low: The least number.
        high: The greatest.
        is_log: Whether the logarithm is drawn evenly, and not the number.
    """

    low: float
    high: float
    is_log: bool = False

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"a range is from the less to the greater number; got {self}")
        if self.is_log and self.low <= 0:
            raise ValueError(f"a range with :log begins above 0; got {self}")

    @property
    def is_whole(self) -> bool:
        """Whether only whole numbers are drawn."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    def __str__(self) -> str:
        return f"{self.low}..{self.high}{':log' if self.is_log else ''}"


Choices = tuple[Any, ...]
Space = Mapping[str, Choices | Range]
Setting = Mapping[str, Any]


def parse_space(options: Iterable[str]) -> dict[str, Choices | Range]:
    """Return the values to try for each key of a config.

    Args:
        options: `KEY=VALUE,VALUE,...` for choices, each value as in `--cfg-options`, or
            `KEY=LOW..HIGH` and `KEY=LOW..HIGH:log` for ranges.

    Raises:
        ConfigError: If an option is not of this form, or a key is given twice.
    """
    space: dict[str, Choices | Range] = {}
    for option in options:
        for key, value in parse_options([option]).items():
            if key in space:
                raise ConfigError(f"--set {option}: {key} is given twice")
            try:
                space[key] = _values_of(value)
            except ValueError as error:
                raise ConfigError(f"--set {option}: {error}") from None
    return space


def option_of(key: str, value: Any) -> str:
    """Return the option of a command line that sets a value.

    Args:
        key: The dotted key.
        value: Plain data.

    Raises:
        ValueError: If a command line can't say the value.
    """
    for text in (value, repr(value)) if isinstance(value, str) else (repr(value),):
        option = f"{key}={text}"
        if repr(parse_options([option])[key]) == repr(value):
            return option
    raise ValueError(f"{key}: {value!r} can't be given on a command line")


def representatives(space: Space) -> list[dict[str, Any]]:
    """Return a few settings in which each choice, and each end of a range, occurs."""
    ends = {
        key: (each.low, each.high) if isinstance(each, Range) else each
        for key, each in space.items()
    }
    count = max(map(len, ends.values()), default=1)
    return [
        {key: values[number % len(values)] for key, values in ends.items()}
        for number in range(count)
    ]


def _values_of(value: Any) -> Choices | Range:
    if isinstance(value, str) and (match := _RANGE.fullmatch(value)):
        low, high, log = match.groups()
        return Range(_number(low), _number(high), log is not None)
    values = value if isinstance(value, list) else [value]
    if not values:
        raise ValueError("there is no value to try")
    return tuple({repr(each): each for each in values}.values())


def _number(text: str) -> float:
    return int(text) if re.fullmatch(r"[+-]?\d+", text) else float(text)
