"""The runs of a sweep: their names, settings, seeds and commands."""

from __future__ import annotations

import hashlib
import itertools
import math
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.utils import shortest_ends

from ._draw import random_settings
from ._space import Range, Setting, Space, option_of

_LONGEST = 120  # characters of the name of a run
_UNSAFE = re.compile(r"[^\w.+=,-]")


@dataclass(frozen=True)
class SweepRun:
    """One training of a sweep.

    Attributes:
        name: The name of its folder, which tells its setting and seed.
        setting: Values by dotted key.
        seed: The seed; None means that of the config.
    """

    name: str
    setting: Setting = field(hash=False)
    seed: int | None = None


@dataclass(frozen=True)
class Sweep:
    """What a sweep trains.

    Attributes:
        config: The config, a file or `package::file`.
        space: The values to try for each key; see `parse_space`.
        work_dir: The folder in which each run has its own.
        seeds: How many seeds each setting is trained with, from 0; None means the seed of the
            config.
        arguments: Further words of `engine train`: `("--device", "cuda")`.

    Raises:
        ValueError: If there is nothing to try, or a value can't be given on a command line.
    """

    config: str
    space: Space
    work_dir: str | Path
    seeds: int | None = None
    arguments: Sequence[str] = ()

    def __post_init__(self) -> None:
        if not self.space and self.seeds is None:
            raise ValueError("a sweep needs values to try (--set), or several seeds (--seeds)")
        if self.seeds is not None and self.seeds < 1:
            raise ValueError(f"a sweep trains with at least 1 seed; got {self.seeds}")
        for key, values in self.space.items():
            for value in () if isinstance(values, Range) else values:
                option_of(key, value)

    @property
    def combinations(self) -> float:
        """How many settings there are; infinite if there is a range."""
        sizes = [math.inf if isinstance(v, Range) else len(v) for v in self.space.values()]
        return math.prod(sizes)

    def grid(self) -> list[SweepRun]:
        """Return a run for each combination and seed.

        Raises:
            ValueError: If there is a range.
        """
        choices = []
        for key, values in self.space.items():
            if isinstance(values, Range):
                raise ValueError(
                    f"{key}={values} is a range, of which no grid can be made: say how many "
                    "settings to draw (--random, --trials), or list values"
                )
            choices.append(values)
        settings = [
            dict(zip(self.space, each, strict=True)) for each in itertools.product(*choices)
        ]
        return [run for setting in settings for run in self.runs_of(setting)]

    def draw(self, count: int, seed: int = 0) -> list[SweepRun]:
        """Return the runs of different settings that are drawn at random.

        Args:
            count: How many settings.
            seed: What they depend on.

        Raises:
            ValueError: If there are not so many.
        """
        if not 1 <= count <= self.combinations:
            raise ValueError(
                f"{count} settings can't be drawn: there are {self.combinations} combinations"
            )
        settings: dict[str, Setting] = {}
        for setting in random_settings(self.space, seed):
            settings.setdefault(repr(setting), setting)
            if len(settings) == count:
                break
        return [run for setting in settings.values() for run in self.runs_of(setting)]

    def runs_of(self, setting: Setting, start: str = "") -> list[SweepRun]:
        """Return the runs of a setting, one for each seed.

        Args:
            setting: Values by dotted key.
            start: What their names begin with.
        """
        seeds = [None] if self.seeds is None else range(self.seeds)
        return [SweepRun(self._name(setting, seed, start), setting, seed) for seed in seeds]

    def folder(self, run: SweepRun) -> Path:
        """Return the work directory of a run."""
        return Path(self.work_dir) / run.name

    def words(self, run: SweepRun) -> list[str]:
        """Return the words of the `engine train` of a run."""
        seed = [] if run.seed is None else ["--seed", str(run.seed)]
        options = [option_of(key, value) for key, value in run.setting.items()]
        return [
            "train",
            self.config,
            *("--work-dir", str(self.folder(run)), "--resume", *seed),
            *self.arguments,
            *(word for option in options for word in ("--cfg-options", option)),
        ]

    def command(self, run: SweepRun) -> list[str]:
        """Return the command of a run."""
        return [sys.executable, "-m", "engine", *self.words(run)]

    def _name(self, setting: Setting, seed: int | None, start: str) -> str:
        keys = shortest_ends([key.split(".") for key in setting], ".")
        parts = [f"{key}={_short(v)}" for key, v in zip(keys, setting.values(), strict=True)]
        parts += [] if seed is None else [f"seed={seed}"]
        whole = ",".join([start, *parts] if start else parts)
        name = _UNSAFE.sub("_", whole)
        if name == whole and len(name) <= _LONGEST:
            return name
        digest = hashlib.sha256(whole.encode()).hexdigest()[:6]  # what was lost told names apart
        tail = f",{parts[-1]}" if seed is not None else ""
        return f"{name[: _LONGEST - len(tail) - 7].removesuffix(tail)}-{digest}{tail}"


def _short(value: Any) -> str:
    if isinstance(value, float):
        text = f"{value:.4g}"
        return text if float(text) == value else f"{value:.6g}"
    return value if isinstance(value, str) else repr(value).replace(" ", "")
