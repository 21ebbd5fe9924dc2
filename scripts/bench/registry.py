"""What lookups and builds of the registry cost, as ratios to a floor.

The floor of a lookup is a method that does one dictionary lookup; of a build, that and the call.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from functools import partial
from typing import Any

from measure import Case, Op, count, instructions, print_table

from engine.registry import DefaultScope, Registry

_MANY = 100


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

    def build(self, name: str, kwargs: dict[str, Any]) -> Any:
        """Look up, and call."""
        return self._names[name](**kwargs)

    def has(self, name: str) -> bool:
        """Look up."""
        return name in self._names

    def register(self) -> Callable[[type], type]:
        """Return a decorator that sets."""

        def decorate(module: type) -> type:
            self._names[module.__name__] = module
            return module

        return decorate


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

    yield Case("floor: lookup", lambda: floor.get("Thing"))
    yield Case("floor: in", lambda: floor.has("Thing"))
    yield Case("floor: build", lambda: floor.build("Thing", {}))
    yield Case("floor: build, 8 keywords", lambda: floor.build("Thing", eight))

    look = "floor: lookup"
    yield Case("get, local", lambda: root.get("Thing"), look, 3)
    for levels in (1, 3, 10):
        node = chain[levels]
        yield Case(f"get, {levels} levels up", _asks(node, "Thing"), look, 3)
    yield Case("get, own scope", lambda: own.get("lib0.Local"), look, 3)
    yield Case("get, sibling", lambda: own.get(sibling), look, 3)
    yield Case("get, a miss", lambda: root.get("Nothing", None), look, 10)
    yield Case("in", lambda: "Thing" in root, "floor: in", 3)
    yield Case("in, a miss", lambda: "Nothing" in root, "floor: in", 10)

    # Each of so many names is looked up once after the registry has changed.
    keys = [f"Cold{i}" for i in range(_MANY)]
    for key in keys:
        root.register_module(key, module=Thing)
        other.register_module(key, module=Thing)
    floor_of_cold = Floor(dict(root.module_dict))

    def cold(node: Registry[Any], keys: Sequence[str]) -> Op:
        def op() -> None:
            root.module_dict["Changed"] = Thing
            for key in keys:
                node.get(key)

        return op

    def look_up_each() -> None:
        for key in keys:
            floor_of_cold.get(key)

    each = f"floor: {_MANY} lookups"
    yield Case(each, look_up_each, repeats=40)
    yield Case(f"{_MANY} cold gets, local", cold(root, keys), each, 6, repeats=40)
    yield Case(f"{_MANY} cold gets, 10 levels up", cold(chain[10], keys), each, 6, repeats=40)
    yield Case(f"{_MANY} cold gets, in a scope", cold(root, keys), each, 6, _in_lib0, repeats=40)
    siblings_keys = [f"{other.scope}.{key}" for key in keys]
    yield Case(f"{_MANY} cold gets, sibling", cold(own, siblings_keys), each, repeats=40)

    bare, full, direct = {"type": "Thing"}, {"type": "Thing", **eight}, {"type": Thing}
    scoped, local = {"type": "Local", "_scope_": "lib0"}, {"type": "Local"}
    build = "floor: build"
    yield Case("build", lambda: root.build(bare), build, 3)
    yield Case("build, 8 keywords", lambda: root.build(full), "floor: build, 8 keywords", 3)
    yield Case("build, a class as type", lambda: root.build(direct), build, 3)
    yield Case("build, with _scope_", lambda: root.build(scoped), build, 3)
    yield Case("build, default scope from the root", lambda: root.build(local), build, 3, _in_lib0)
    classes = [type(key, (), {}) for key in keys]

    def set_each() -> None:
        empty = Floor({})
        for each in classes:
            empty.register()(each)

    def register_each() -> None:
        empty: Registry[Any] = Registry("thing", scope="empty")
        for each in classes:
            empty.register_module()(each)

    put = f"floor: {_MANY} decorators that set a key"
    yield Case(put, set_each, repeats=40)
    yield Case(f"register_module of {_MANY} classes", register_each, put, 3, repeats=40)
    yield Case("a scope switch", _switch)
    yield Case("floor: set and reset a context variable", _set_and_reset)


_in_lib0 = partial(DefaultScope.overwrite_default_scope, "lib0")


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
        count(cases(*options.count))
        return
    sizes = [(10, 1)] if options.quick else [(10, 1), (1_000, 50), (100_000, 50)]
    for names, siblings in sizes:
        print(f"\n### {names:,} names, {siblings} siblings\n")
        counted = instructions(__file__, ["--count", str(names), str(siblings)])
        print_table(cases(names, siblings), counted)
    if shutil.which("valgrind"):
        print("\n### Start-up\n\n| process | million instructions | ratio | target |")
        print("|---|---:|---:|---:|")
        started = dict(start_up())
        bare = next(iter(started.values()))
        for name, number in started.items():
            print(f"| `{name}` | {number / 1e6:.0f} | {number / bare:.2f} | ≤ 2.5 |")
    print(f"\nA registered name takes {memory():.0f} bytes.")


if __name__ == "__main__":
    main(sys.argv[1:])
