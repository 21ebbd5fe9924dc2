"""YAML, JSON and TOML as configs: what they mean, on which lines, and what is refused."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.config import Config, ConfigError

Probe = Callable[[str], str]


@pytest.fixture(params=["libyaml", "python"])
def _either_parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read YAML with each of PyYAML's two parsers."""
    if request.param == "python":
        monkeypatch.delattr(yaml, "CSafeLoader")


def _read(text: str, suffix: str) -> dict[str, Any]:
    return Config.fromstring(text, suffix).to_dict()


def _error(text: str, suffix: str) -> str:
    with pytest.raises(ConfigError) as caught:
        Config.fromstring(text, suffix)
    return str(caught.value)


WORDS = {
    "": None,
    "~": None,
    "null": None,
    "nUll": "nUll",
    "true": True,
    "Off": False,
    "y": "y",
    "1": 1,
    "-1_000": -1000,
    "012": 10,
    "0x1F": 31,
    "0b11": 3,
    "0b_": "0b_",
    "089": "089",
    "1.": 1.0,
    ".5": 0.5,
    "1e-3": 0.001,
    "1E3": 1000.0,
    "1.5e+3": 1500.0,
    "-.inf": -math.inf,
    "1e999": math.inf,
    "2026-01-01": "2026-01-01",
    "2026-01-01 12:00:00": "2026-01-01 12:00:00",
    "12:30": "12:30",
    "=": "=",
    "<<": "<<",
    "'1'": "1",
    '"\\x41"': "A",
    "mmbeta::x.py": "mmbeta::x.py",
}


@pytest.mark.usefixtures("_either_parser")
def test_what_a_word_of_yaml_means() -> None:
    text = "".join(f"k{index}: {word}\n" for index, word in enumerate(WORDS))
    values = _read(text, ".yaml").values()
    assert list(map(repr, values)) == list(map(repr, WORDS.values()))
    assert math.isnan(_read("x: .NaN", ".yaml")["x"])


@pytest.mark.usefixtures("_either_parser")
@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", {}),
        ("# nothing\n", {}),
        ("---\n...\n", {}),
        ("\ufeffa: 1", {"a": 1}),
        ("$schema: x.json\na: 1\n", {"a": 1}),
        ("a: {$schema: 1}\n", {"a": {"$schema": 1}}),
        ("a: {0: x, -1: z}\n", {"a": {0: "x", -1: "z"}}),
        ("a: &a 1\nb: &a 2\nc: *a\n", {"a": 1, "b": 2, "c": 2}),
        ("&k k: 1\nx: {*k : 2}\n", {"k": 1, "x": {"k": 2}}),
        ("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\n", {"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 3}}),
        ("a: {y: 3, <<: [{x: 1, y: 2}, {x: 4, z: 5}]}\n", {"a": {"x": 1, "z": 5, "y": 3}}),
        ("<<: {a: 1}\nb: 2\n", {"a": 1, "b": 2}),
        ("a: {'<<': 1}\n", {"a": {"<<": 1}}),
    ],
)
def test_what_a_text_of_yaml_means(text: str, values: dict[str, Any]) -> None:
    assert _read(text, ".yaml") == values


def test_a_merge_copies_nothing_back() -> None:
    cfg = Config.fromstring("a: &a {x: {y: 1}}\nb: *a\nc: {<<: *a}\n", ".yaml")
    cfg.b.x.y = 2
    cfg.c.x.y = 3
    assert cfg.to_dict() == {"a": {"x": {"y": 1}}, "b": {"x": {"y": 2}}, "c": {"x": {"y": 3}}}


def test_what_a_text_of_json_means() -> None:
    text = '{"$schema": "x", "a": [NaN, Infinity, -Infinity, 1e-3], "\\u0062": "\\ud83d\\ude00"}'
    assert repr(_read(text, ".json")) == "{'a': [nan, inf, -inf, 0.001], 'b': '😀'}"


