"""`ConfigDict`: a dictionary whose keys are attributes as well."""

from __future__ import annotations

import copy
import json
import pickle
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from engine.config import Config, ConfigDict

Copier = Callable[[Any], Any]
METHODS = (
    "keys", "values", "items", "get", "pop", "update", "copy", "deepcopy", "merge", "to_dict",
    "clear",
)  # fmt: skip


def pickled(cfg: Any) -> Any:
    return pickle.loads(pickle.dumps(cfg))  # noqa: S301  # it is our own


def pickled_as_of_old(cfg: Any) -> Any:
    return pickle.loads(pickle.dumps(cfg, 0))  # noqa: S301  # it is our own


COPIERS: list[Copier] = [
    copy.copy,
    copy.deepcopy,
    lambda cfg: cfg.copy(),
    lambda cfg: cfg.deepcopy(),
    lambda cfg: cfg | {},
    pickled,
    pickled_as_of_old,
]


def test_attributes_are_items() -> None:
    cfg = ConfigDict({"model": {"depth": 18, "layers": [{"x": 1}, ({"y": 2},)]}})
    assert cfg.model.depth == cfg["model"]["depth"] == cfg.model.get("depth") == 18
    assert cfg.model.layers[0].x == 1
    assert cfg.model.layers[1][0].y == 2
    cfg.model.neck = {"y": 2}
    assert cfg.model.neck.y == 2
    cfg["other"] = {"z": [{"a": 3}]}
    assert cfg.other.z[0].a == 3
    del cfg.other, cfg.model.neck
    assert cfg == {"model": {"depth": 18, "layers": [{"x": 1}, ({"y": 2},)]}}
    assert not hasattr(cfg, "other")
    assert getattr(cfg, "other", 5) == 5


@pytest.mark.parametrize("cls", [ConfigDict, Config])
@pytest.mark.parametrize("name", METHODS)
def test_methods_win_as_attributes(cls: type[ConfigDict], name: str) -> None:
    cfg = cls({name: 1, "x": 2})
    assert cfg[name] == 1
    assert callable(getattr(cfg, name))
    assert dict(cfg) == {**cfg} == cfg.to_dict() == {name: 1, "x": 2}
    assert json.loads(json.dumps(cfg)) == {name: 1, "x": 2}
    setattr(cfg, name, 3)
    assert cfg[name] == 3
    assert callable(getattr(cfg, name))
    assert copy.deepcopy(cfg) == pickled(cfg) == {name: 3, "x": 2}
    delattr(cfg, name)
    assert cfg == {"x": 2}


@pytest.mark.parametrize("name", ["filename", "text", "env_variables", "pretty_text"])
def test_properties_of_a_config_win_as_attributes(name: str) -> None:
    cfg = Config({name: 1}, "text", "x.py")
    assert cfg[name] == 1
    assert getattr(cfg, name) != 1
    setattr(cfg, name, 2)
    assert cfg == {name: 2}
    assert Config.fromstring(cfg.dump(), ".py") == cfg


@pytest.mark.parametrize(
    "name", ["_origins", "_location", "_child_class", "__dict__", "__class__", "_description"]
)
def test_no_key_disturbs_the_object(name: str) -> None:
    cfg = Config({"x": {"y": 1}})
    cfg[name] = cfg.x[name] = "odd"
    assert type(cfg) is Config
    assert cfg == copy.deepcopy(cfg) == pickled(cfg)
    assert cfg.provenance("x.y").value == 1
    assert cfg.filename is None
    assert cfg.x[name] == "odd"


def test_a_missing_attribute_names_a_near_key() -> None:
    cfg = Config({"model": {"depth": 18}}, filename="x.py")
    with pytest.raises(AttributeError) as caught:
        _ = cfg.modle
    assert str(caught.value) == "the config has no key 'modle'; did you mean 'model'?"
    with pytest.raises(AttributeError) as caught:
        _ = cfg.model.detph
    told = "model (x.py): the config has no key 'detph'; did you mean 'depth'?"
    assert str(caught.value) == told
    with pytest.raises(AttributeError, match="the config has no key 'detph'"):
        del cfg.model.detph
    with pytest.raises(KeyError, match=r"^'detph'$"):
        _ = cfg.model["detph"]
    with pytest.raises(AttributeError, match="the config has no key 'x'"):
        _ = ConfigDict().x


@pytest.mark.parametrize("name", ["self", "cls", "args", "kwargs", "key", "default", "other"])
def test_any_name_may_be_a_keyword(name: str) -> None:
    cfg = ConfigDict(**{name: 1})
    cfg.update(**{name: 2})
    assert cfg == {name: 2}


def test_defaults_by_keyword() -> None:
    cfg = ConfigDict(x=1)
    assert cfg.get("x", default=5) == 1
    assert cfg.get("y", default=5) == 5
    assert cfg.pop("y", default=5) == 5
    assert cfg.pop("y") is None
    assert cfg.pop("y", None) is None
    assert cfg.pop("x", default=5) == 1


