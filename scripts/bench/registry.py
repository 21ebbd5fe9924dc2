"""What look-ups and builds of the registry cost, as ratios to a floor.

The floor of a look-up is a method that does one dictionary look-up; of a build, that and the call.
Each case is timed (the best of several rounds), and its instructions are counted by valgrind's
callgrind, which does not depend on what else the machine does.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any, NamedTuple

from engine.registry import DefaultScope, Registry

Op = Callable[[], object]

_REPEATS = 500


class Case(NamedTuple):
    """A thing to measure.

    Attributes:
        name: What it is.
        op: The thing.
        floor: The name of the case that is its floor; a floor has none.
        most: The ratio that it should not exceed.
        scope: The default scope in which it is measured.
    """

    name: str
    op: Op
    floor: str | None = None
    most: float | None = None
    scope: str | None = None


class Thing:
    """A class that is cheap to build."""

    def __init__(self, **kwargs: Any) -> None:
        pass


class Floor:
    """The least that a registry could do."""

    def __init__(self, names: dict[str, Any]) -> None:
        self._names = names

    def get(self, name: str) -> Any:
        """Look up."""
        return self._names[name]

    def put(self, name: str, module: Any) -> None:
        """Set."""
        self._names[name] = module

    def build(self, name: str, kwargs: dict[str, Any]) -> Any:
        """Look up, and call."""
        return self._names[name](**kwargs)

    def has(self, name: str) -> bool:
        """Look up."""
        return name in self._names


def cases(names: int, siblings: int) -> Iterator[Case]:
    """Yield the cases for trees of some size.

    Args:
        names: How many names the root has, and each sibling.
        siblings: How many libraries there are.
    """
    root = _filled(Registry("thing", scope="top"), names)
    libraries = [_filled(root.child(f"lib{i}"), max(1, names // siblings)) for i in range(siblings)]
    chain = [root]
    for i in range(10):
        chain.append(chain[-1].child(f"deep{i}"))
    floor = Floor(dict(root.module_dict))
    eight = {f"key{i}": i for i in range(8)}
    own, other = libraries[0], libraries[-1]
    own.register_module("Local", module=Thing)
    sibling = f"{other.scope}.Thing0"

    yield Case("floor: look-up", lambda: floor.get("Thing"))
    yield Case("floor: in", lambda: floor.has("Thing"))
    yield Case("floor: build", lambda: floor.build("Thing", {}))
    yield Case("floor: build, 8 keywords", lambda: floor.build("Thing", eight))

    look = "floor: look-up"
    yield Case("get, local", lambda: root.get("Thing"), look, 3)
    for levels in (1, 3, 10):
        node = chain[levels]
        yield Case(f"get, {levels} levels up", _asks(node, "Thing"), look, 3)
    yield Case("get, own scope", lambda: own.get("lib0.Local"), look, 3)
    yield Case("get, sibling", lambda: own.get(sibling), look, 3)
    yield Case("get, a miss", lambda: root.get("Nothing", None), look, 10)
    yield Case("in", lambda: "Thing" in root, "floor: in", 3)
    yield Case("in, a miss", lambda: "Nothing" in root, "floor: in", 10)

    bare, full, direct = {"type": "Thing"}, {"type": "Thing", **eight}, {"type": Thing}
    scoped, local = {"type": "Local", "_scope_": "lib0"}, {"type": "Local"}
    build = "floor: build"
    yield Case("build", lambda: root.build(bare), build, 3)
    yield Case("build, 8 keywords", lambda: root.build(full), "floor: build, 8 keywords", 3)
    yield Case("build, a class as type", lambda: root.build(direct), build, 3)
    yield Case("build, with _scope_", lambda: root.build(scoped), build, 3)
    yield Case("build, default scope from the root", lambda: root.build(local), build, 3, "lib0")
    put, again = "floor: set a key", Registry("thing", scope="again")
    yield Case(put, lambda: floor.put("Thing", Thing))
    yield Case(
        "register_module", lambda: again.register_module("Thing", force=True, module=Thing), put
    )
    yield Case("a scope switch", _switch)
    yield Case("floor: set and reset a context variable", _set_and_reset)


def _asks(node: Registry[Any], key: str) -> Op:
    return lambda: node.get(key)


def _switch() -> None:
    with DefaultScope.overwrite_default_scope("lib0"):
        pass


_VARIABLE: ContextVar[int] = ContextVar("floor")


def _set_and_reset() -> None:
    token = _VARIABLE.set(1)
    try:
        pass
    finally:
        _VARIABLE.reset(token)


def _filled(registry: Registry[Any], names: int) -> Registry[Any]:
    if registry.parent is None:
        registry.register_module("Thing", module=Thing)
    for i in range(names - (registry.parent is None)):
        registry.register_module(f"Thing{i}", module=Thing)
    return registry


def seconds(case: Case, rounds: int = 15, repeats: int = 4_000) -> float:
    """Return the time of one call in nanoseconds, the best of several rounds."""
    op, best = case.op, float("inf")
    with DefaultScope.overwrite_default_scope(case.scope):
        for _ in range(rounds):
            start = time.perf_counter_ns()
            for _ in range(repeats):
                op()
            best = min(best, time.perf_counter_ns() - start)
    return best / repeats


def instructions(names: int, siblings: int) -> dict[str, float]:
    """Return the instructions of one call of each case, counted in a process of its own."""
    if shutil.which("valgrind") is None:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        command = ["valgrind", "--tool=callgrind", "--dump-before=getppid"]
        command += [f"--callgrind-out-file={folder}/out", "-q", sys.executable, __file__]
        command += ["--count", str(names), str(siblings)]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        order = told.splitlines()
        dumps = sorted(Path(folder).glob("out.*"), key=lambda path: int(path.suffix[1:]))
        counts = [int(re.findall(r"^totals: (\d+)", path.read_text(), re.M)[0]) for path in dumps]
    # A dump holds what came before its mark, and a case stands between two marks.
    counted = counts[2::2]
    return {
        name: (total - counted[0]) / _REPEATS for name, total in zip(order, counted, strict=True)
    }


def count(names: int, siblings: int) -> None:
    """Run each case between two marks that callgrind sees; print the names in order."""
    everything = [Case("nothing", lambda: None), *cases(names, siblings)]
    os.getppid()  # what came before belongs to no case
    for case in everything:
        print(case.name)
        op = case.op
        with DefaultScope.overwrite_default_scope(case.scope):
            op()  # fills the caches
            os.getppid()
            for _ in range(_REPEATS):
                op()
            os.getppid()


START_UP = {
    "python -c pass": "pass",
    "import engine": "import engine",
    "from engine.registry import Registry, MODELS": "from engine.registry import Registry, MODELS",
    "a first build": (
        "from engine.registry import Registry\n"
        "registry = Registry('thing')\n"
        "registry.register_module('thing', module=dict)\n"
        "registry.build({'type': 'thing'})"
    ),
}


def start_up() -> Iterator[tuple[str, int]]:
    """Yield the instructions of whole processes, the bare interpreter first."""
    for name, code in START_UP.items():
        with tempfile.TemporaryDirectory() as folder:
            command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out"]
            told = subprocess.run(
                [*command, sys.executable, "-c", code], capture_output=True, text=True, check=True
            )
        yield name, int(re.findall(r"Collected : (\d+)", told.stderr)[0])


def memory(names: int = 100_000) -> float:
    """Return the bytes that a registered name takes, the dictionaries included."""
    keys = [f"Name{i}" for i in range(names)]
    tracemalloc.start()
    registry: Registry[Any] = Registry("thing", scope="top")
    for key in keys:
        registry.register_module(key, module=Thing)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return size / names


def main(words: list[str]) -> None:
    """Print the table.

    Args:
        words: The words of the command line.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", nargs=2, type=int, help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="only the smallest tree")
    options = parser.parse_args(words)
    if options.count:
        count(*options.count)
        return
    sizes = [(10, 1)] if options.quick else [(10, 1), (1_000, 50), (100_000, 50)]
    for names, siblings in sizes:
        print(f"\n### {names:,} names, {siblings} siblings\n")
        print("| case | ns | time ratio | instructions | instruction ratio | target |")
        print("|---|---:|---:|---:|---:|---:|")
        _print_rows(names, siblings)
    if shutil.which("valgrind"):
        print("\n### Start-up\n\n| process | million instructions | ratio | target |")
        print("|---|---:|---:|---:|")
        counted = dict(start_up())
        bare = next(iter(counted.values()))
        for name, number in counted.items():
            print(f"| `{name}` | {number / 1e6:.0f} | {number / bare:.2f} | ≤ 2.5 |")
    print(f"\nA registered name takes {memory():.0f} bytes.")


def _print_rows(names: int, siblings: int) -> None:
    counted = instructions(names, siblings)
    timed: dict[str, float] = {}
    for case in cases(names, siblings):
        timed[case.name] = seconds(case)
        ratio = counted_ratio = ""
        if case.floor is not None:
            ratio = f"{timed[case.name] / timed[case.floor]:.1f}"
            if counted:
                counted_ratio = f"{counted[case.name] / counted[case.floor]:.1f}"
        number = f"{counted[case.name]:.0f}" if counted else "no valgrind"
        most = f"≤ {case.most:g}" if case.most else ""
        print(
            f"| {case.name} | {timed[case.name]:.0f} | {ratio} | {number} | {counted_ratio} "
            f"| {most} |"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