def test_what_a_text_of_toml_means() -> None:
    text = (
        "'$schema' = 'x'\na = [1979-05-27, 07:32:00, {t = 1979-05-27T07:32:00Z}]\n"
        "b.c = nan\n[[d]]\nx = 1\n[[d]]\n"
    )
    assert repr(_read(text, ".toml")) == repr(
        {
            "a": ["1979-05-27", "07:32:00", {"t": "1979-05-27T07:32:00+00:00"}],
            "b": {"c": math.nan},
            "d": [{"x": 1}, {}],
        }
    )


YAML_LINES = """\
# a comment
model: &model
  type: A
  "layers":
  - depth: 1

  -
    depth: 2
  text: |
    one: 1
    two: 2
  flow: {a: 1,
    b: [1,
      {c: 3}], ? d
      : 4}
copy: *model
more:
  <<: *model
  type: B
? 'long
  key'
: 1
last: "x
  y"
"""
JSON_LINES = """\
{"model":
 {"type": "A: {", "layers"
 : [
 {"depth": 1}, {"depth":
 2}], "te\\u0078t": "\\"\\n", "none": null,
 "flow":[[],{},[1
 ]]},

 "last"
:3}
"""
TOML_LINES = '''\
# a = 1
lr = 1.5 # x = 2
model.type = "A = ["
text = """
b = 1
\\"""" # [c]
"model"."dep\\u0074h" = 1979-05-27 07:32:00.5
flow = {a = 1, b.c = [1.5,
  'x,', # ]
  {d = [

  1.5, 2]}]}
[table.inner]
x = \'\'\'
[y]\'\'\'
z = ''
[table]
v = [
]
[[many]]
x = 1
[[many.inner]]
[[many]]
y.z = 1
[many.table]
w = 1'''


@pytest.mark.parametrize(
    ("text", "suffix", "places"),
    [
        (
            YAML_LINES,
            ".yaml",
            "model 2, model.type 3, model.layers 4, model.layers.0 5, model.layers.0.depth 5, "
            "model.layers.1 8, model.layers.1.depth 8, model.text 9, model.flow 12, "
            "model.flow.a 12, model.flow.b 13, model.flow.b.0 13, model.flow.b.1.c 14, "
            "model.flow.d 14, copy 16, copy.type 3, copy.layers.1 8, more 17, more.type 19, "
            "more.text 9, more.layers.0.depth 5, last 23",
        ),
        (
            JSON_LINES,
            ".json",
            "model 1, model.type 2, model.layers 2, model.layers.0 4, model.layers.0.depth 4, "
            "model.layers.1 4, model.layers.1.depth 4, model.text 5, model.none 5, model.flow 6, "
            "model.flow.0 6, model.flow.1 6, model.flow.2 6, model.flow.2.0 6, last 9",
        ),
        (
            TOML_LINES,
            ".toml",
            "lr 2, model 3, model.type 3, text 4, model.depth 7, flow 8, flow.a 8, flow.b 8, "
            "flow.b.c.0 8, flow.b.c.1 9, flow.b.c.2 10, flow.b.c.2.d 10, flow.b.c.2.d.0 12, "
            "flow.b.c.2.d.1 12, table 17, table.inner 13, table.inner.x 14, table.inner.z 16, "
            "table.v 18, many 20, many.0 20, many.0.x 21, many.0.inner.0 22, many.1 23, "
            "many.1.y.z 24, many.1.table 25, many.1.table.w 26",
        ),
    ],
    ids=["yaml", "json", "toml"],
)
def test_lines(text: str, suffix: str, places: str) -> None:
    cfg = Config.fromstring(text, suffix)
    found = {}
    for place in places.split(", "):
        path = place.split()[0]
        site = cfg.provenance(path).site
        found[path] = None if site is None else site.line
    assert ", ".join(f"{path} {line}" for path, line in found.items()) == places


