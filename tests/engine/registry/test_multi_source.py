"""Several registries behind one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from inspect import Parameter, Signature
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.registry import (
    BACKBONE_REGISTRY,
    DuplicateNameError,
    MultiSourceRegistry,
    NotRegisteredError,
    PackageSource,
    Registry,
)

Probe = Callable[[str], str]


def _registry(*names: str) -> Registry[Any]:
    registry: Registry[Any] = Registry()
    for name in names:
        registry.register_module(name, module=lambda *args, _name=name, **kw: (_name, args, kw))
    return registry


def _multi(**sources: Any) -> MultiSourceRegistry[Any]:
    multi: MultiSourceRegistry[Any] = MultiSourceRegistry("model")
    for prefix, source in sources.items():
        multi.register_source(prefix, source)
    return multi


def test_it_maps_prefixes_to_sources_and_is_a_set_of_names() -> None:
    first, second = _registry("a", "b"), _registry("b", "c")
    multi = _multi(first=first, second=second)
    assert list(multi.keys()) == ["first", "second"]
    assert list(multi.values()) == [first, second]
    assert dict(multi) == {"first": first, "second": second}
    assert list(multi) == ["first_a", "first_b", "second_b", "second_c"]
    assert len(multi) == 4
    assert "b" in multi
    assert "second_b" in multi
    assert "first" not in multi
    assert repr(multi) == "MultiSourceRegistry('model', sources=['first', 'second'])"


def test_the_first_match_wins_and_a_prefix_chooses() -> None:
    first, second = _registry("a", "b"), _registry("b")
    multi = _multi(first=first, second=second)
    assert multi.find_registry("b") is first
    assert multi.find_registry("second_b") is second
    assert multi.find_class("second_b") is second.get("b")
    assert multi.get("second_b") is second.get("b")
    assert multi.get("nothing", "else") == "else"
    assert multi.build("b", 1, key=2) == ("b", (1,), {"key": 2})


def test_a_prefix_may_contain_an_underscore() -> None:
    short, long = _registry("lib_net", "lib_other"), _registry("net")
    multi = _multi(my=short, my_lib=long)
    assert multi.find_registry("my_lib_net") is long
    assert multi.find_registry("my_lib_other") is short


def test_what_a_constructor_raises_passes_through() -> None:
    registry = _registry()

    @registry.register
    def broken() -> None:
        raise KeyError("my own")

    with pytest.raises(KeyError) as caught:
        _multi(lib=registry).build("broken")
    assert type(caught.value) is KeyError
    assert caught.value.args == ("my own",)


def test_a_name_that_no_source_has() -> None:
    multi = _multi(first=_registry("resnet18", "vgg"), second=_registry("resnet18"))
    with pytest.raises(NotRegisteredError) as caught:
        multi.build("resnet_18")
    assert str(caught.value) == (
        "Model resnet_18 could not be instantiated from any source of model (first, second); "
        "did you mean 'first_resnet18' or 'second_resnet18'?"
    )


def test_a_source_whose_package_is_missing_says_what_to_install() -> None:
    multi = _multi(lib=_registry("a"))
    multi.register_source("gone", _MISSING)
    assert "gone_a" not in multi
    assert list(multi) == ["lib_a"]
    with pytest.raises(KeyError) as caught:
        multi.build("gone_a")
    assert str(caught.value).splitlines()[1] == (
        "  no_such_package is not installed. Install it: pip install 'engine[gone]'"
    )


def test_a_prefix_that_is_taken_or_missing() -> None:
    multi = _multi(lib=_registry())
    for kind in (KeyError, ValueError):
        with pytest.raises(kind) as caught:
            multi.register_source("lib", _registry())
        assert str(caught.value) == "Source for prefix lib already exists."
    with pytest.raises(NotRegisteredError, match="model has no source 'bil'; it has lib"):
        multi["bil"]


_MISSING = PackageSource("no_such_package", list, lambda name: dict, "engine[gone]")


class Plain:
    """A source as TerraTorch has them: `build`, `in` and iteration."""

    def build(self, name: str, *args: Any, **kwargs: Any) -> Any:
        if name not in self:
            raise KeyError(name)
        return name, args, kwargs

    def __iter__(self) -> Iterator[str]:
        return iter(["net"])

    def __contains__(self, name: object) -> bool:
        return name == "net"


def test_a_source_needs_build_in_and_iteration_only() -> None:
    multi = _multi(plain=Plain())
    assert list(multi) == ["plain_net"]
    assert multi.build("net", 1, size=2) == ("net", (1,), {"size": 2})
    assert multi.find_class("plain_net")(3) == ("net", (3,), {})
    assert multi.get("plain_net")() == ("net", (), {})
    assert multi.get("other") is None
    root: Registry[Any] = Registry("thing", scope="top")
    root.attach_source("plain", Plain())
    assert root.build(dict(type="plain.net", size=1)) == ("net", (), {"size": 1})
    with pytest.raises(NotRegisteredError, match="the source 'plain' has no 'other'"):
        root.get("plain.other")


def test_names_that_two_prefixes_make_are_listed_once() -> None:
    multi = _multi(my=_registry("lib_net", "net"), my_lib=_registry("net"))
    assert list(multi) == ["my_lib_net", "my_net"]
    assert len(multi) == 2


def test_a_source_that_leaves_at_its_import_ends_nothing() -> None:
    def leave() -> list[str]:
        raise SystemExit(1)

    broken = PackageSource("sys", leave, lambda name: dict, "broken")
    multi = _multi(mine=_registry("net"), broken=broken)
    assert list(multi) == ["mine_net"]
    assert "broken_net" not in multi
    with pytest.raises(NotRegisteredError, match="sys is installed, but its import fails: System"):
        multi.build("other")
    root: Registry[Any] = Registry("thing", scope="top")
    root.attach_source("broken", broken)
    assert "broken.net" not in root
    assert "its import fails" in (root.explain("broken.net").error or "")


def test_explain_tells_which_source_has_a_name_and_which_have_it_as_well() -> None:
    multi = _multi(first={"a": int, "b": int}, second={"b": float})
    told = multi.explain("b")
    assert told.found is not None
    assert (told.found.node, told.shadows) == ("source first", ("second_b",))
    assert [step.node for step in multi.explain("second_b").searched] == ["second"]
    assert "could not be instantiated" in (multi.explain("c").error or "")


def test_names_register_in_the_first_source_that_takes_them() -> None:
    multi: MultiSourceRegistry[Any] = MultiSourceRegistry("model", behind={"fixed": Plain()})
    with pytest.raises(TypeError, match="no source takes more names"):
        multi.register(int)
    multi.register_source("mine", _registry())
    assert list(multi.keys()) == ["mine", "fixed"]
    assert multi.register(float) is float
    assert multi.find_class("mine_float") is float
    with pytest.raises(DuplicateNameError):
        multi.register(float)


def test_an_empty_registry_is_true_and_like_no_other() -> None:
    empty: MultiSourceRegistry[Any] = MultiSourceRegistry()
    assert empty
    assert empty != MultiSourceRegistry()
    assert {empty: 1}[empty] == 1
    with pytest.raises(KeyError, match="from any source of registry"):
        empty.build("anything")


def test_locations_are_imported_to_list_names(
    probe: Probe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a_place_of_parts.py").write_text(
        "from holder_of_parts import REGISTRY\nREGISTRY.register(int)\n"
    )
    (tmp_path / "holder_of_parts.py").write_text(
        "from engine.registry import Registry\n"
        "REGISTRY = Registry(scope='parts', locations=['a_place_of_parts'])\n"
    )
    code = (
        "from engine.registry import MultiSourceRegistry; from holder_of_parts import REGISTRY;"
        "multi = MultiSourceRegistry(); multi.register_source('parts', REGISTRY);"
        "print(list(multi))"
    )
    assert probe(code).strip() == "['parts_int']"


def test_the_libraries_are_found_without_an_import(probe: Probe) -> None:
    code = (
        "import sys; from engine.registry import BACKBONE_REGISTRY, DECODER_REGISTRY;"
        "heavy = {'torch', 'timm', 'transformers', 'segmentation_models_pytorch', 'torchvision'};"
        "print(list(BACKBONE_REGISTRY.keys()), list(DECODER_REGISTRY.keys()));"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert probe(code).splitlines() == [
        "['mmalpha', 'timm', 'transformers'] ['mmbeta', 'smp']",
        "[]",
    ]


def test_a_near_name_comes_from_any_source() -> None:
    with pytest.raises(KeyError, match="did you mean 'mmalpha_resnet152' or 'timm_resnet152'"):
        BACKBONE_REGISTRY.find_class("resnet153")


_parts = st.lists(st.sampled_from(["a", "b", "ab"]), min_size=1, max_size=3).map("_".join)


@given(st.dictionaries(_parts, st.sets(_parts, max_size=4), max_size=4), _parts)
def test_the_longest_prefix_that_has_the_name_wins_and_else_the_first(
    names: dict[str, set[str]], asked: str
) -> None:
    multi = _multi(**{prefix: _registry(*sorted(keys)) for prefix, keys in names.items()})
    by_prefix = [
        (len(prefix), prefix, key)
        for prefix, keys in names.items()
        for key in keys
        if asked == f"{prefix}_{key}"
    ]
    in_order = [prefix for prefix, keys in names.items() if asked in keys]
    made = [f"{prefix}_{key}" for prefix in names for key in sorted(names[prefix])]
    assert list(multi) == [*dict.fromkeys(made)]
    if by_prefix:
        _, prefix, key = max(by_prefix)
    elif in_order:
        prefix, key = in_order[0], asked
    else:
        assert asked not in multi
        assert multi.get(asked) is None
        with pytest.raises(KeyError, match="could not be instantiated"):
            multi.build(asked)
        return
    assert asked in multi
    source = cast("Any", multi[prefix])
    assert multi.find_class(asked) is source.get(key)
    assert multi.find_registry(asked) is source
    assert multi.build(asked) == (key, (), {})


def _narrow(width: int = 1) -> str:
    return f"narrow {width}"


def _weighted(pretrained: bool = False, **kwargs: Any) -> str:
    return f"weighted {pretrained} {kwargs}"


def test_a_bare_name_is_that_of_the_first_source_that_knows_the_arguments() -> None:
    anything = _registry("net")
    multi = _multi(ours={"net": _narrow}, open=anything, theirs={"net": _weighted})
    assert multi.build("net", width=2) == "narrow 2"
    assert multi.build("net", pretrained=True, chans=1) == "weighted True {'chans': 1}"
    assert multi.build("net", pretrained=False) == "weighted False {}"
    assert multi.find_registry("net", ["pretrained"]) is multi["theirs"]
    assert multi.find_class("net", ["pretrained"]) is _weighted
    told = multi.explain("net", ["pretrained"])
    assert told.found is not None
    assert (told.found.node, told.shadows) == ("source theirs", ("ours_net", "open_net"))
    assert "searched: ours: passed over, it has no argument 'pretrained'" in str(told)


def test_an_argument_that_no_source_names_is_an_error_that_tells_of_the_others() -> None:
    multi = _multi(ours={"net": _narrow}, theirs={"net": _weighted}, gone=_MISSING)
    with pytest.raises(TypeError) as caught:
        multi.build("net", widht=2)
    assert str(caught.value) == (
        "ours_net has no argument 'widht'; did you mean 'width'? There is also 'theirs_net'\n"
        "  no_such_package is not installed. Install it: pip install 'engine[gone]'"
    )
    with pytest.raises(TypeError, match="unexpected keyword argument 'widht'"):
        multi.build("ours_net", widht=2)


def test_weights_of_a_bare_name_are_those_of_the_source_that_has_them(tmp_path: Path) -> None:
    weights = BACKBONE_REGISTRY.build("timm_resnet18").state_dict()
    torch.save(weights, tmp_path / "weights.pth")
    overlay = {"file": str(tmp_path / "weights.pth")}
    model = BACKBONE_REGISTRY.build("resnet18", pretrained=True, pretrained_cfg_overlay=overlay)
    assert all(torch.equal(value, weights[key]) for key, value in model.state_dict().items())


_signatures = st.dictionaries(
    st.sampled_from("xyz"), st.tuples(st.sets(st.sampled_from("abc")), st.booleans()), max_size=3
)


@given(_signatures, st.sets(st.sampled_from("abc")))
def test_the_source_of_a_bare_name_takes_the_arguments_if_one_names_them(
    signatures: dict[str, tuple[set[str], bool]], asked: set[str]
) -> None:
    def maker(named: set[str], is_open: bool) -> Callable[..., str]:
        def make(**given: int) -> str:
            return ""

        keywords = [Parameter(each, Parameter.KEYWORD_ONLY, default=0) for each in sorted(named)]
        rest = [Parameter("rest", Parameter.VAR_KEYWORD)] if is_open else []
        vars(make)["__signature__"] = Signature([*keywords, *rest])
        return make

    makers = {prefix: maker(*each) for prefix, each in signatures.items()}
    multi = _multi(**{prefix: {"net": make} for prefix, make in makers.items()})
    given_ = dict.fromkeys(asked, 1)
    fits = {prefix: is_open or asked <= named for prefix, (named, is_open) in signatures.items()}
    if not signatures:
        assert multi.get("net") is None
        return
    first, *others = signatures
    unknown = asked - signatures[first][0]
    named = [each for each in others if fits[each] and signatures[each][0] & unknown]
    if fits[first] or named:
        chosen = first if fits[first] else named[0]
        assert multi.find_class("net", given_) is makers[chosen]
        assert multi.explain("net", given_).searched[-1].node == chosen
        assert multi.build("net", **given_) == ""
    else:
        assert multi.find_class("net", given_) is makers[first]
        with pytest.raises(TypeError, match=f"{first}_net has no argument"):
            multi.build("net", **given_)
