"""Python configs: what of a file becomes the config, its bases, and what goes wrong."""

from __future__ import annotations

import collections
import sys
import warnings
from pathlib import Path

import pytest

from engine.config import Config, ConfigDict, ConfigError, ConfigTypeError

from .conftest import Write

TOOLS = """
from __future__ import annotations
import os
import os.path as osp
from collections import OrderedDict, deque as queue
from fractions import Fraction
from os import environ, sep

def double(x):
    return 2 * x

class Sizes:
    small = 16

half = lambda x: x / 2
size = double(Sizes.small)
sizes = [double(each) for each in (1, 2)]
third = Fraction(1, 3)
ordered = OrderedDict(a=1)
root = osp.join('data', 'x')
_private = 1
__dunder__ = 2
"""


def test_values_are_kept_and_tools_are_dropped() -> None:
    import fractions

    cfg = Config.fromstring(TOOLS, ".py")
    assert cfg == {
        "size": 32,
        "sizes": [2, 4],
        "third": fractions.Fraction(1, 3),
        "ordered": {"a": 1},
        "root": "data/x",
        "_private": 1,
    }
    assert type(cfg.ordered) is ConfigDict


def test_functions_and_classes_are_values_within_others() -> None:
    cfg = Config.fromstring(
        "import collections\n"
        "from collections import OrderedDict\n"
        "class Model: ...\n"
        "model = dict(type=OrderedDict, also=[collections.Counter, (print, Model)])\n",
        ".py",
    )
    assert cfg.model.type is collections.OrderedDict
    assert cfg.model.also[0] is collections.Counter
    assert cfg.model.also[1][0] is print
    assert cfg.model.also[1][1].__name__ == "Model"
    assert list(cfg) == ["model"]


def test_all_of_python_may_be_used(write: Write) -> None:
    write(
        {
            "x.py": "import os\n"
            "here = os.path.basename(__file__)\n"
            "try:\n    tries = 1\nfinally:\n    pass\n"
            "def layers(n):\n    return [dict(depth=i * step) for i in range(n)]\n"
            "step = 3\n"
            "model = dict(layers=layers(2))\n"
            "if len(model['layers']) == 2:\n    model['name'] = 'two'\n"
            "model.update(lr=1e-3)\n"
            "total: int = sum(each['depth'] for each in model['layers'])\n"
        }
    )
    assert Config.fromfile("x.py") == {
        "here": "x.py",
        "tries": 1,
        "step": 3,
        "model": {"layers": [{"depth": 0}, {"depth": 3}], "name": "two", "lr": 1e-3},
        "total": 3,
    }


def test_a_data_class_in_a_config() -> None:
    cfg = Config.fromstring(
        "from __future__ import annotations\n"
        "from dataclasses import asdict, dataclass\n"
        "@dataclass\nclass Size:\n    width: int = 1\n"
        "size = asdict(Size(3))\n",
        ".py",
    )
    assert cfg == {"size": {"width": 3}}


def test_reading_leaves_nothing_behind(write: Write) -> None:
    folder = write(
        {"base.py": "lr = 1\n", "x.py": "import sys\n_base_ = 'base.py'\nnames = set(sys.modules)"}
    )
    before = set(sys.modules)
    cfg = Config.fromfile("x.py")
    assert set(sys.modules) == before == cfg.names
    assert sorted(path.name for path in folder.iterdir()) == ["base.py", "x.py"]


def test_values_that_share_an_object_are_independent() -> None:
    cfg = Config.fromstring("val_cfg = test_cfg = dict(x=[1])\nother = [val_cfg, val_cfg]\n", ".py")
    cfg.val_cfg.x[0] = 2
    cfg.other[0].y = 3
    assert cfg == {
        "val_cfg": {"x": [2]},
        "test_cfg": {"x": [1]},
        "other": [{"x": [1], "y": 3}, {"x": [1]}],
    }


def test_bases_are_merged(write: Write) -> None:
    write(
        {
            "bases/model.py": "model = dict(type='A', depth=18, neck=dict(x=1, y=[1, 2]))\n",
            "bases/lr.py": "lr = 0.1\n",
            "child.py": "_base_ = ['bases/model.py', './bases/lr.py']\n"
            "model = dict(depth=50, neck=dict(y=[3]))\n",
            "more/last.py": "_base_ = '../child.py'\n"
            "model = dict(neck=dict(_delete_=True, z=1))\nlr = None\n",
        }
    )
    assert Config.fromfile("child.py") == {
        "model": {"type": "A", "depth": 50, "neck": {"x": 1, "y": [3]}},
        "lr": 0.1,
    }
    assert Config.fromfile("more/last.py") == {
        "model": {"type": "A", "depth": 50, "neck": {"z": 1}},
        "lr": None,
    }
    assert Config.fromfile("bases/lr.py") == {"lr": 0.1}


