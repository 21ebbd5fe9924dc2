"""Scalars of runs, as `LocalVisBackend` writes them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from numbers import Real
from pathlib import Path
from typing import NamedTuple

PathLike = str | os.PathLike[str]
Line = dict[str, float]
Points = dict[int, float]

# Where the numbers are, seen from a file's own folder, from a start of a run, and from a work
# directory.
_PLACES = ("scalars.json", "vis_data/scalars.json", "*/vis_data/scalars.json")
_TAIL = ("vis_data", "scalars.json")


class Curves(NamedTuple):
    """The values of a run by the names of the numbers, each by its steps.

    Attributes:
        training: What was logged in iterations of the training.
        others: What was logged beside them, such as the metrics of a validation.
    """

    training: dict[str, Points]
    others: dict[str, Points]

    @property
    def epochs(self) -> float:
        """The number of the last epoch, or 0 if no line has one."""
        return max(self.training.get("epoch", {}).values(), default=0)


def find_runs(paths: Iterable[PathLike]) -> dict[str, list[Path]]:
    """Find the files of numbers of runs.

    Args:
        paths: Work directories, folders of single starts in them, or the files themselves.

    Returns:
        For the name of each run, made of as much of its path as tells it from the others, its
        files; that of a resumed run has several, in their order.

    Raises:
        FileNotFoundError: If a path does not exist.
        ValueError: If a folder holds no run.
    """
    by_path = {Path(path).absolute(): _files_at(Path(path)) for path in paths}
    return dict(zip(_names(list(by_path)), by_path.values(), strict=True))


def read_curves(files: Sequence[PathLike]) -> Curves:
    """Read the curves of a run.

    Args:
        files: The files of its starts. From the first step that a start logged under a name, its
            values take the place of those of earlier ones, which a resumed run does over.

    Raises:
        ValueError: If a file is malformed.
    """
    starts = [_split(_lines_of(Path(file))) for file in files]
    trained = [start for start in starts if start.training]
    curves = Curves({}, {})
    for start in trained or starts:  # one that only validated is no part of a training
        curves = Curves(
            _continue_scalars(curves.training, start.training),
            _continue_scalars(curves.others, start.others),
        )
    return curves


def _files_at(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise FileNotFoundError(f"there is no file or folder {path}")
    for place in _PLACES:
        if found := sorted(path.glob(place)):
            return found
    below = sorted({str(file.parents[2]) for file in path.glob(f"*/{_PLACES[-1]}")})
    hint = f"; name runs in it: {', '.join(below)}" if below else ""
    raise ValueError(f"{path} holds no run: there is no {_PLACES[-1]} in it{hint}")


def _names(paths: Sequence[Path]) -> list[str]:
    """Return the shortest ends of paths that are all different."""
    ends = []
    for path in paths:
        parts = path.parts[1:]
        while len(parts) > 1 and parts[-1] in _TAIL:
            parts = parts[:-1]
        ends.append(parts)
    length = 1
    while len({end[-length:] for end in ends}) < len(set(ends)):
        length += 1
    return ["/".join(end[-length:]) for end in ends]


def _lines_of(file: Path) -> list[Line]:
    lines = []
    for number, text in enumerate(file.read_text("utf-8").splitlines(), start=1):
        try:
            line = json.loads(text)
        except ValueError as error:
            raise ValueError(f"{file}, line {number} is no JSON: {error}") from error
        if not isinstance(line, dict) or "step" not in line:
            raise ValueError(f"{file}, line {number} has no step: {text}")
        if others := [name for name in line if not isinstance(line[name], Real)]:
            raise ValueError(f"{file}, line {number}: {others[0]} is no number: {text}")
        lines.append(line)
    return lines


def _split(lines: Sequence[Line]) -> Curves:
    """Put the lines of one start into curves."""
    tells_iter = any("iter" in line for line in lines)
    curves = Curves({}, {})
    for line in lines:
        is_training = "iter" in line if tells_iter else any("loss" in name for name in line)
        for name in line.keys() - {"step"}:
            points = (curves.training if is_training else curves.others).setdefault(name, {})
            points[int(line["step"])] = float(line[name])
    return curves


def _continue_scalars(old: dict[str, Points], new: dict[str, Points]) -> dict[str, Points]:
    joined = {}
    for name in sorted(old.keys() | new.keys()):
        first = min(new.get(name, ()), default=None)
        kept = {
            step: value
            for step, value in old.get(name, {}).items()
            if first is None or step < first
        }
        joined[name] = dict(sorted({**kept, **new.get(name, {})}.items()))
    return joined
