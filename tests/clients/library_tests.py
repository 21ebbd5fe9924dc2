"""Run the tests of a library written for MMEngine on MMEngine and on engine.

    python tests/clients/library_tests.py CHECKOUT [--engine | --mmengine] [WORDS FOR PYTEST]

It lists the tests that pass on MMEngine and not on engine, and then ends with status 1. With one of
the options only that one is run, and what does not pass is listed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from environment import ROOT, prepare, run

PYTEST = ("pytest==8.4.2", "parameterized==0.9.0")
# Test classes and warnings of others are as they are.
OPTIONS = ("-p", "no:cacheprovider", "--continue-on-collection-errors", "-q", "-W", "ignore")

Outcomes = dict[str, str]  # what went wrong in each test, '' if nothing did


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("checkout", type=Path, help="the folder that has the library and `tests`")
    chosen = parser.add_mutually_exclusive_group()
    for name in ("engine", "mmengine"):
        chosen.add_argument(f"--{name}", dest="only", action="store_const", const=name)
    parser.add_argument(
        "--environments",
        type=Path,
        default=ROOT / ".venv" / "clients",
        help="where the environments `mmengine` and `engine` are, or are made",
    )
    options, words = parser.parse_known_args()
    outcomes: dict[str, Outcomes] = {}
    for name in [options.only] if options.only else ["mmengine", "engine"]:
        python = prepare_for_tests(options.environments / name)
        outcomes[name] = run_tests(python, options.checkout, words or ["tests"])
        passed = sum(not problem for problem in outcomes[name].values())
        print(f"{name}: {passed} of {len(outcomes[name])} tests pass", flush=True)
    bad = list_failures(outcomes)
    for test, problem in bad.items():
        print(f"{test}\n    {problem}")
    sys.exit(bool(bad))


def prepare_for_tests(folder: Path) -> Path:
    """Return the Python of an environment that has pytest."""
    python = prepare(folder)
    if subprocess.run([python, "-c", "import pytest"], capture_output=True, check=False).returncode:
        run("pip", "install", "--quiet", "--python", str(python), *PYTEST)
    return python


def run_tests(python: Path, checkout: Path, words: list[str]) -> Outcomes:
    """Run tests of a checkout, and return what went wrong in each."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        options = [*OPTIONS, f"--junitxml={report}"]
        command: list[str | Path] = [python, "-m", "pytest", *options, *words]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        done = subprocess.run(
            command, cwd=checkout, env=environment, stdout=subprocess.PIPE, text=True, check=False
        )
        if not report.exists():
            raise SystemExit(f"pytest ended with status {done.returncode}:\n{done.stdout[-3000:]}")
        cases = ElementTree.parse(report).iter("testcase")
        return {f"{case.get('classname')}.{case.get('name')}": _problem(case) for case in cases}


def _problem(case: ElementTree.Element) -> str:
    """Return what went wrong in a test, or why it was skipped; '' if it passed."""
    for kind in ("failure", "error", "skipped"):
        if (found := case.find(kind)) is not None:
            return f"{kind}: {' '.join((found.get('message') or '').split())[:200]}"
    return ""


def list_failures(outcomes: dict[str, Outcomes]) -> Outcomes:
    """Return the tests that pass on MMEngine alone; where there is one of both, all that fail."""
    ours = outcomes.get("engine", outcomes.get("mmengine", {}))
    if len(outcomes) == 1:
        return {test: what for test, what in ours.items() if what and not what.startswith("skip")}
    right = [test for test, problem in outcomes["mmengine"].items() if not problem]
    return {test: what for test in right if (what := ours.get(test, "error: it was not collected"))}


if __name__ == "__main__":
    main()
