"""What reading, changing and writing a config costs, as ratios to a floor.

The floor of reading is `exec` of the same files and a merge of plain dictionaries; of attributes,
plain objects; of items and copies, plain dictionaries; of a text, `pprint.pformat`; of options,
first the assignments written out on plain dictionaries, then a loop that splits the keys.
"""

from __future__ import annotations

import argparse
import copy
import pprint
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from measure import Case, count, instructions, print_table

from engine.config import Config, leaves

_LEVELS = 5  # a config and its chain of four bases
_MS = 20  # how often what takes milliseconds is done in a round


def write_chain(folder: Path, parts: int) -> Path:
    """Write a config with a chain of four bases, and return its file.

    Args:
        folder: Where to write.
        parts: How many parts each file adds; one has eleven leaves.
    """
    for level in range(_LEVELS):
        text = f"_base_ = ['level{level - 1}.py']\n" if level else "scale = 2\n"
        if level:
            text += f"scale{level} = {{{{ _base_.scale }}}}\n"
            text += f"folder{level} = '{{{{ fileDirname }}}}/data'\n"
        text += "model = dict(\n"
        for part in range(level * parts, (level + 1) * parts):
            text += f"    part{part}=dict(\n        type='Part{part}',\n        size=(1, {part}),\n"
            text += "".join(f"        key{key}={key / 2 + part},\n" for key in range(8))
            text += "    ),\n"
        if level:
            text += f"    part{(level - 1) * parts}=dict(key7={level}),\n"
        (folder / f"level{level}.py").write_text(text + ")\n")
    return folder / f"level{_LEVELS - 1}.py"


def write_read_base(folder: Path, parts: int) -> Path:
    """Write the same as `write_chain` with `read_base`, and return its file."""
    for level in range(_LEVELS):
        text = "from engine.config import read_base\n\n"
        if level:
            text += f"with read_base():\n    from .lazy{level - 1} import *\n\n"
        text += "" if level else "scale = 2\nmodel = dict()\n"
        text += "model.update(\n"
        for part in range(level * parts, (level + 1) * parts):
            text += f"    part{part}=dict(\n        type=dict,\n        size=(1, {part}),\n"
            text += "".join(f"        key{key}={key / 2 + part},\n" for key in range(8))
            text += "    ),\n"
        text += ")\n"
        if level:
            text += f"model['part{(level - 1) * parts}'].update(key7={level})\n"
        (folder / f"lazy{level}.py").write_text(text)
    return folder / f"lazy{_LEVELS - 1}.py"


def plain_chain(file: Path) -> dict[str, Any]:
    """Return what `write_chain` wrote, by `exec` and a merge of dictionaries."""
    result: dict[str, Any] = {}
    for level in range(_LEVELS):
        text = file.with_name(f"level{level}.py").read_text()
        text = text.replace("{{ fileDirname }}", str(file.parent))
        text = text.replace("{{ _base_.scale }}", "2")
        names: dict[str, Any] = {}
        exec(text, names)  # noqa: S102  # the floor of reading Python configs
        del names["__builtins__"]
        _merge(result, names)
    return result


def plain_read_base(file: Path) -> dict[str, Any]:
    """Return what `write_read_base` wrote, by `exec` of all in one namespace."""
    names: dict[str, Any] = {}
    for level in range(_LEVELS):
        text = file.with_name(f"lazy{level}.py").read_text()
        text = re.sub(r"with read_base\(\):\n.*\n", "", text)
        exec(text, names)  # noqa: S102  # the floor of reading Python configs
    return names


def _merge(base: dict[str, Any], over: dict[str, Any]) -> None:
    for key, value in over.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            _merge(base[key], value)
        else:
            base[key] = value


