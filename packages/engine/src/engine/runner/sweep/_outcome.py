"""The file that tells how a run of a sweep ended."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal, Self, get_args

from engine.fileio import put_text

Status = Literal["waiting", "running", "finished", "interrupted", "failed", "pruned"]

FILE_NAME = "outcome.json"


@dataclass(frozen=True)
class Outcome:
    """How far a run is.

    Attributes:
        status: `'waiting'`, `'running'`, `'finished'`, `'interrupted'` (by a signal, or killed),
            `'failed'` or `'pruned'` (stopped for it was worse than others).
        error: What it failed with, in one line.
        words: The words of its `engine train`.
    """

    status: Status = "waiting"
    error: str = ""
    words: tuple[str, ...] = ()

    @property
    def is_over(self) -> bool:
        """Whether the run is not to be run again."""
        return self.status in ("finished", "pruned")

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the outcome of the run in a folder.

        Raises:
            ValueError: If the file is malformed.
        """
        file = folder / FILE_NAME
        if not file.exists():
            return cls()
        try:
            facts = json.loads(file.read_text("utf-8"))
            outcome = cls(facts["status"], str(facts["error"]), tuple(map(str, facts["words"])))
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{file} does not tell how a run ended: {error!r}") from error
        if outcome.status not in get_args(Status):
            raise ValueError(f"{file} does not tell how a run ended: {outcome.status!r}")
        return outcome

    def write(self, folder: Path) -> None:
        """Write it into the folder of the run."""
        put_text(json.dumps(asdict(self), indent=2), folder / FILE_NAME)


@contextmanager
def noting_outcome(folder: Path | None, words: Sequence[str] = ()) -> Iterator[None]:
    """Write how a `with` block ended into a folder.

    Args:
        folder: The folder; None notes nothing.
        words: The words of the command.
    """
    if folder is None:
        yield
        return
    begun = Outcome("running", words=tuple(words) or Outcome.read(folder).words)
    begun.write(folder)
    try:
        yield
    except Exception as error:
        replace(begun, status="failed", error=_describe(error)).write(folder)
        raise
    except BaseException:  # a signal
        replace(begun, status="interrupted").write(folder)
        raise
    replace(begun, status="finished").write(folder)


def _describe(error: Exception) -> str:
    text = str(error).strip()
    first = text.splitlines()[0] if text else ""
    return f"{type(error).__name__}: {first}" if first else type(error).__name__
