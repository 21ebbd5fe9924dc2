"""Functions by name and metadata."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.registry import (
    ConcatRegistry,
    DuplicateNameError,
    ExternalRegistry,
    FlashRegistry,
    FunctionRegistry,
    NotRegisteredError,
    Provider,
)


def _fn(size: int = 1) -> int:
    return size


def _other() -> str:
    return "other"


def test_both_names_mean_one_class() -> None:
    assert FlashRegistry is FunctionRegistry


def test_registration_by_call_and_by_decorator() -> None:
    registry = FlashRegistry("backbones")
    assert registry(_fn) is _fn
    assert registry(fn=_fn, name="two") is _fn

    @registry
    def three() -> int:
        return 3

    @registry(name="4", size="large")
    def four() -> int:
        return 4

    assert (three(), four()) == (3, 4)
    assert registry.available_keys() == ["4", "_fn", "three", "two"]
    assert len(registry) == 4
    assert "4" in registry
    assert "four" not in registry
    assert repr(registry) == (
        "FunctionRegistry(name=backbones, functions=['4', '_fn', 'three', 'two'])"
    )


def test_a_partial_has_the_name_of_its_function() -> None:
    registry = FlashRegistry("backbones")
    registry(partial(partial(_fn, size=2), size=3))
    registry(fn=partial(_fn, size=5), name="five")
    assert registry.get("_fn")() == 3
    assert registry.get("five")() == 5


def test_metadata_tells_functions_of_one_name_apart() -> None:
    registry = FlashRegistry("backbones")
    registry(_fn, "net", size="small", provider="here")
    registry(_other, "net", size="large", provider="here")
    assert registry.get("net") is _fn
    assert registry.get("net", size="large") is _other
    assert registry.get("net", strict=False, provider="here") == [_fn, _other]
    assert registry.get("net", with_metadata=True, size="large") == {
        "fn": _other,
        "name": "net",
        "metadata": {"size": "large", "provider": "here"},
        "providers": (),
    }
    assert len(registry) == 2
    assert list(registry) == ["net"]


def test_the_messages_of_flash() -> None:
    registry = FlashRegistry("backbones")
    with pytest.raises(TypeError, match=r"^You can only register a callable, found: 3$"):
        registry(3)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match=r"^`name` must be a str, found 3$"):
        registry(_fn, name=3)  # type: ignore[call-overload]
    with pytest.raises(KeyError) as caught:
        registry.get("foo")
    assert str(caught.value) == "Key: foo is not in FlashRegistry"
    registry(_fn, "food", size=1)
    with pytest.raises(NotRegisteredError) as caught:
        registry.get("foo")
    assert str(caught.value) == "Key: foo is not in FlashRegistry; did you mean 'food'?"
    with pytest.raises(KeyError) as caught:
        registry.get("food", size=2)
    assert str(caught.value) == (
        "Found no matches that fit your metadata criteria. Try removing some metadata"
    )
    assert issubclass(DuplicateNameError, ValueError)
    with pytest.raises(DuplicateNameError) as caught:
        registry(_other, "food", size=1)
    assert str(caught.value) == (
        "Function with name: food and metadata: {'size': 1} is already present within backbones. "
        "HINT: Use `override=True`."
    )


def test_override_replaces_what_has_the_same_metadata() -> None:
    registry = FlashRegistry("backbones")
    registry(_fn, "net", size=1)
    registry(_fn, "net", size=2)
    registry(_other, "net", override=True, size=1)
    assert registry.get("net", size=1) is _other
    assert registry.get("net", size=2) is _fn
    assert len(registry) == 2


def test_remove() -> None:
    registry = FlashRegistry("backbones")
    registry(_fn, "net", size=1)
    registry(_fn, "net", size=2)
    registry.remove("net")
    registry.remove("net")
    assert "net" not in registry
    assert len(registry) == 0


@pytest.mark.parametrize("name", ["key", "with_metadata", "strict", "pattern", "exclude"])
def test_metadata_that_could_not_be_asked_for_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"metadata of _fn can't be called '{name}'"):
        FlashRegistry("backbones")(_fn, None, **dict[str, Any]({name: 1}))


def test_search_by_wildcard_and_metadata() -> None:
    registry = FlashRegistry("backbones")
    for name in ("resnet18", "resnet50_dw", "seresnet18", "vgg"):
        registry(_fn, name, provider="timm")
    registry(_fn, "resnet18", provider="here")
    registry(_fn, "resnet9", provider="here")
    found = registry.list("*resnet*", provider="timm", exclude="*_dw*")
    assert found == ["resnet18", "seresnet18"]
    assert registry.list(exclude=["*resnet*", "w*"]) == ["vgg"]
    assert registry.list("resnet?") == ["resnet9"]
    assert registry.list(provider="nobody") == []


def test_providers() -> None:
    registry = FlashRegistry("backbones")
    flash = Provider("flash", "https://example.org")
    registry(_fn, "net", providers=[flash, "timm"])
    registry(_fn, "net", providers="timm", size=1)
    assert registry.providers("net") == (flash, Provider("timm"))
    assert list(map(str, registry.providers("net"))) == ["flash (https://example.org)", "timm"]


def test_verbose_tells_what_is_registered(capsys: pytest.CaptureFixture[str]) -> None:
    FlashRegistry("backbones", verbose=True)(_fn, size=1)
    assert capsys.readouterr().out == "Registering: _fn with metadata: {'size': 1}\n"


def _getter(key: str, size: int = 1) -> tuple[str, int]:
    return key, size


def test_an_external_registry_with_names_is_honest() -> None:
    calls: list[int] = []

    def names() -> list[str]:
        calls.append(1)
        return ["a", "b"]

    registry = ExternalRegistry(_getter, "theirs", providers="them", names=names, provider="x")
    assert calls == []
    assert registry.available_keys() == ["a", "b"]
    assert "a" in registry
    assert "c" not in registry
    assert len(registry) == 2
    assert registry.get("a")(size=3) == ("a", 3)
    assert registry.list("*", provider="x") == ["a", "b"]
    assert registry.list("*", provider="y") == []
    assert registry.providers("a") == (Provider("them"),)
    assert calls == [1]
    with pytest.raises(KeyError, match="Key: c is not in ExternalRegistry"):
        registry.get("c")


def test_an_external_registry_without_names_takes_any_and_knows_none() -> None:
    registry = ExternalRegistry(_getter, "theirs")
    assert registry.get("whatever")() == ("whatever", 1)
    assert "whatever" not in registry
    assert list(registry) == []
    assert registry.available_keys() == []
    told = ExternalRegistry(_getter, "theirs", providers=["a", Provider("b", "https://b.org")])
    assert told.available_keys() == ["a, b"]


def test_an_external_registry_does_not_change() -> None:
    registry = ExternalRegistry(_getter, "theirs", names=lambda: ["a"])
    with pytest.raises(TypeError, match="theirs is external; nothing can be added to it"):
        registry(_fn)
    with pytest.raises(TypeError, match="theirs is external; nothing can be removed from it"):
        registry.remove("a")
    with pytest.raises(TypeError, match="theirs are all external"):
        (registry + registry)(_fn)


def test_a_sum_asks_in_order() -> None:
    first, second = FlashRegistry("first"), FlashRegistry("second")
    first(_fn, "net")
    second(_other, "net", size=1)
    second(_other, "more")
    both = first + second
    assert isinstance(both, ConcatRegistry)
    assert both.name == "first,second"
    assert both.available_keys() == ["more", "net", "net"]
    assert list(both) == ["net", "more"]
    assert len(both) == 3
    assert both.get("net") is _fn
    assert both.get("net", size=1) is _other
    assert both.get("net", strict=False) == [_fn, _other]
    with pytest.raises(KeyError, match="Key: nett is not in ConcatRegistry; did you mean 'net'"):
        both.get("nett")


def test_a_sum_of_sums_is_flat_and_registers_in_the_first_that_is_not_external() -> None:
    external = ExternalRegistry(_getter, "theirs")
    first, second = FlashRegistry("first"), FlashRegistry("second")
    both = external + (first + second)
    assert both.registries == (external, first, second)
    both(_fn, "net")
    assert "net" in first
    assert both.get("net") is _fn
    assert both.get("unknown")() == ("unknown", 1)
    second(_other, "net")
    both.remove("net")
    assert "net" not in both


def test_a_sum_of_registries_of_one_name_keeps_it() -> None:
    first, second, third = (FlashRegistry("backbones") for _ in range(3))
    second(_fn, "net")
    third(_other, "net", size=1)
    both = first + (second + third)
    assert both.name == (first + second + third).name == "backbones"
    assert both.registries == (first, second, third)
    assert len(both) == 2


def test_explain_tells_of_all_that_fit() -> None:
    registry = FlashRegistry("backbones")
    registry(_fn, "net", type="resnet", namespace="timm")
    registry(_other, "net", type="resnet")
    told = registry.explain("net", type="resnet")
    assert told.found is not None
    assert told.found.target.startswith(f"{__name__}._fn")
    assert [each.partition(" ")[0] for each in told.shadows] == [f"{__name__}._other"]
    assert registry.explain("net", namespace="timm").shadows == ()
    assert (
        registry.explain("nett").error == "Key: nett is not in FlashRegistry; did you mean 'net'?"
    )
    found = registry.get("net", type="resnet", namespace="timm", with_metadata=True)
    assert found["fn"] is _fn
    assert registry.get("net", type="resnet", strict=False) == [_fn, _other]


_names = st.sampled_from(["a", "b", "c"])
_metadata = st.dictionaries(st.sampled_from(["x", "y"]), st.integers(0, 1))
_steps = st.lists(st.tuples(st.booleans(), _names, _metadata, st.booleans()), max_size=12)


@given(_steps, _names, _metadata)
def test_the_registry_is_a_list_of_entries(
    steps: list[tuple[bool, str, dict[str, Any], bool]], key: str, asked: dict[str, Any]
) -> None:
    registry = FlashRegistry("law")
    model: list[dict[str, Any]] = []
    for add, name, metadata, override in steps:
        same = [each for each in model if (each["name"], each["metadata"]) == (name, metadata)]
        if not add:
            registry.remove(name)
            model = [each for each in model if each["name"] != name]
            continue

        def fn() -> None: ...

        if same and not override:
            with pytest.raises(DuplicateNameError):
                registry(fn, name, **metadata)
            continue
        registry(fn, name, override=override, **metadata)
        model = [each for each in model if each not in same]
        model.append({"fn": fn, "name": name, "metadata": metadata})
    assert len(registry) == len(model)
    assert registry.available_keys() == sorted(each["name"] for each in model)
    fitting = [
        each["fn"]
        for each in model
        if each["name"] == key and asked.items() <= each["metadata"].items()
    ]
    if fitting:
        assert registry.get(key, strict=False, **asked) == fitting
        assert registry.get(key, **asked) is fitting[0]
    else:
        with pytest.raises(NotRegisteredError):
            registry.get(key, **asked)
    assert (key in registry.list("*", **asked)) == bool(fitting)