def cases(folder: Path, parts: int) -> Iterator[Case]:
    """Yield the cases for a config of some size.

    Args:
        folder: Where its files are written.
        parts: How many parts each of its five files adds.
    """
    chain, lazy = write_chain(folder, parts), write_read_base(folder, parts)
    yield Case("floor: exec and merge", lambda: plain_chain(chain), repeats=_MS)
    read = "floor: exec and merge"
    yield Case("fromfile", lambda: Config.fromfile(chain), read, 2.5, repeats=_MS)
    yield Case("fromfile, and the lines of all leaves", lambda: _told(chain), read, repeats=_MS)
    yield Case("floor: exec", lambda: plain_read_base(lazy), repeats=_MS)
    yield Case(
        "fromfile, read_base", lambda: Config.fromfile(lazy), "floor: exec", 2.5, repeats=_MS
    )

    cfg = Config.fromfile(chain)
    plain = cfg.to_dict()
    yield Case("floor: pformat", lambda: pprint.pformat(plain), repeats=_MS)
    yield Case("pretty_text", lambda: cfg.pretty_text, "floor: pformat", 2, repeats=_MS)
    yield Case("dump", cfg.dump, "floor: pformat", 2, repeats=_MS)
    yield Case("floor: deepcopy of a dict", lambda: copy.deepcopy(plain), repeats=_MS)
    yield Case(
        "deepcopy", lambda: copy.deepcopy(cfg), "floor: deepcopy of a dict", 1.5, repeats=_MS
    )
    yield from _option_cases(cfg, plain)
    yield from _access_cases()


def _told(file: Path) -> None:
    cfg = Config.fromfile(file)
    for path, _ in leaves(cfg):
        cfg.provenance(path)


def _option_cases(cfg: Config, plain: dict[str, Any]) -> Iterator[Case]:
    options = {f"model.part{part}.key{key}": part for part in range(5) for key in range(4)}
    assign = _assignments("node['model']['part{part}']['key{key}']")
    assign_attributes = _assignments("node.model.part{part}.key{key}")

    def split() -> None:
        for dotted, value in options.items():
            *parents, last = dotted.split(".")
            node = plain
            for key in parents:
                node = node[key]
            node[last] = value

    yield Case("floor: 20 assignments", lambda: assign(plain), repeats=500)
    merge = lambda: cfg.merge_from_dict(options)  # noqa: E731
    yield Case("merge_from_dict, 20 options", merge, "floor: 20 assignments", 6, repeats=500)
    ours = "floor: 20 assignments to the config"
    yield Case(ours, lambda: assign_attributes(cfg), repeats=500)
    yield Case("merge_from_dict, over these", merge, ours, 6, repeats=500)
    yield Case("floor: 20 split keys", split, repeats=500)
    yield Case("merge_from_dict, over a loop", merge, "floor: 20 split keys", repeats=500)


def _assignments(target: str) -> Any:
    """Return a function with twenty assignments written out, since a loop would count as well."""
    lines = [f"{target.format(part=p, key=k)} = {p}" for p in range(5) for k in range(4)]
    names: dict[str, Any] = {}
    exec("def assign(node):\n    " + "\n    ".join(lines), names)  # noqa: S102
    return names["assign"]


def _access_cases() -> Iterator[Case]:
    objects = SimpleNamespace(a=SimpleNamespace(b=SimpleNamespace(c=1)))
    things = _Thing(a=_Thing(b=_Thing(c=1)))
    plain = {"a": {"b": {"c": 1}}}
    cfg = Config(plain)
    yield Case("floor: a.b.c of objects", _hundred("x.a.b.c", things), repeats=500)
    yield Case(
        "a.b.c of SimpleNamespace",
        _hundred("x.a.b.c", objects),
        "floor: a.b.c of objects",
        repeats=500,
    )
    yield Case("cfg.a.b.c", _hundred("x.a.b.c", cfg), "floor: a.b.c of objects", 4, repeats=500)
    yield Case(
        "floor: `['a']['b']['c']` of dicts", _hundred("x['a']['b']['c']", plain), repeats=500
    )
    yield Case(
        "`cfg['a']['b']['c']`",
        _hundred("x['a']['b']['c']", cfg),
        "floor: `['a']['b']['c']` of dicts",
        2,
        repeats=500,
    )


class _Thing:
    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)


def _hundred(expression: str, value: object) -> Any:
    """Return a function that does a thing a hundred times, so that the call counts for little."""
    names: dict[str, Any] = {"x": value}
    body = "\n    ".join([expression] * 100)
    exec(f"def do(x=x):\n    {body}", names)  # noqa: S102  # a loop would be a part of the floor
    return names["do"]


def main(words: list[str]) -> None:
    """Print the table.

    Args:
        words: The words of the command line.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="only the smaller config")
    options = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.count:
            count(cases(folder, options.count))
            return
        for parts in [8] if options.quick else [8, 18]:
            size = sum(1 for _ in leaves(Config.fromfile(write_chain(folder, parts))))
            print(f"\n### A chain of 4 bases, {size} leaves\n")
            print_table(cases(folder, parts), instructions(__file__, ["--count", str(parts)]))


if __name__ == "__main__":
    main(sys.argv[1:])
