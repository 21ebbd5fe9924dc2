"""What is imported when a library is asked for a name, and what is not."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.registry import MODELS, Registry, announced_packages

MakeLibrary = Callable[..., Path]
Modules = Callable[[str], set[str]]
Probe = Callable[[str], str]


@pytest.fixture
def modules_after(probe_with_torch: Probe) -> Callable[[str], set[str]]:
    """Return a function that returns what is imported after some code, beside torch."""
    return lambda code: {*probe_with_torch(f"{code}\nimport sys; print(*sys.modules)").split()}


def test_a_name_imports_the_registries_and_the_locations_asked(modules_after: Modules) -> None:
    loaded = modules_after("from engine.registry import MODELS; MODELS.get('mmalpha.ResNet')")
    assert {"mmalpha.registry", "mmalpha.models"} <= loaded
    assert not {name for name in loaded if name.startswith(("mmbeta", "sklearn", "mmalpha.data"))}


def test_registries_of_a_library_load_nothing_heavy(probe: Probe) -> None:
    loaded = probe("import mmalpha.registry, mmbeta.registry, sys; print(*sys.modules)").split()
    assert not {"torch", "numpy", "torchvision", "sklearn"} & {*loaded}


def test_entry_points_are_scanned_when_a_scope_is_unknown_and_not_before(
    modules_after: Modules,
) -> None:
    code = """
import importlib.metadata as metadata
from unittest.mock import patch
with patch.object(metadata, 'entry_points', wraps=metadata.entry_points) as scan:
    from engine.registry import MODELS, Registry, announced_packages
    registry = Registry('thing', scope='top')
    registry.register_module('x', module=dict)
    registry.build(dict(type='x'))
    assert scan.call_count == 0
    for _ in range(3):
        'mmalpha.Nothing' in registry, 'mmgamma.Nothing' in registry
    assert scan.call_count == 1
"""
    assert "mmalpha.registry" in modules_after(code)


QUIET = """
from engine.registry import MODELS
MODELS = MODELS.child('quiet_lib')
MODELS.register_module('seven', module=lambda: 7)
"""


@pytest.mark.parametrize("requires", ["engine>=0.1", "mmengine (>=0.7)", "MMEngine; extra == 'x'"])
def test_a_library_without_entry_point_is_found_by_what_it_requires(
    modules_after: Modules, make_library: MakeLibrary, requires: str
) -> None:
    folder = make_library("quiet_lib", QUIET, requires)
    code = f"""
import sys
sys.path.insert(0, {str(folder)!r})
from engine.registry import MODELS
assert MODELS.build(dict(type='quiet_lib.seven')) == 7
"""
    assert "quiet_lib.registry" in modules_after(code)


@pytest.mark.parametrize("file", ["top_level.txt", "RECORD"])
def test_a_package_may_have_another_name_than_its_distribution(
    make_library: MakeLibrary, file: str
) -> None:
    folder = make_library("other_name", "")
    (folder / "other_name").rename(folder / "named_lib")
    text = {"top_level.txt": "named_lib\n", "RECORD": "named_lib/__init__.py,,\n"}[file]
    (folder / "other_name-1.0.dist-info" / file).write_text(text, encoding="utf-8")
    (folder / "named_lib" / "registry.py").write_text(QUIET.replace("quiet", "named"))
    registry: Registry[Any] = MODELS
    assert registry.build({"type": "named_lib.seven"}) == 7


def test_entry_points_that_can_not_be_read_concern_their_library_alone(
    modules_after: Modules, make_library: MakeLibrary
) -> None:
    folder = make_library("odd_lib", "")
    (folder / "odd_lib-1.0.dist-info" / "entry_points.txt").write_bytes(b"\xff[engine.scopes]\n")
    code = f"""