def test_values_of_bases_can_be_computed_with(write: Write) -> None:
    write(
        {
            "base.py": "lr = 0.5\nmodel = dict(layers=[dict(depth=3)], name='a')\n",
            "child.py": "_base_ = ['base.py']\n"
            "lr = _base_.lr / 2\n"
            "_base_.model.layers.append(dict(depth=4))\n"
            "layers = _base_.model.layers\n"
            "def name():\n    return _base_.model.name + 'b'\n"
            "other = dict(model=_base_.model, name=name())\n",
        }
    )
    cfg = Config.fromfile("child.py")
    assert cfg.lr == 0.25
    assert cfg.layers == cfg.model.layers == cfg.other.model.layers == [{"depth": 3}, {"depth": 4}]
    assert cfg.other.name == "ab"
    assert "_base_" not in cfg
    cfg.other.model.layers[0].depth = 9
    assert (cfg.layers[0].depth, cfg.model.layers[0].depth) == (3, 3)


def test_a_value_of_a_base_within_another_is_as_the_base_has_it(write: Write) -> None:
    write(
        {
            "base.py": "m = dict(type='M', a=dict(b=1, c=2))\nl = [dict(x=1)]\n",
            "x.py": "_base_ = 'base.py'\n"
            "m = dict(type='W', cfg=_base_.m, a=dict(b=7), l=[_base_.m.a, _base_.l])\n"
            "l = {0: dict(x=2, m=_base_.m)}\nn = dict(m=_base_.m)\nk = _base_.m.a\n",
        }
    )
    base = Config.fromfile("base.py")
    cfg = Config.fromfile("x.py")
    assert cfg == {
        "m": {**base.m, "type": "W", "cfg": base.m, "a": {"b": 7, "c": 2}, "l": [base.m.a, base.l]},
        "l": [{"x": 2, "m": base.m}],
        "n": {"m": base.m},
        "k": base.m.a,
    }
    assert str(cfg.provenance("m.cfg.a.b")) == "m.cfg.a.b = 1 (base.py:1)"


def test_a_base_of_two_bases_is_read_twice_and_is_the_same_key_twice(write: Write) -> None:
    write(
        {
            "root.py": "lr = 1\n",
            "a.py": "_base_ = 'root.py'\na = 1\n",
            "b.py": "_base_ = 'root.py'\nb = 1\n",
            "child.py": "_base_ = ['a.py', 'b.py']\n",
        }
    )
    with pytest.raises(ConfigError) as caught:
        Config.fromfile("child.py")
    assert str(caught.value) == (
        "child.py:1: two bases of one config set the same key: lr (root.py:1) and lr (root.py:1)"
    )


def test_a_chain_may_mix_formats_and_kinds(write: Write) -> None:
    write(
        {
            "root.json": '{"model": {"depth": 18, "width": 1}, "lr": 1}',
            "text.py": "_base_ = 'root.json'\nmodel = dict(depth=34)\n",
            "pure.py": "from engine.config import read_base\n"
            "with read_base():\n    from .text import *\n"
            "model.update(width=2)\nmodel.new = [1]\n",
            "last.py": "_base_ = ['pure.py']\nmodel = dict(new={0: 5})\nlr = 2\n",
        }
    )
    assert Config.fromfile("last.py") == {
        "model": {"depth": 34, "width": 2, "new": [5]},
        "lr": 2,
    }


