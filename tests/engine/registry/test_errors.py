"""The text of errors is an interface."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.config import ConfigDict
from engine.registry import (
    MODELS,
    PARAM_SCHEDULERS,
    RUNNERS,
    BuildError,
    DefaultScope,
    DuplicateNameError,
    NotRegisteredError,
    Registry,
    ScopeImportError,
    ScopeNotInstalledError,
    add_scope_alias,
)

HERE = Path(__file__).name
MakeLibrary = Callable[..., Path]


class ResNet:
    """A class with a signature."""

    def __init__(self, depth: int, stages: int = 4) -> None:
        if depth < 0:
            raise ValueError("depth is negative")


@pytest.fixture
def tree() -> Registry[Any]:
    root: Registry[Any] = Registry("backbone", scope="top")
    root.child("left").register_module(module=ResNet)
    return root


def _text(call: Any) -> str:
    with pytest.raises((KeyError, TypeError)) as caught:
        call()
    return str(caught.value)


def test_a_name_that_nobody_has(tree: Registry[Any]) -> None:
    text = _text(lambda: tree.children["left"].get("ResNt"))
    lines = text.split("\n  ")
    assert lines[0].startswith("'ResNt' is not in left::backbone; did you mean 'left.ResNet' (")
    assert HERE in lines[0]
    assert lines[1] == "searched: left::backbone, top::backbone"


def test_near_names_come_from_all_scopes(tree: Registry[Any]) -> None:
    assert "did you mean 'left.ResNet'" in _text(lambda: tree.get("resnet"))


def test_the_scope_of_a_library_that_is_not_installed(tree: Registry[Any]) -> None:
    with pytest.raises(ScopeNotInstalledError) as caught:
        tree.get("nowhere_lib.ResNet")
    assert str(caught.value) == (
        "no installed library has the scope 'nowhere_lib', and data can't name another package "
        "unless it is trusted (trust=True, --trust) or a program opens that by "
        "engine.registry.allow('nowhere_lib')"
    )


@pytest.mark.parametrize("scope", ["mmalfa", "mmbetta", "mm_alpha", "enginee", "zzz"])
def test_nobody_is_advised_to_install_what_he_mistyped(tree: Registry[Any], scope: str) -> None:
    text = _text(lambda: tree.get(f"{scope}.ResNet"))
    assert "pip install" not in text
    assert ("did you mean" in text) == (scope != "zzz")


def test_a_library_whose_import_fails(tree: Registry[Any], make_library: MakeLibrary) -> None:
    make_library("broken_lib", "import a_module_that_is_missing\n")
    with pytest.raises(ScopeImportError) as caught:
        tree.get("broken_lib.ResNet")
    assert str(caught.value) == (
        "the library of the scope 'broken_lib' is installed, but the import of "
        "broken_lib.registry fails: ModuleNotFoundError: No module named 'a_module_that_is_missing'"
    )
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)


def test_a_library_whose_import_fails_is_an_error_in_whatever_way_it_is_asked_for(
    tree: Registry[Any], make_library: MakeLibrary
) -> None:
    make_library("failing_lib", "1 / 0")
    assert "failing_lib.ResNet" not in tree
    with pytest.raises(ScopeImportError, match="ZeroDivisionError"):
        tree.switch_scope_and_registry("failing_lib")
    with DefaultScope.overwrite_default_scope("failing_lib"):
        with pytest.raises(ScopeImportError, match="ZeroDivisionError"):
            tree.get("ResNet")
        assert "ResNet" not in tree


@pytest.mark.parametrize(
    ("name", "requires", "reason"),
    [
        (
            "newer_lib",
            "engine>=99",
            r"newer_lib 1\.0 needs engine>=99, but engine [\d.]+ is installed\. "
            r"Install what fits: pip install newer_lib 'engine>=99'",
        ),
        (
            "unread_lib",
            "engine >>> 1",
            r"unread_lib 1\.0 requires 'engine >>> 1', which is not valid",
        ),
    ],
)
def test_a_library_that_needs_another_version_is_not_imported(
    tree: Registry[Any], make_library: MakeLibrary, name: str, requires: str, reason: str
) -> None:
    make_library(name, "1 / 0", requires)
    with pytest.raises(ScopeImportError, match=f"^{reason}$"):
        tree.get(f"{name}.ResNet")


@pytest.mark.parametrize(
    ("name", "requires"),
    [("fitting_lib", "engine>=0"), ("extra_lib", "engine>=99; extra == 'all'")],
)
def test_a_library_that_needs_what_is_there(
    tree: Registry[Any], make_library: MakeLibrary, name: str, requires: str
) -> None:
    make_library(name, "", requires)
    text = _text(lambda: tree.get(f"{name}.ResNet"))
    assert text.startswith(f"'{name}.ResNet' is not in ")


def test_near_names_come_from_what_can_be_imported(tree: Registry[Any]) -> None:
    tree.child("broken", "a_module_that_is_missing")
    tree.child("right").register_module("VGG", module=ResNet)
    assert "did you mean 'right.VGG'" in _text(lambda: tree.get("VGGG"))


def test_three_near_names_are_enough(tree: Registry[Any]) -> None:
    for scope in ("a", "b", "c"):
        tree.child(scope).register_module(module=ResNet)
    assert _text(lambda: tree.get("resnet")).count("ResNet'") == 3


def test_a_library_without_the_name(tree: Registry[Any]) -> None:
    text = _text(lambda: tree.get("left.VGG"))
    assert text == "'left.VGG' is not in left::backbone\n  searched: left::backbone, top::backbone"


def test_a_package_that_is_no_library(tree: Registry[Any]) -> None:
    assert _text(lambda: tree.get("os.system")).startswith("'os' is a Python package without")


def test_an_unknown_keyword(tree: Registry[Any]) -> None:
    cfg = {"type": "left.ResNet", "detph": 18}
    assert _text(lambda: tree.build(cfg)) == (
        "ResNet has no argument 'detph'; did you mean 'depth'?\n  ResNet(depth, stages=4)"
    )


def test_a_missing_argument(tree: Registry[Any]) -> None:
    assert _text(lambda: tree.build({"type": "left.ResNet"})) == (
        "ResNet needs 'depth'\n  ResNet(depth, stages=4)"
    )


def test_a_build_error_is_a_type_error_with_its_cause(tree: Registry[Any]) -> None:
    with pytest.raises(TypeError) as caught:
        tree.build({"type": "left.ResNet"})
    assert isinstance(caught.value, BuildError)
    assert isinstance(caught.value.__cause__, TypeError)


def test_a_config_without_type(tree: Registry[Any]) -> None:
    assert _text(lambda: tree.build({"depth": 18})) == (
        "a config needs the key 'type'; this one has 'depth'"
    )


def test_a_class_in_place_of_a_name(tree: Registry[Any]) -> None:
    assert type(tree.build({"type": ResNet, "depth": 18})) is ResNet


def test_a_builtin_tells_itself_what_it_refuses(tree: Registry[Any]) -> None:
    tree.register_module("number", module=int)
    with pytest.raises(TypeError, match="'bass' is an invalid keyword argument") as caught:
        tree.build({"type": "number", "bass": 2})
    assert caught.value.__notes__ == ["while building int"]


def test_an_argument_that_has_no_name(tree: Registry[Any]) -> None:
    tree.register_module("by_place", module=lambda depth, /, stages=4: None)
    text = _text(lambda: tree.build({"type": "by_place", "depth": 18}))
    assert text.splitlines()[0].endswith(
        "<lambda>: 'depth' parameter is positional only, but was passed as a keyword"
    )


def test_the_config_of_a_runner_is_a_mapping() -> None:
    with pytest.raises(BuildError, match="config of a runner must be a mapping; got 3"):
        RUNNERS.build(3)


def test_a_scheduler_by_iteration_needs_the_length_of_an_epoch() -> None:
    cfg = {"type": "StepLR", "step_size": 1, "convert_to_iter_based": True}
    with pytest.raises(BuildError, match=r"^convert_to_iter_based needs epoch_length$"):
        PARAM_SCHEDULERS.build(cfg)


def test_no_config_at_all(tree: Registry[Any]) -> None:
    assert _text(lambda: tree.build(18)) == (
        "a config must be a mapping with the key 'type'; got int: 18"
    )
    assert _text(lambda: tree.build({"type": 18})) == (
        "'type' must be a name, a class or a function; got 18"
    )


def test_an_error_tells_the_config_path(tree: Registry[Any]) -> None:
    from engine.config import Config

    cfg = Config({"model": {"neck": {"type": "left.ResNet", "detph": 1}}}, filename="x.py")
    assert _text(lambda: tree.build(cfg.model.neck)).startswith("model.neck.detph (x.py): ResNet")
    cfg.model.neck = ConfigDict(type="left.ResNt")
    with pytest.raises(NotRegisteredError) as caught:
        tree.build(Config(cfg.to_dict(), filename="x.py").model.neck)
    assert caught.value.__notes__ == ["asked for by model.neck (x.py)"]


def test_what_a_constructor_raises_passes_through(tree: Registry[Any]) -> None:
    with pytest.raises(ValueError, match="depth is negative") as caught:
        tree.build({"type": "left.ResNet", "depth": -1})
    assert type(caught.value) is ValueError
    assert caught.value.__notes__ == ["while building ResNet"]


class Outer:
    """A class that fails where its arguments are right, unless `size` is none."""

    def __init__(self, size: int, inner: Any = None, names: tuple[str, ...] = ()) -> None:
        size + 1
        inner.names  # noqa: B018


class Passing(Outer):
    """A class that passes on what it is given."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)


