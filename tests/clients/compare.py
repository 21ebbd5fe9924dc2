"""Compare the facts about a library on engine with those that were recorded on MMEngine.

    python tests/clients/compare.py PYTHON LIBRARY [--models N]

PYTHON is that of an environment with engine in MMEngine's place (`environment.py`).
"""

from __future__ import annotations

import argparse
import json
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
KINDS = ("configs", "models", "parts", "inferencers")


class Result(NamedTuple):
    """What a comparison found.

    Attributes:
        line: What was compared, and with which result.
        differences: The facts that differ: name, recorded, found.
    """

    line: str
    differences: list[tuple[str, Any, Any]]


def read_facts(python: Path, library: str, models: int | None = None) -> dict[str, dict[str, Any]]:
    """Return the facts about a library in an environment."""
    words = [str(python), "-W", "ignore", str(HERE / "facts.py"), library]
    if models is not None:
        words += ["--models", str(models)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    facts: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return facts


def read_record(library: str) -> dict[str, dict[str, Any]]:
    """Return the facts that were recorded on MMEngine."""
    record: dict[str, dict[str, Any]] = json.loads(
        (HERE / "records" / f"{library}.json").read_text()
    )
    return record


def compare(kind: str, library: str, record: dict[str, Any], facts: dict[str, Any]) -> Result:
    """Compare the facts of a kind. What MMEngine refuses is not compared."""
    names = [name for name in record if name in facts or kind != "models"]
    refused = [name for name in names if is_error(record[name])]
    compared = [name for name in names if name not in set(refused)]
    differences = [
        (name, record[name], facts.get(name))
        for name in compared
        if not is_equal(record[name], facts.get(name))
    ]
    equal = len(compared) - len(differences)
    what = {
        "configs": "values equal",
        "models": "parameters, buffers and optimizer settings equal",
        "parts": "of the same class",
        "inferencers": "same prediction with the same random weights",
    }[kind]
    line = f"{library}: {equal} of {len(compared)} {kind}: {what}"
    if refused:
        line += f"; MMEngine itself refuses {len(refused)} more"
    return Result(line, differences)


def is_error(fact: Any) -> bool:
    """Return whether a fact is the error in its place."""
    return isinstance(fact, str) and fact.startswith("error: ")


def is_equal(recorded: Any, found: Any) -> bool:
    """Return whether two facts are equal, but for what MMEngine refuses."""
    if isinstance(recorded, dict) and isinstance(found, dict):
        return all(is_error(each) or each == found.get(key) for key, each in recorded.items())
    return bool(recorded == found)


def main() -> None:
    """Print what is compared for a library."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("python", type=Path)
    parser.add_argument("library")
    parser.add_argument("--models", type=int, help="compare so many models; all by default")
    args = parser.parse_args()
    record, facts = read_record(args.library), read_facts(args.python, args.library, args.models)
    for kind in KINDS:
        line, differences = compare(kind, args.library, record[kind], facts[kind])
        print(line)
        for name, recorded, found in differences:
            print(f"  {name}: {recorded} on MMEngine, {found} here")


if __name__ == "__main__":
    main()