FILES = {
    "base.py": "model = dict(depth=18, neck=dict(y=[1, 2]))\nlr = 1\n",
    "other.py": "x = 1\n\nlr = 2\n",
    "clash.py": "y = 1\n_base_ = ['base.py', 'other.py']\n",
    "loop.py": "_base_ = 'loop.py'\n",
    "long.py": "\n_base_ = 'way.py'\n",
    "way.py": "_base_ = 'long.py'\n",
    "syntax.py": "x = 1\ny = (1,\n",
    "indent.py": "x = 1\n  y = 2\n",
    "null.py": "x = 1\ny = '\0'\n",
    "name.py": "x = 1\ny = z\n",
    "of_name.py": "_base_ = 'name.py'\n",
    "of_of_name.py": "x = 1\n_base_ = ['of_name.py']\n",
    "within.py": "def f(x):\n    return x / 0\n\ny = f(1)\n",
    "imports.py": "from no_such_module import *\n",
    "missing.py": "_base_ = 'packag.py'\n",
    "number.py": "_base_ = 3\n",
    "numbers.py": "_base_ = ['base.py', 3]\n",
    "kind.py": "_base_ = 'base.txt'\n",
    "base.txt": "x = 1\n",
    "no_value.py": "_base_ = 'base.py'\nlr = _base_.model.detph\n",
    "misfit.py": "_base_ = 'base.py'\nlr = dict(x=1)\n",
    "far.py": "_base_ = 'base.py'\nmodel = dict(\n    neck=dict(\n        y={5: 1}))\n",
    "no_index.py": "_base_ = 'base.py'\nmodel = dict(neck=dict(y=dict(a=1)))\n",
    "relative.py": "from .base import *\n",
    "package.py": "_base_ = 'mmgamma::x.py'\n",
    "of_misfit.py": "_base_ = 'misfit.py'\n",
}
ERRORS = {
    "clash.py": (
        "clash.py:2: two bases of one config set the same key: lr (base.py:2) and lr (other.py:3)"
    ),
    "loop.py": "loop.py:1: loop.py is a base of itself",
    "long.py": "way.py:1: long.py is a base of itself",
    "syntax.py": "syntax.py:2: '(' was never closed\n  y = (1,",
    "indent.py": "indent.py:2: unexpected indent\n  y = 2",
    "null.py": "null.py: source code string cannot contain null bytes",
    "name.py": "name.py:2: NameError: name 'z' is not defined",
    "of_name.py": "name.py:2: NameError: name 'z' is not defined",
    "of_of_name.py": "name.py:2: NameError: name 'z' is not defined",
    "within.py": "within.py:2: ZeroDivisionError: division by zero",
    "imports.py": "imports.py:1: ModuleNotFoundError: No module named 'no_such_module'",
    "missing.py": "missing.py:1: there is no config file packag.py; did you mean package.py?",
    "number.py": "number.py:1: _base_ must be a file name or a list of file names; got 3",
    "numbers.py": (
        "numbers.py:1: _base_ must be a file name or a list of file names; got ['base.py', 3]"
    ),
    "kind.py": (
        "kind.py:1: base.txt: a config ends in .py, .yaml, .yml, .json, .toml; not in '.txt'"
    ),
    "no_value.py": (
        "no_value.py:2: AttributeError: model (base.py:1): the config has no key 'detph'; "
        "did you mean 'depth'?"
    ),
    "misfit.py": (
        "lr (misfit.py:2): a dictionary can't be merged into 1, which is lr (base.py:2); "
        "to replace it, write _delete_=True in the dictionary"
    ),
    "far.py": (
        "model.neck.y.5 (far.py:4): index 5 is out of range: model.neck.y (base.py:1) has 2 items"
    ),
    "no_index.py": (
        "model.neck.y.a (no_index.py:2): model.neck.y (base.py:1) is a list; "
        "name one of its items by a number, or write _delete_=True to replace it"
    ),
    "relative.py": "relative.py:1: a base is imported within `with read_base():`",
    "package.py": (
        "package.py:1: mmgamma::x.py: the package 'mmgamma' is not installed. "
        "Install it: pip install mmgamma"
    ),
}
NOTES = {
    "long.py": ["which is a base of long.py:2"],
    "of_name.py": ["which is a base of of_name.py:1"],
    "of_of_name.py": ["which is a base of of_name.py:1", "which is a base of of_of_name.py:2"],
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors_say_where(write: Write, name: str) -> None:
    write(FILES)
    with pytest.raises(ConfigError) as caught:
        Config.fromfile(name)
    assert str(caught.value) == ERRORS[name]
    assert getattr(caught.value, "__notes__", []) == NOTES.get(name, [])


def test_a_missing_file_is_a_file_not_found_error(write: Write) -> None:
    write(FILES)
    with pytest.raises(FileNotFoundError) as caught:
        Config.fromfile("missing.py")
    assert isinstance(caught.value, ConfigError)


def test_the_error_of_the_code_is_the_cause(write: Write) -> None:
    write(FILES)
    with pytest.raises(ConfigError) as caught:
        Config.fromfile("within.py")
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("_base_ = 'x.py'", "<string>:1: a text has no folder in which to find _base_"),
        ("x = = 1", "<string>:1: invalid syntax\n  x = = 1"),
    ],
)
def test_errors_of_a_string(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Config.fromstring(text, ".py")
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ("expected='new.py', reference='the notes'", "; use new.py instead (the notes)"),
        ("expected='new.py'", "; use new.py instead"),
        ("", ""),
    ],
)
def test_a_deprecated_config_warns_whoever_reads_it(write: Write, facts: str, told: str) -> None:
    write({"old.py": f"_deprecation_ = dict({facts})\nlr = 1\n", "x.py": "_base_ = 'old.py'\n"})
    for name in ("old.py", "x.py"):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            assert Config.fromfile(name) == {"lr": 1}
        [warning] = caught
        assert warning.category is FutureWarning  # which Python shows to all
        assert str(warning.message) == f"the config old.py is deprecated{told}"
        assert warning.filename == __file__