import sys
sys.path.insert(0, {str(folder)!r})
from engine.registry import MODELS
assert MODELS.get('mmalpha.ResNet').__name__ == 'ResNet'
"""
    modules_after(code)


def test_a_library_that_another_one_names_can_be_installed(
    modules_after: Modules, make_library: MakeLibrary
) -> None:
    requires = "second-lib>=1; extra == 'more'"
    folder = make_library("first_lib", "", requires=requires, scope="first_lib")
    code = f"""
import sys
sys.path.insert(0, {str(folder)!r})
from engine.registry import MODELS, ScopeNotInstalledError
for scope, text in {{
    'second_lib': "the library of the scope 'second_lib' is not installed.",
    'second_libs': "no library has the scope 'second_libs'; did you mean 'second_lib'? "
    "It is not installed.",
}}.items():
    try:
        MODELS.get(scope + '.Net')
    except ScopeNotInstalledError as error:
        assert str(error) == text + ' Install it: pip install second_lib', error
    else:
        raise SystemExit('no error')
"""
    modules_after(code)


def test_a_package_that_nobody_announced_is_not_imported(
    modules_after: Modules, make_library: MakeLibrary
) -> None:
    folder = make_library("quiet_lib", QUIET, requires="numpy")
    code = f"""
import sys
sys.path.insert(0, {str(folder)!r})
from engine.registry import MODELS, DefaultScope, NotRegisteredError, allow, init_default_scope
cfg = dict(type='quiet_lib.seven')
for ask in (MODELS.build, lambda cfg: MODELS.build(dict(type='Linear', _scope_='quiet_lib'))):
    try:
        ask(cfg)
    except NotRegisteredError as error:
        assert "engine.registry.allow('quiet_lib')" in str(error), error
with DefaultScope.overwrite_default_scope('quiet_lib'):
    assert 'quiet_lib' in MODELS.explain('seven').error
assert not {{'quiet_lib', 'quiet_lib.registry'}} & {{*sys.modules}}
"""
    assert "quiet_lib" not in modules_after(code)
    named = code.partition("with Default")[0] + "init_default_scope('quiet_lib')\n"
    assert "quiet_lib.registry" in modules_after(
        f"{named}assert MODELS.build(dict(type='seven')) == 7"
    )
    allowed = code.partition("with Default")[0] + "allow('quiet_lib')\n"
    assert "quiet_lib.registry" in modules_after(f"{allowed}assert MODELS.build(cfg) == 7")


def test_the_package_of_a_scope_may_have_another_name(make_library: MakeLibrary) -> None:
    make_library("pet_shop", "", scope="pets")
    assert announced_packages()["pets"] == "pet_shop"


ANNOUNCEMENTS = ["x = my registry", "x =", "x = pkg.registry:MODELS", "a b = c.d", "= y"]


@pytest.mark.parametrize("line", ANNOUNCEMENTS)
def test_a_malformed_announcement_concerns_its_scope_alone(
    modules_after: Modules, make_library: MakeLibrary, line: str
) -> None:
    folder = make_library("odd_lib", "")
    facts = folder / "odd_lib-1.0.dist-info"
    (facts / "entry_points.txt").write_text(f"[engine.scopes]\n{line}\n", encoding="utf-8")
    code = f"""
import sys
sys.path.insert(0, {str(folder)!r})
from engine.registry import MODELS, import_announced
assert MODELS.get('mmalpha.ResNet').__name__ == 'ResNet'
told = ' '.join(import_announced().values())
assert 'the distribution odd_lib announces the scope' in told, told
assert 'x.Net' not in MODELS if {line!r}[0] != 'x' else 'odd_lib' in MODELS.explain('x.Net').error
"""
    modules_after(code)


def test_two_libraries_of_one_scope(modules_after: Modules, make_library: MakeLibrary) -> None:
    folder = make_library("first_lib", "", scope="shared")
    make_library("second_lib", "", scope="shared")
    code = f"""
import sys
sys.path.insert(0, {str(folder)!r})
from engine.registry import MODELS, ScopeImportError
assert MODELS.get('mmalpha.ResNet').__name__ == 'ResNet'
try:
    MODELS.get('shared.Net')