@pytest.mark.parametrize("kind", [Outer, Passing])
def test_a_value_that_an_annotation_rules_out_is_named_once_a_call_fails(kind: type) -> None:
    registry: Registry[Any] = Registry("part", scope="top")
    registry.register_module(module=kind)
    right = {"type": kind.__name__, "size": 3}
    with pytest.raises(BuildError) as caught:
        registry.build({**right, "size": "3"})
    assert str(caught.value).splitlines() == [
        f"size of {kind.__name__} must be int; got '3'",
        '  TypeError: can only concatenate str (not "int") to str',
    ]
    with pytest.raises(BuildError, match=rf"names of {kind.__name__} must be list\[str\]; got 3"):
        registry.build({**right, "names": 3})
    with pytest.raises(AttributeError) as told:
        registry.build(right)
    assert told.value.__notes__ == [f"while building {kind.__name__}"]


def test_a_duplicate_names_both_sites(tree: Registry[Any]) -> None:
    with pytest.raises(DuplicateNameError) as caught:
        tree.children["left"].register_module("ResNet", module=ResNet)
    text = str(caught.value)
    assert text.startswith("'ResNet' is registered in left::backbone already, at ")
    assert text.count(HERE) == 2
    tree.children["left"].register_module("ResNet", force=True, module=int)
    assert tree.get("left.ResNet") is int


