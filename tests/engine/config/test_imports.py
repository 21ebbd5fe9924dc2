"""Imports of a Python config: the names of what is imported, and imports that fail."""

from __future__ import annotations

import copy
import pickle
import sys
from pathlib import Path

import pytest

from engine.config import Config, ConfigDict, ConfigError, FailedImport
from engine.registry import MODELS, build_from_cfg

from .conftest import Write

LIBRARY = {
    "shapes_for_a_test/__init__.py": "from .round import Ball\n",
    "shapes_for_a_test/round.py": "class Ball:\n    def __init__(self, size=1): self.size = size\n"
    "def roll(): ...\n",
    "shapes_for_a_test/broken.py": "raise RuntimeError('no driver')\n",
}
MISSING = "ModuleNotFoundError: No module named 'nothing'"
READ = "from engine.config import read_base\nwith read_base():\n    "


@pytest.fixture
def library(write: Write, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = write(LIBRARY)
    monkeypatch.syspath_prepend(folder)
    for name in [each for each in sys.modules if each.startswith("shapes_for_a_test")]:
        monkeypatch.delitem(sys.modules, name)
    return folder


@pytest.mark.parametrize(
    ("code", "path"),
    [
        ("from shapes_for_a_test import Ball\nx = dict(type=Ball)", "shapes_for_a_test.Ball"),
        ("from shapes_for_a_test import Ball as B\nx = dict(type=B)", "shapes_for_a_test.Ball"),
        (
            "import shapes_for_a_test\nx = dict(type=shapes_for_a_test.Ball)",
            "shapes_for_a_test.Ball",
        ),
        ("import shapes_for_a_test as s\nx = [dict(y=(s.Ball,))]", "shapes_for_a_test.Ball"),
        ("import shapes_for_a_test.round as s\nx = s.Ball", "shapes_for_a_test.round.Ball"),
        ("from shapes_for_a_test import *\nx = dict(type=Ball)", "shapes_for_a_test.Ball"),
        ("from shapes_for_a_test import round\nx = round.roll", "shapes_for_a_test.round.roll"),
        ("from nothing.there import Ball as B\nx = dict(type=B)", "nothing.there.Ball"),
        ("import nothing.there\nx = dict(type=nothing.there.B)", "nothing.there.B"),
        ("import nothing.there as n\nx = dict(type=n.b.B)", "nothing.there.b.B"),
        ("from shapes_for_a_test.broken import Ball\nx = Ball", "shapes_for_a_test.broken.Ball"),
        ("from shapes_for_a_test import Bal, Ball\nx = Bal", "shapes_for_a_test.Bal"),
    ],
)
def test_a_class_has_the_name_that_the_config_writes(library: Path, code: str, path: str) -> None:
    cfg = Config.fromstring(code, ".py")
    for each in (cfg, copy.deepcopy(cfg), cfg.copy(), pickle.loads(pickle.dumps(cfg)), Config(cfg)):  # noqa: S301  # it is our own
        assert list(each) == ["x"]
        assert f"'{path}'" in repr(each.to_dict())
        assert f"'{path}'" in each.pretty_text
    assert Config.fromstring(cfg.pretty_text, ".py").to_dict() == cfg.to_dict()


def test_names_of_a_base_are_visible(library: Path, write: Write) -> None:
    write(
        {
            "base.py": "import os\nfrom shapes_for_a_test import Ball\nkind = Ball\nx = None\n",
            "between.py": f"{READ}from .base import *\n",
            "top.py": f"{READ}from .between import *\na = dict(type=Ball, at=os.sep)\nx = 2\n",
            "single.py": f"{READ}from .base import x\na = dict(type=Ball)\n",
        }
    )
    cfg = Config.fromfile("top.py")
    assert list(cfg) == ["kind", "x", "a"]
    assert cfg.to_dict() == {
        "kind": "shapes_for_a_test.Ball",
        "x": 2,
        "a": {"type": "shapes_for_a_test.Ball", "at": "/"},
    }
    assert cfg.a.type is cfg.kind is sys.modules["shapes_for_a_test.round"].Ball
    with pytest.raises(ConfigError, match=r"^single\.py:4: NameError: name 'Ball'"):
        Config.fromfile("single.py")


def test_what_a_config_defines_is_no_value_of_it(library: Path) -> None:
    cfg = Config.fromstring(
        "import json\nfrom shapes_for_a_test.round import Ball, roll\n"
        "def make(): ...\nclass Own: ...\nalso = make\nanother = Own\nmodule = json\n"
        "kind = Ball\nmove = roll\n",
        ".py",
    )
    assert cfg.to_dict() == {
        "kind": "shapes_for_a_test.round.Ball",
        "move": "shapes_for_a_test.round.roll",
    }


def test_what_is_not_installed_fails_when_it_is_built(write: Write) -> None:
    write({"x.py": "from nothing.there import Net\n\nmodel = dict(type=Net, depth=1)\n"})
    cfg = Config.fromfile("x.py")
    told = r"^nothing\.there\.Net \(x\.py:1\) can't be imported: ModuleNotFoundError: No module"
    for build in (lambda: MODELS.build(cfg.model), lambda: build_from_cfg(cfg.model, MODELS)):
        with pytest.raises(ImportError, match=told) as caught:
            build()
        assert isinstance(caught.value.__cause__, ModuleNotFoundError)
        assert "while building model (x.py:3)" in str(caught.value.__notes__)
    net = cfg.model.type
    assert isinstance(net, FailedImport)
    assert (str(net), str(net.small)) == ("nothing.there.Net", "nothing.there.Net.small")
    assert net == copy.deepcopy(net) != net.small
    assert len({net, copy.copy(net)}) == 1
    with pytest.raises(ImportError, match=told):
        net.build()
    assert not hasattr(net, "__needs_trust__")


def test_a_diff_of_what_is_not_installed(write: Write) -> None:
    write(
        {
            "a.py": "from nothing.there import A\nx = dict(type=A)\n",
            "b.py": "from nothing.there import B\nx = dict(type=B)\n",
        }
    )
    assert Config.diff("a.py", "a.py") == ""
    assert "+x = dict(type='nothing.there.B')" in Config.diff("a.py", "b.py").split("\n")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "from nothing.there import *",
            "<string>:1: ModuleNotFoundError: No module named 'nothing'",
        ),
        (
            "from nothing.there import f\nx = f(1)",
            f"<string>:2: ImportError: nothing.there.f (<string>:1) can't be imported: {MISSING}",
        ),
        (
            "def f():\n    import nothing\nf()",
            f"<string>:2: {MISSING}",
        ),
    ],
)
def test_a_config_that_needs_a_missing_name_can_t_be_read(code: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Config.fromstring(code, ".py")
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "code",
    [
        "try:\n    from nothing.there import A\nexcept ImportError:\n    x = None",
        "try:\n    import json.nothing\nexcept ImportError:\n    x = None",
        "from contextlib import suppress\nx = None\nwith suppress(ImportError):\n"
        "    from json import nothing as x",
    ],
)
def test_a_config_may_handle_a_missing_name_itself(code: str) -> None:
    assert Config.fromstring(code, ".py") == ConfigDict(x=None)