except ScopeImportError as error:
    assert 'first_lib' in str(error) and 'second_lib' in str(error), error
else:
    raise SystemExit('no error')
"""
    modules_after(code)


@pytest.mark.parametrize("text", ["raise SystemExit(3)", "import sys\nsys.exit()", "1 / 0"])
def test_what_a_library_does_at_its_import_ends_nothing(
    modules_after: Modules, make_library: MakeLibrary, text: str
) -> None:
    folder = make_library("leaving_lib", text, scope="leaving_lib")
    code = f"""
import sys
sys.path.insert(0, {str(folder)!r})
from engine.registry import MODELS, import_announced
assert 'leaving_lib.Net' in MODELS.explain('leaving_lib.Net').key
assert 'fails' in MODELS.explain('leaving_lib.Net').error
assert 'leaving_lib' in import_announced()
assert MODELS.explain('mmalpha.ResNt').error
"""
    modules_after(code)


def test_no_more_of_a_location_is_imported_than_a_name_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lazy = "import lazy_loader as lazy\n__getattr__, __dir__, __all__ = lazy.attach(__name__, "
    register = "from holder_of_things import THINGS\n"
    files = {
        "holder_of_things.py": "from engine.registry import Registry\n"
        "THINGS = Registry('thing', scope='top', locations=['lazy_things', 'late_things'])\n",
        "lazy_things/__init__.py": lazy + "submod_attrs={'one': ['One'], 'two': ['Two']})\n",
        "lazy_things/one.py": register + "@THINGS.register_module()\nclass One: ...\n",
        "lazy_things/two.py": register + "@THINGS.register_module()\nclass Two: ...\n"
        "THINGS.register_module('Another', module=Two)\n",
        "late_things.py": register + "@THINGS.register_module()\nclass Late: ...\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    registry: Registry[Any] = importlib.import_module("holder_of_things").THINGS

    def loaded() -> set[str]:
        return {"lazy_things.one", "lazy_things.two", "late_things"} & {*sys.modules}

    assert registry.get("One") is not None
    assert loaded() == {"lazy_things.one"}
    assert registry.imports["lazy_things"] == registry.imports["late_things"] == "pending"
    assert registry.get("Another") is not None  # which the package does not export
    assert registry.imports["lazy_things"] == registry.imports["late_things"] == "imported"
    assert "Late" in registry


def test_a_location_may_look_something_up_while_it_is_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {
        "holder_of_asking_things.py": "from engine.registry import Registry\n"
        "THINGS = Registry('thing', scope='top', locations=['asking_things'])\n",
        "asking_things.py": "from holder_of_asking_things import THINGS\n"
        "THINGS.register_module('one', module=dict)\n"
        "assert 'one' in THINGS and 'two' not in THINGS\n"
        "THINGS.register_module('two', module=list)\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    registry: Registry[Any] = importlib.import_module("holder_of_asking_things").THINGS
    assert registry.get("two") is list
    assert registry.imports["asking_things"] == "imported"
    assert [*registry] == ["one", "two"]


@pytest.mark.parametrize("count", [len, lambda registry: len([*registry])])
def test_names_are_counted_with_those_of_the_locations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: Callable[[Any], int]
) -> None:
    location = f"counted_things_{count.__name__.strip('<>')}"
    registry: Registry[Any] = Registry("thing", scope="top", locations=[location])
    monkeypatch.setattr(importlib, "to_fill", registry, raising=False)
    text = "import importlib\nimportlib.to_fill.register_module('one', module=dict)\n"
    (tmp_path / f"{location}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    assert count(registry) == 1


def test_an_optimizer_of_torch_needs_no_sharded_training(modules_after: Modules) -> None:
    code = "from engine.registry import OPTIMIZERS; assert OPTIMIZERS.get('SGD')"
    assert "torch.distributed.optim" not in modules_after(code)