YAML_ERRORS = {
    "x: !!python/object/apply:os.system ['true']": (
        "1: a text config is data; tags are not allowed; got !!python/object/apply:os.system"
    ),
    "a: 1\nx: !env HOME": "2: a text config is data; tags are not allowed; got !env",
    "a: 1\nx: ! 1": "2: a text config is data; tags are not allowed; got !",
    "x: [!!set {a}]": "1: a text config is data; tags are not allowed; got !!set",
    "a: 1\n---\nb: 1\n": "2: a config is one document; this begins another",
    "a: 1\nb: 2\n'a': 3": "3: the key 'a' is on line 1 already; leave one of them out",
    "x:\n  1: a\n  0x1: b": "3: the key 1 is on line 2 already; leave one of them out",
    "x: {<<: {a: 1},\n<<: {b: 1}}": "2: the key '<<' is on line 1 already; leave one of them out",
    "a: 1\n1: 2": "2: the keys of a config are strings; got 1",
    "x:\n  on: 1": "2: the keys of a config are strings; this is True unless put in quotes",
    "x: {1.5: 1}": "1: the keys of a config are strings; this is 1.5 unless put in quotes",
    "? [a]\n: 1": "1: a key must be a scalar; got a mapping or a list",
    "- 1\n": "1: a config is a mapping; this is [1]",
    "# x\ntext": "2: a config is a mapping; this is 'text'",
    "a: &a [1,\n*a]": "2: the alias *a is within its own anchor",
    "a: *b": "1: the alias *b has no anchor &b above it",
    "x: {<<: 3}": "1: << must be a mapping or a list of mappings; got 3",
    "x: {<<: [{}, 3]}": "1: << must be a mapping or a list of mappings; got 3",
    "x: \x07": "1: a text has no character '\\x07'; in quotes, escape it",
    "\n: \ud800": "2: \\ud800 is a lone surrogate; a text must consist of whole characters",
    "x: " + "9" * 4301: "1: an integer has at most 4300 digits",
    "x: 0x" + "f" * 4300: "1: an integer has at most 4300 digits",
    "%YAML 9.0\n---\nx: 1": "1: found incompatible YAML document",
}


@pytest.mark.usefixtures("_either_parser")
@pytest.mark.parametrize("text", YAML_ERRORS, ids=lambda text: repr(text)[:40])
def test_errors_of_yaml(text: str) -> None:
    message = _error(text, ".yaml")
    assert message.startswith(f"<string>:{YAML_ERRORS[text]}")
    assert len(message) < 400


@pytest.mark.usefixtures("_either_parser")
@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("x: [1\ny: 2\n", 2),
        ("a: 1\n\tb: 2\n", 2),
        ("a: 1\nx: 'y\n\n", 4),
        ('a: "\\ud800"', 1),
        ('a: "\\U00110000"', 1),
        ("a: b: c", 1),
        ("a:\n - 1\n b: 2\n", 3),
        ("@: 1", 1),
    ],
)
def test_errors_of_a_parser_of_yaml(text: str, line: int) -> None:
    assert _error(text, ".yaml").startswith(f"<string>:{line}: ")


JSON_ERRORS = {
    "": "1: Expecting value",
    '{"a": 1,\nb: 2}': "2: Expecting property name enclosed in double quotes",
    '{"a": "x': "1: Unterminated string",
    '{"a": "x\n"}': "1: Invalid control character",
    '{"a": 1}\n{': "2: Extra data",
    "\n[1]": "1: a config is a mapping; this is [1]",
    '{"a": 1,\n"b": {"\\u0061": 1,\n"a": 2}}': (
        "3: the key 'a' is on line 2 already; leave one of them out"
    ),
    '{"a": [{"b": 1, "c": {}, \n"b": 1}], "a": 1}': (
        "2: the key 'b' is on line 1 already; leave one of them out"
    ),
    '{"a":\n' + "9" * 4301 + "}": "2: an integer has at most 4300 digits",
    '{"a":\n"\\uD800"}': "2: \\ud800 is a lone surrogate; a text must consist of whole characters",
}
TOML_ERRORS = {
    "a = 1\n= 2": "2: Invalid statement",
    "a = 1\na = 2\n": "2: Cannot overwrite a value",
    '[a]\nx = """\n\n': "2: Unterminated string",
    "x = 1\n[a]\n[a]\n": "3: Cannot declare ('a',) twice",
    "x = [\n\n": "1: Invalid value",
    "x = 1\ny = " + "9" * 4301: "2: an integer has at most 4300 digits",
    "x = 1\ny = [1, {z = 0x" + "f" * 4300 + "}]": "2: an integer has at most 4300 digits",
    'x = "\\ud800"': "1: Escaped character is not a Unicode scalar value",
}


