"""`with read_base():`, in which a Python config imports its bases."""

from __future__ import annotations

import subprocess
import sys

import pytest

from engine.config import Config, ConfigDict, ConfigError

from .conftest import Write

READ = "from engine.config import read_base\nwith read_base():\n    "
BASES = {
    "base.py": "from collections import Counter\n"
    "model = dict(type=Counter, depth=18, layers=[dict(x=1)])\nlr = 1\n_hidden = 2\n",
    "sub/deep.py": READ + "from ..base import *\nlr = 5\n",
    "sub/near.py": "size = 3\n",
}


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("from .base import *", {"lr", "model", "_hidden"}),
        ("from .base import lr", {"lr"}),
        ("from .base import lr as rate", {"rate"}),
        ("from .base import lr, model", {"lr", "model"}),
        ("from .sub.near import *", {"size"}),
        ("from .sub.near import size", {"size"}),
        ("from .sub.deep import *", {"lr", "model", "_hidden"}),
        ("from .base import *\n    from .sub.near import *", {"lr", "model", "_hidden", "size"}),
    ],
)
def test_what_is_imported_is_the_config_s_own(
    write: Write, wanted: str, expected: set[str]
) -> None:
    write({**BASES, "x.py": READ + wanted + "\n"})
    cfg = Config.fromfile("x.py")
    assert set(cfg) == expected
    if "model" in expected:
        assert type(cfg.model) is ConfigDict
        assert cfg.model.depth == 18


def test_a_base_as_a_module(write: Write) -> None:
    write({**BASES, "x.py": READ + "from . import base\n    from .sub import near\n"
           "lr = base.lr + near.size\nmodel = base.model\nmodel.depth = 5\n"})  # fmt: skip
    cfg = Config.fromfile("x.py")
    assert cfg.lr == 4
    assert cfg.model.depth == 5
    assert set(cfg) == {"lr", "model"}


def test_an_absolute_import(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write(
        {
            "lib_of_a_test/__init__.py": "raise RuntimeError('a base is no module')\n",
            "lib_of_a_test/configs/base.py": "lr = 1\n",
            "x.py": READ + "from lib_of_a_test.configs.base import *\n",
            "y.py": READ + "from lib_of_another.configs.base import *\n",
        }
    )
    monkeypatch.syspath_prepend(folder)
    assert Config.fromfile("x.py") == {"lr": 1}
    assert "lib_of_a_test" not in sys.modules
    with pytest.raises(FileNotFoundError) as caught:
        Config.fromfile("y.py")
    assert str(caught.value) == "y.py:3: there is no package 'lib_of_another' with configs"


def test_what_is_inherited_can_be_changed(write: Write) -> None:
    write({**BASES, "x.py": READ + "from .base import *\n"
           "model.depth = 50\n"
           "model.layers[0].x = 2\n"
           "model['layers'].append(dict(x=3))\n"
           "model.update(new=dict(a=1))\n"
           "model.new.merge(dict(b=2))\n"
           "lr = lr * 2\n"
           "del _hidden\n"})  # fmt: skip
    for _ in range(2):  # the base is read anew each time
        cfg = Config.fromfile("x.py")
        assert cfg.lr == 2
        assert cfg.model.layers == [{"x": 2}, {"x": 3}]
        assert cfg.model.new == {"a": 1, "b": 2}
        assert cfg.model.depth == 50
        assert "_hidden" not in cfg
    assert Config.fromfile("base.py").model.depth == 18


def test_an_assignment_replaces_a_dictionary(write: Write) -> None:
    write({**BASES, "x.py": READ + "from .base import *\nmodel = dict(depth=50)\n"})
    assert Config.fromfile("x.py").model == {"depth": 50}


def test_imports_within_and_outside(write: Write) -> None:
    write({**BASES, "x.py": "import os\nfrom collections import OrderedDict\n" + READ +
           "from .base import lr\n"
           "import json\nfrom fractions import Fraction\n"
           "root = os.path.join('a', json.loads('\"b\"'))\n"
           "model = dict(type=OrderedDict, x=Fraction(1, 2))\n"})  # fmt: skip
    cfg = Config.fromfile("x.py")
    assert set(cfg) == {"lr", "root", "model"}
    assert cfg.model.type.__name__ == "OrderedDict"


def test_it_may_be_used_by_another_name(write: Write) -> None:
    write({**BASES, "x.py": "import engine.config as c\nwith c.read_base():\n"
           "    from .base import lr\n"})  # fmt: skip
    assert Config.fromfile("x.py") == {"lr": 1}


ERRORS = {
    "from .schedul import *": (
        "x.py:3: there is no config file schedul.py; did you mean schedule.py?"
    ),
    "from .base import modle": "x.py:3: base.py has no key 'modle'; did you mean 'model'?",
    "import base": (
        "x.py:3: within `with read_base():` a base is imported, as `from .base import *`; "
        "import base outside of it"
    ),
    "from .x import *": "x.py:3: x.py is a base of itself",
    "from .broken import *": "broken.py:2: NameError: name 'z' is not defined",
}


@pytest.mark.parametrize("wanted", ERRORS)
def test_errors_say_where(write: Write, wanted: str) -> None:
    files = {"broken.py": "x = 1\ny = z\n", "schedule.py": ""}
    write({**BASES, **files, "x.py": READ + wanted + "\n"})
    with pytest.raises(ConfigError) as caught:
        Config.fromfile("x.py")
    assert str(caught.value) == ERRORS[wanted]


def test_a_library_is_imported_outside_of_it(write: Write) -> None:
    write({"x.py": READ + "from json import loads\n"})
    with pytest.raises(ConfigError, match=r"^x\.py:3: .*json"):
        Config.fromfile("x.py")


def test_a_string_has_no_bases(write: Write) -> None:
    write(BASES)
    with pytest.raises(ConfigError, match="a text has no folder in which"):
        Config.fromstring(READ + "from .base import *\n", ".py")


def test_outside_of_a_config_imports_are_imports(write: Write) -> None:
    folder = write(
        {"package/__init__.py": "", "package/base.py": "lr = 1\n",
         "package/x.py": READ + "from .base import *\nlr += 1\n"}
    )  # fmt: skip
    words = [sys.executable, "-c", "import package.x; print(package.x.lr)"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True)
    assert done.stdout == "2\n"