def test_mappings_of_all_kinds_become_config_dicts() -> None:
    inner = OrderedDict(x=MappingProxyType({"y": 1}))
    cfg = ConfigDict([("a", inner), ("b", [inner, (inner,)])])
    assert cfg.a.x.y == cfg.b[0].x.y == cfg.b[1][0].x.y == 1
    assert type(cfg.a) is type(cfg.a.x) is type(cfg.b[1][0]) is ConfigDict
    for change in (
        lambda: cfg.update({"c": inner}),
        lambda: cfg.setdefault("c", inner),
        lambda: cfg.merge({"c": inner}),
        lambda: cfg.__ior__({"c": inner}),
    ):
        change()
        assert cfg.pop("c").x.y == 1


def test_what_a_program_puts_in_stays_its_own() -> None:
    given = {"x": [{"y": 1}]}
    cfg = ConfigDict(given)
    cfg.other = given
    cfg.x[0].y = cfg.other.x[0].y = 2
    assert given == {"x": [{"y": 1}]}


def test_a_config_dict_that_is_assigned_stays_the_object() -> None:
    cfg, part = ConfigDict(), ConfigDict(x=1)
    cfg.part = part
    part.x = 2
    assert cfg.part is part
    assert cfg.part.x == 2


def test_a_config_dict_that_is_assigned_knows_its_place_within_lists() -> None:
    cfg = Config({"model": {"depth": 18}})
    cfg.model.stages = ConfigDict(blocks=[ConfigDict(width=1)])
    with pytest.raises(AttributeError, match=r"^model\.stages\.blocks\.0 .* has no key 'widht'"):
        cfg.model.stages.blocks[0].widht  # noqa: B018


def test_an_update_with_what_is_there_changes_nothing() -> None:
    cfg = Config({"model": {"depth": 18}})
    model = cfg.model
    cfg.update(model=model)
    assert cfg.model is model


def test_nothing_is_left_to_pop() -> None:
    with pytest.raises(KeyError, match="the config is empty"):
        ConfigDict().popitem()


def test_joined() -> None:
    cfg = ConfigDict(a=1, b={"c": 2})
    new = cfg | {"b": {"d": 3}, "e": {"f": 4}}
    assert type(new) is ConfigDict
    assert new == {"a": 1, "b": {"c": 2, "d": 3}, "e": {"f": 4}}
    assert new.e.f == 4
    assert cfg == {"a": 1, "b": {"c": 2}}
    cfg |= {"e": {"f": 5}}
    assert cfg.e.f == 5
    assert {"a": 2} | cfg == {"a": 1, "b": {"c": 2}, "e": {"f": 5}}
    assert type(Config({"a": 1}) | {"b": 2}) is Config
    with pytest.raises(TypeError, match="unsupported operand"):
        _ = cfg | 3


def test_an_update_keeps_the_other_keys_of_a_dictionary() -> None:
    cfg = ConfigDict(model={"backbone": {"depth": 18, "init": {"a": 1}}, "sizes": [1, 2]}, lr=1)
    backbone = cfg.model.backbone
    cfg.update({"model": {"backbone": {"init": None}, "sizes": {0: 5}}, "lr": {"x": 1}})
    assert cfg.model.backbone is backbone
    assert cfg == {
        "model": {"backbone": {"depth": 18, "init": None}, "sizes": {0: 5}},
        "lr": {"x": 1},
    }
    cfg.update(model={"backbone": {"_delete_": True, "width": 2}})
    assert cfg.model == {"backbone": {"width": 2}, "sizes": {0: 5}}
    other = ConfigDict(x=1)
    cfg.update(other=other)
    assert cfg.other is other


class Own(dict[str, Any]):
    """A dictionary of a class of its own."""


def test_a_dictionary_of_a_class_of_its_own_keeps_it() -> None:
    own = Own(a={"b": 1})
    cfg = Config({"x": own, "y": [defaultdict(list, z=[1])], "plain": OrderedDict(a=1)})
    assert cfg.x is own
    assert type(cfg.y[0]) is defaultdict
    assert type(cfg.plain) is ConfigDict
    cfg.z = Own()
    assert type(cfg.z) is type(copy.deepcopy(cfg).z) is type(pickled(cfg).z) is Own
    assert type(cfg.to_dict()["x"]) is dict
    assert cfg.pretty_text.startswith("x = dict(a=dict(b=1))\ny = [dict(z=[1])]\n")
    cfg.merge({"x": {"a": {"c": 2}}})
    assert cfg.x == {"a": {"b": 1, "c": 2}}
    assert own == {"a": {"b": 1}}


def test_plain_dictionaries() -> None:
    cfg = ConfigDict(a={"b": [{"c": 1}, ({"d": 2},)]})
    plain = cfg.to_dict()
    assert plain == cfg
    assert type(plain) is type(plain["a"]) is dict
    assert type(plain["a"]["b"][0]) is type(plain["a"]["b"][1][0]) is dict
    plain["a"]["b"][0]["c"] = 5
    assert cfg.a.b[0].c == 1