def test_custom_imports(write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    write(
        {
            "parts_for_a_test/__init__.py": "",
            "parts_for_a_test/models.py": "",
            "x.py": "custom_imports = dict(imports=['parts_for_a_test.models'])\n",
            "one.py": "custom_imports = dict(imports='parts_for_a_test.models')\n",
            "child.py": "_base_ = 'x.py'\n",
        }
    )
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("x.py", "one.py", "child.py"):
        Config.fromfile(name, import_custom_modules=False)
        assert "parts_for_a_test" not in sys.modules
        cfg = Config.fromfile(name)
        assert sys.modules.pop("parts_for_a_test.models").__name__ == "parts_for_a_test.models"
        del sys.modules["parts_for_a_test"]
        assert "custom_imports" in cfg
    Config.fromstring((tmp_path / "x.py").read_text(), ".py")
    del sys.modules["parts_for_a_test.models"], sys.modules["parts_for_a_test"]


def test_custom_imports_that_fail(write: Write) -> None:
    write(
        {
            "x.py": "lr = 1\ncustom_imports = dict(imports=['json', 'no_such_parts'])\n",
            "soft.py": "_base_ = 'x.py'\ncustom_imports = dict(allow_failed_imports=True)\n",
            "odd.py": "custom_imports = ['json']\n",
        }
    )
    failed = "custom_imports (x.py:2): 'no_such_parts' can't be imported: No module named"
    with pytest.raises(ImportError) as caught:
        Config.fromfile("x.py")
    assert isinstance(caught.value, ConfigError)
    assert str(caught.value) == f"{failed} 'no_such_parts'"
    assert isinstance(caught.value.__cause__, ImportError)
    with pytest.warns(ImportWarning, match="'no_such_parts' can't be imported") as warned:
        assert Config.fromfile("soft.py").lr == 1
    assert warned[0].filename == __file__
    with pytest.raises(ConfigTypeError) as refused:
        Config.fromfile("odd.py")
    assert str(refused.value) == (
        "custom_imports (odd.py:1): must be dict(imports=['package.module']); got ['json']"
    )


def test_a_text_config_needs_trust_for_what_runs_code(write: Write) -> None:
    write(
        {
            "base.py": "lr = 1\n",
            "of_code.json": '{"_base_": "base.py"}',
            "imports.json": '{"custom_imports": {"imports": ["json"]}}',
            "child.json": '{"_base_": ["imports.json"]}',
        }
    )
    must = (
        "; a text config is data and may not do so unless you trust it: "
        "Config.fromfile(..., trust=True), or --trust on the command line"
    )
    for name, told in {
        "of_code.json": "of_code.json:1: the base base.py would run as code",
        "imports.json": "imports.json:1: custom_imports would import modules",
        "child.json": "imports.json:1: custom_imports would import modules",
    }.items():
        with pytest.raises(ConfigError) as caught:
            Config.fromfile(name)
        assert str(caught.value) == told + must
        assert Config.fromfile(name, trust=True)
    with pytest.raises(ConfigError, match="custom_imports would import modules"):
        Config.fromstring('{"custom_imports": {"imports": ["json"]}}', ".json")
    with pytest.raises(ConfigError, match=r"the base https://a\.org/b\.yaml would be fetched"):
        Config.fromstring('{"_base_": "https://a.org/b.yaml"}', ".json")
    assert Config.fromfile("imports.json", import_custom_modules=False)