def test_what_can_not_be_registered(tree: Registry[Any]) -> None:
    with pytest.raises(TypeError, match="top::backbone can only register classes and functions"):
        tree.register_module("three", module=3)  # type: ignore[call-overload]
    with pytest.raises(ValueError, match=r"must not be empty or contain a dot, .* got .a\.b."):
        tree.register_module("a.b", module=ResNet)
    with pytest.raises(ValueError, match="'left' is the name of a scope already"):
        tree.register_module("left", module=ResNet)
    with pytest.raises(TypeError, match="force must be a bool"):
        tree.register_module("x", "yes")  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="name must be a str"):
        tree.register_module(["x", 3])  # type: ignore[list-item]


def test_a_prefix_that_is_taken(tree: Registry[Any]) -> None:
    other: Registry[Any] = Registry("other")
    for prefix in ("more", "left"):
        if prefix == "more":
            tree.attach_source(prefix, other)
        with pytest.raises(DuplicateNameError, match=f"prefix '{prefix}' is taken already in top"):
            tree.attach_source(prefix, other)


def test_an_alias_that_means_another_scope() -> None:
    with pytest.raises(ValueError, match="'mmengine' already means 'engine', not 'mmalpha'"):
        add_scope_alias("mmengine", "mmalpha")
    add_scope_alias("mmengine", "engine")


def test_a_scope_that_another_module_has_taken() -> None:
    MODELS.get("mmalpha.ResNet")
    with pytest.raises(ValueError, match="has a child of the scope 'mmalpha' already, made at"):
        MODELS.child("mmalpha")


def test_errors_survive_a_worker_process(tree: Registry[Any]) -> None:
    with pytest.raises(NotRegisteredError) as caught:
        tree.get("ResNt")
    copy = pickle.loads(pickle.dumps(caught.value))  # noqa: S301  # our own bytes
    assert type(copy) is NotRegisteredError
    assert str(copy) == str(caught.value)


def test_what_is_built_is_not_what_was_expected(tree: Registry[Any]) -> None:
    cfg = {"type": "left.ResNet", "depth": 18}
    assert type(tree.build(cfg, expect=ResNet)) is ResNet
    assert _text(lambda: tree.build(cfg, expect=Path)) == "expected Path; this builds ResNet"