@pytest.mark.parametrize("text", JSON_ERRORS, ids=lambda text: repr(text)[:40])
def test_errors_of_json(text: str) -> None:
    assert _error(text, ".json") == f"<string>:{JSON_ERRORS[text]}"


@pytest.mark.parametrize("text", TOML_ERRORS, ids=lambda text: repr(text)[:40])
def test_errors_of_toml(text: str) -> None:
    message = _error(text, ".toml")
    assert message.startswith("<string>:")
    assert TOML_ERRORS[text].partition(": ")[2] in message


def _nested(opening: str, closing: str) -> dict[int, str]:
    return {depth: opening * (depth - 1) + closing * (depth - 1) for depth in (100, 101, 100_000)}


DEEP = {
    "yaml flow": (".yaml", {n: f"a: {text}" for n, text in _nested("[", "]").items()}),
    "yaml block": (
        ".yaml",
        {n: "".join(f"{' ' * i}a:\n" for i in range(n)) for n in (100, 101, 2000)},
    ),
    "yaml dashes": (".yaml", {n: "a:\n" + "- " * (n - 1) for n in (100, 101, 100_000)}),
    "yaml aliases": (
        ".yaml",
        {
            n: "a0: &a0 []\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, n - 1))
            for n in (100, 101, 2000)
        },
    ),
    "json lists": (".json", {n: f'{{"a": {text}}}' for n, text in _nested("[", "]").items()}),
    "json mappings": (
        ".json",
        {n: '{"a":' * (n - 1) + "{}" + "}" * (n - 1) for n in (100, 101, 100_000)},
    ),
    "json open": (".json", {100: '{"a": []}', 100_000: '{"a":' + "[" * 100_000}),
    "toml lists": (".toml", {n: f"a = {text}" for n, text in _nested("[", "]").items()}),
    "toml mappings": (
        ".toml",
        {n: "a = " + "{a = " * (n - 2) + "{}" + "}" * (n - 2) for n in (100, 101, 100_000)},
    ),
    "toml keys": (".toml", {n: ".".join("a" * n) + " = 1" for n in (100, 101, 100_000)}),
    "toml tables": (".toml", {n: f"[{'.'.join('a' * n)}]" for n in (99, 100, 100_000)}),
    "toml together": (
        ".toml",
        {n: f"[{'.'.join('a' * 60)}]\n{'.'.join('a' * (n - 60))} = 1" for n in (100, 101, 150)},
    ),
}


@pytest.mark.parametrize("name", DEEP)
def test_depth_is_bounded(name: str) -> None:
    suffix, (good, *bad) = DEEP[name][0], DEEP[name][1].values()
    assert _read(good, suffix)
    for text in bad:
        assert "a config is nested at most 100 levels deep" in _error(text, suffix)


@pytest.mark.usefixtures("_either_parser")
@pytest.mark.parametrize(
    "text",
    [
        "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 90)),
        "a0: &a0 {x: 1}\n"
        + "".join(f"a{i}: &a{i} {{x: *a{i - 1}, y: *a{i - 1}}}\n" for i in range(1, 90)),
        "a0: &a0 {x: 1}\n"
        + "".join(f"a{i}: &a{i} {{<<: [*a{i - 1}, *a{i - 1}], k{i}: 1}}\n" for i in range(1, 90)),
        f"a: &a [{'1, ' * 1000}]\nb: [{'*a, ' * 1000}]\n",
    ],
    ids=["lists", "mappings", "merges", "wide"],
)
def test_aliases_count_in_full(text: str) -> None:
    assert "a config has at most 1,000,000 values" in _error(text, ".yaml")