@pytest.mark.parametrize("cls", [ConfigDict, Config])
@pytest.mark.parametrize("copier", COPIERS)
def test_copies_are_equal_and_independent(cls: type[ConfigDict], copier: Copier) -> None:
    cfg = cls({"a": {"b": [1, {"c": 2}]}, "d": (1, {"e": 3})})
    twin = copier(cfg)
    assert type(twin) is cls
    assert twin == cfg
    twin.new = 1
    del twin.d
    assert cfg == {"a": {"b": [1, {"c": 2}]}, "d": (1, {"e": 3})}


@pytest.mark.parametrize("copier", [copy.deepcopy, pickled])
def test_deep_copies_share_nothing(copier: Copier) -> None:
    shared = [1]
    cfg = Config({"a": {"b": [1, {"c": 2}], "x": object}, "d": ({"e": 3},)})
    cfg.y = [shared, shared]
    twin = copier(cfg)
    twin.a.b[1].c = twin.d[0].e = 9
    twin.a.b.append(9)
    assert cfg == {"a": {"b": [1, {"c": 2}], "x": object}, "d": ({"e": 3},), "y": [[1], [1]]}
    assert twin.a.x is object


def test_a_shallow_copy_shares_what_is_within() -> None:
    cfg = ConfigDict(a={"b": 1})
    cfg.copy().a.b = 2
    assert cfg.a.b == 2


KEYS = st.sampled_from([*METHODS, "a", "b", "self", "_x", "a-b", "", "1", "__len__"])
PLAIN = st.recursive(
    st.integers() | st.text(max_size=2) | st.none(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=2),
    max_leaves=4,
)


def updated(former: Any, new: Any) -> Any:
    """Return what an update makes of a value: a dictionary is merged into a dictionary."""
    if not (isinstance(former, dict) and isinstance(new, dict)):
        return new
    merged = {key: updated(former.get(key), value) for key, value in new.items()}
    return {**former, **merged}


class LikeADict(RuleBasedStateMachine):
    """A `ConfigDict` and a `dict` to which the same is done stay equal."""

    def __init__(self) -> None:
        super().__init__()
        self.cfg, self.model = ConfigDict(), dict[str, Any]()

    @rule(key=KEYS, value=PLAIN)
    def set_item(self, key: str, value: Any) -> None:
        self.cfg[key] = value
        self.model[key] = value

    @rule(key=KEYS, value=PLAIN)
    def set_attribute(self, key: str, value: Any) -> None:
        setattr(self.cfg, key, value)
        self.model[key] = value

    @rule(key=KEYS)
    def delete(self, key: str) -> None:
        if key in self.model:
            del self.model[key]
            del self.cfg[key]
        else:
            with pytest.raises(KeyError):
                del self.cfg[key]

    @rule(key=KEYS)
    def delete_attribute(self, key: str) -> None:
        if key in self.model:
            del self.model[key]
            delattr(self.cfg, key)
        else:
            with pytest.raises(AttributeError):
                delattr(self.cfg, key)

    @rule(key=KEYS, default=PLAIN)
    def pop(self, key: str, default: Any) -> None:
        assert self.cfg.pop(key, default) == self.model.pop(key, default)

    @rule(key=KEYS, default=PLAIN)
    def set_default(self, key: str, default: Any) -> None:
        assert self.cfg.setdefault(key, default) == self.model.setdefault(key, default)

    @rule(values=st.dictionaries(KEYS, PLAIN, max_size=3), as_pairs=st.booleans())
    def update(self, values: dict[str, Any], as_pairs: bool) -> None:
        self.cfg.update(list(values.items()) if as_pairs else values)
        self.model = updated(self.model, values)

    @rule(values=st.dictionaries(KEYS, PLAIN, max_size=3))
    def join(self, values: dict[str, Any]) -> None:
        before = copy.deepcopy(self.model)
        assert self.cfg | values == updated(self.model, values)
        assert self.cfg == before
        self.cfg |= values
        self.model = updated(self.model, values)

    @rule()
    def pop_item(self) -> None:
        if self.model:
            assert self.cfg.popitem() == self.model.popitem()

    @rule()
    def clear(self) -> None:
        self.cfg.clear()
        self.model.clear()

    @rule(copier=st.sampled_from(COPIERS))
    def copy(self, copier: Copier) -> None:
        former, self.cfg = self.cfg, copier(self.cfg)
        former["former"] = 1

    @invariant()
    def same(self) -> None:
        assert self.cfg == self.model
        assert list(self.cfg.items()) == list(self.model.items())
        assert list(reversed(self.cfg)) == list(reversed(self.model))
        assert (len(self.cfg), bool(self.cfg)) == (len(self.model), bool(self.model))
        assert json.dumps(self.cfg) == json.dumps(self.model)
        assert all(self.cfg.get(key) == value for key, value in self.model.items())


TestLikeADict = LikeADict.TestCase


@given(st.dictionaries(KEYS, PLAIN, max_size=4))
def test_equal_to_what_it_is_made_of(values: dict[str, Any]) -> None:
    for cls in (ConfigDict, Config):
        cfg = cls(values)
        assert cfg == values == cfg.to_dict()
        assert repr(values) in repr(cfg)
        assert values == cfg
        assert cfg == ConfigDict(cfg)
