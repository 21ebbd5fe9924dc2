"""Search in all registries."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.registry import (
    FoundName,
    PackageSource,
    find_models,
    find_names,
    find_roots,
    path_of,
)
from engine.registry._search import fits

MakeLibrary = Callable[..., Path]


NAMES = st.text("abAB_1", min_size=1, max_size=8)


@given(NAMES, NAMES, NAMES)
def test_a_pattern_is_a_part_of_the_full_name(scope: str, name: str, pattern: str) -> None:
    found = FoundName("MODELS", scope, name, "", "")
    full = f"{scope}.{name}".lower()
    assert fits(pattern, found) == (pattern.lower() in full)
    assert fits(f"*{pattern}*", found) == (pattern.lower() in full)
    assert fits(f"{pattern}*", found) == any(
        fnmatchcase(each, f"{pattern.lower()}*") for each in (name.lower(), full)
    )


def test_names_are_narrowed_by_registry_and_scope() -> None:
    everything = find_names()
    assert {each.registry for each in everything} <= {*find_roots()}
    for registry, scope in (("MODELS", "mmalpha"), ("hook", "engine")):
        [label] = find_roots(registry)
        expected = [each for each in everything if (each.registry, each.scope) == (label, scope)]
        assert find_names(registry=registry, scope=scope) == expected != []


def test_models_are_those_of_the_tree_and_of_its_sources() -> None:
    scopes = [*dict.fromkeys(each.scope for each in find_models())]
    assert scopes[0] == "engine"
    assert {"mmalpha", "mmbeta", "timm", "torchvision", "smp"} <= {*scopes}
    assert {each.scope for each in find_models(source="smp")} == {"smp"}


@pytest.mark.parametrize(
    ("registry", "prefix", "name", "target"),
    [
        ("MODELS", "timm", "resnet18", "timm.models.resnet.resnet18"),
        ("MODELS", "torchvision", "resnet18", "torchvision.models.resnet.resnet18"),
        ("TRANSFORMS", "torchvision", "Pad", "torchvision.transforms.v2._geometry.Pad"),
    ],
)
def test_what_a_name_of_a_source_stands_for(
    registry: str, prefix: str, name: str, target: str
) -> None:
    [root] = find_roots(registry).values()
    source = root.sources[prefix]
    assert isinstance(source, PackageSource)
    assert path_of(source.original(name)) == target


def test_a_library_that_can_not_be_imported_is_told(make_library: MakeLibrary) -> None:
    make_library("lost_lib", "raise RuntimeError('no')", scope="lost_lib")
    told: list[str] = []
    assert find_names("LinearClsHead", tell=told.append)
    assert [each.partition(":")[0] for each in told] == ["lost_lib is left out"]
    with pytest.warns(UserWarning, match="lost_lib is left out"):
        find_names("LinearClsHead")


def test_a_source_and_a_location_that_can_not_be_imported_are_told(
    make_library: MakeLibrary, probe_with_torch: Callable[[str], str]
) -> None:
    registry = """
from engine.registry import MODELS, PackageSource
MODELS = MODELS.child('partial_lib', 'partial_lib.lost')
MODELS.register_module('Here', module=dict)
MODELS.attach_source('absent', PackageSource('not_there', list, dict.get, 'not-there'))
MODELS.attach_source('plain', {'one': dict, 'two': list})
"""
    folder = make_library("partial_lib", registry, lost="1 / 0")
    facts = folder / "partial_lib-1.0.dist-info" / "entry_points.txt"
    facts.write_text("[engine.scopes]\npartial_lib = partial_lib.registry\n", encoding="utf-8")
    told = probe_with_torch(f"""
import sys
sys.path.insert(0, {str(folder)!r})
from engine.registry import NotRegisteredError, find_models
names = {{each.full_name for each in find_models(tell=print)}}
print({{'partial_lib.Here', 'plain.one', 'plain.two'}} - names)
try:
    find_models(source='absent', tell=lambda message: None)
except NotRegisteredError as error:
    print(error)
""").splitlines()
    missing = "not_there is not installed. Install it: pip install 'not-there'"
    assert told == [
        "partial_lib::model is not complete: the import of partial_lib.lost, which a registry "
        "names in its locations, fails: ZeroDivisionError: division by zero",
        f"absent is left out: {missing}",
        "set()",
        missing,
    ]


def test_what_there_is_not() -> None:
    with pytest.raises(ValueError, match="no library 'mmalfa'; did you mean 'mmalpha'"):
        find_names(scope="mmalfa")
    with pytest.raises(ValueError, match="no root registry 'MODEL'"):
        find_names(registry="MODEL")