@pytest.mark.parametrize(
    ("text", "suffix"),
    [
        (f'{{"a": [{"1," * 1_000_000}1]}}', ".json"),
        (f"a = [{'1,' * 1_000_001}]", ".toml"),
        (f"a = [{'[1],' * 500_000}]", ".toml"),
    ],
    ids=["json", "toml", "toml lists"],
)
def test_the_number_of_values_is_bounded(text: str, suffix: str) -> None:
    assert "a config has at most 1,000,000 values" in _error(text, suffix)


@pytest.mark.parametrize("suffix", [".yaml", ".json", ".toml"])
def test_size_is_bounded(suffix: str) -> None:
    assert _error(" " * (4 * 2**20 + 1), suffix) == (
        "<string>:1: the text has 4,194,305 characters; a config has at most 4,194,304"
    )


@pytest.mark.parametrize(
    ("text", "suffix"),
    [
        ('x = """' + '\\"""' * 200_000, ".toml"),
        ('x = "' + '\\"' * 200_000, ".toml"),
        ("x = '''" + "''x" * 200_000, ".toml"),
        ('{"x": "' + '\\"' * 200_000, ".json"),
    ],
    ids=["toml long", "toml basic", "toml literal", "json"],
)
def test_a_string_without_end_takes_no_time(text: str, suffix: str) -> None:
    assert _error(text, suffix).startswith("<string>:1: ")


def test_no_reader_of_yaml_is_imported_without_yaml(probe: Probe) -> None:
    code = "import engine.config, sys; print('yaml' in sys.modules)"
    assert probe(code) == "False\n"


_WORDS_AND_SIGNS = """
yes NO null ~ << = 1 -1 012 0x1F 1e3 .5 .inf .NaN 12:30 2026-01-01 0b_ y --- ... - ? : , # & * ! | >
%x @x `x a:b a:: a# a#b x/y /x [ ] { } {{ {{{{ }} {{x}} {$x} ' " \\ \\n é 漢字 😀
"""
STRINGS = [
    *_WORDS_AND_SIGNS.split(),
    "",
    " ",
    " a",
    "a ",
    "a  b",
    "a: b",
    "a #b",
    "- a",
    "? a",
    "\n",
    "a\nb\n",
    "\ta",
    "\r\n",
    "{{ $HOME }}",
    "{{ _base_.x }}",
    "{\n{",
    "\0\x07\x7f\x85\xa0\u2028\u2029\ufeff\ufffe\U0001f9ff\U000e0001",
    "x" * 2000,
    "x y " * 500,
    "é" * 1100,
]
_texts = st.text(st.characters(exclude_categories=["Cs", "Co"])) | st.sampled_from(STRINGS)
# These keys say how the rest is read.
_TAKEN = {"$schema", "_base_", "_delete_", "_deprecation_", "custom_imports"}
_keys = _texts.filter(lambda key: key not in _TAKEN)
_leaves = st.none() | st.booleans() | st.integers() | st.floats() | _texts


def _trees(keys: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    trees = st.recursive(
        _leaves,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
        max_leaves=20,
    )
    return st.dictionaries(_keys, trees, max_size=5)


def _written(values: dict[str, Any], file: Path) -> Config:
    Config(values).dump(file)
    return Config.fromfile(file)


@given(_trees(_keys | st.integers()))
def test_yaml_that_was_written_reads_the_same(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, Any]
) -> None:
    read = _written(values, tmp_path_factory.getbasetemp() / "law.yaml")
    assert repr(read.to_dict()) == repr(values)  # which knows NaN, -0.0, and True from 1
    assert "{{" not in read.text


@given(_trees(_keys))
def test_json_that_was_written_reads_the_same(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, Any]
) -> None:
    read = _written(values, tmp_path_factory.getbasetemp() / "law.json")
    assert repr(read.to_dict()) == repr(values)
    assert "{{" not in read.text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


@given(_trees(_keys | st.integers()), st.booleans())
def test_yaml_that_pyyaml_wrote_reads_the_same(values: dict[str, Any], flow: bool) -> None:
    text = yaml.safe_dump(values, default_flow_style=flow)
    words = [token.value for token in yaml.scan(text) if isinstance(token, yaml.ScalarToken)]
    # It takes `1e3` for a word, and `{{` may begin what is substituted.
    assume(
        "{{" not in text
        and not any(_is_number(word) and "." not in word and "e" in word.lower() for word in words)
    )
    assert _sorted(_read(text, ".yaml")) == _sorted(values)


@given(_trees(_keys))
def test_yaml_that_was_written_means_the_same_to_others(values: dict[str, Any]) -> None:
    text = _dumped(values)
    assert repr(yaml.safe_load(text)) == repr(values)


def _dumped(values: dict[str, Any]) -> str:
    with TemporaryDirectory() as folder:
        return Config(values).dump(Path(folder, "x.yaml"))


def _sorted(values: Any) -> str:
    """Return a text that is the same for all orders of keys."""
    if isinstance(values, dict):
        return repr(sorted((repr(key), _sorted(value)) for key, value in values.items()))
    if isinstance(values, list):
        return repr([_sorted(value) for value in values])
    return repr(values)


def test_the_form_of_yaml(tmp_path: Path) -> None:
    values = {
        "type": "mmalpha.ResNet",
        "lr": 1e-05,
        "none": None,
        "empty": {"list": [], "mapping": {}},
        "mean": [123.675, 116.28, [True, "a, b"]],
        "names": [f"the class number {index}" for index in range(7)],
        "steps": [{"type": "Resize", "scale": [32, 32]}, [{"a": 1}, []]],
        "k" * 130: {"x": 1},
    }
    text = Config(values).dump(tmp_path / "x.yaml")
    assert (
        text
        == f"""\
type: mmalpha.ResNet
lr: 1.0e-05
none: null
empty:
  list: []
  mapping: {{}}
mean: [123.675, 116.28, [true, "a, b"]]
names:
- the class number 0
- the class number 1
- the class number 2
- the class number 3
- the class number 4
- the class number 5
- the class number 6
steps:
- type: Resize
  scale: [32, 32]
- - a: 1
  - []
? {"k" * 130}
: x: 1
"""
    )


def _deep(depth: int) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for _ in range(depth - 1):
        values = {"a": values}
    return values


@pytest.mark.parametrize("suffix", [".yaml", ".json"])
@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"a": {"b": [0, {1}]}}, "a.b.1: {kind} can't hold {{1}}, which is of the type set"),
        ({"a": b"x"}, "a: {kind} can't hold b'x', which is of the type bytes"),
        ({"a": {"b": "x\udc00"}}, "a.b: \\udc00 is a lone surrogate"),
        ({"a": {"b\udc00": 1}}, "a: \\udc00 is a lone surrogate"),
        ({"a": 10**4300}, "a: an integer has at most 4300 digits"),
        ({"a": {None: 1}}, "a: the keys of a config are strings; got None"),
        ({"a": {True: 1}}, "a: the keys of a config are strings; got True"),
        ({1: "a"}, "the keys of a config are strings; got 1"),
        ({"$schema": "a"}, "$schema: in {kind} this key names a schema"),
        (_deep(101), "a.a.a"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_what_a_format_can_not_hold(tmp_path: Path, suffix: str, values: Any, message: str) -> None:
    file = tmp_path / f"x{suffix}"
    with pytest.raises(ConfigError) as caught:
        Config(values).dump(file)
    kind = suffix[1:].upper()
    assert str(caught.value).startswith(message.format(kind=kind))
    assert not file.exists()


def test_json_holds_no_numbers_as_keys(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"a: the keys of a config are strings; got 0"):
        Config({"a": {0: 1}}).dump(tmp_path / "x.json")


def test_as_deep_as_can_be(tmp_path: Path) -> None:
    for name in ("x.yaml", "x.json"):
        assert _written(_deep(100), tmp_path / name).to_dict() == _deep(100)


def test_json_is_for_others_as_well(tmp_path: Path) -> None:
    text = Config({"a": "{{ é \u2028", "b": [1, None]}).dump(tmp_path / "x.json")
    assert json.loads(text) == {"a": "{{ é \u2028", "b": [1, None]}
    assert "é" in text
