"""A registry is an allow-list: a text can name what is registered, and little else."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from engine.config import Config
from engine.registry import METRICS, MODELS, NotRegisteredError, Registry, ScopeImportError, allow

ESCAPES = """
os.system posix.system os.popen subprocess.run subprocess.Popen builtins.eval builtins.exec
builtins.__import__ builtins.open importlib.import_module shutil.rmtree pickle.loads torch.load
torch.hub.load torch.nn.Linear logging.os.system pathlib.Path.unlink functools.partial
types.FunctionType engine.fileio.put engine.fileio._io.os.system engine.config._reader.json.loads
engine.config._reader.parse engine.config.Config.fromfile engine.registry.allow
engine.registry._trust.import_module engine.registry._discovery.import_location
engine.runner.Runner.from_cfg engine.runner.save_checkpoint engine.utils._suggest.close_matches
engine.dist.init_dist engine.logging._setup.sys.exit engine.model.torch.hub.load
mmalpha.models.backbones.resnet.torch.load mmalpha.registry.root.MODELS.register_module
mmbeta.datasets.digits_canvas.np.fromfile engine.__main__.main __main__.eval
.system os. engine. ..os.system engine..fileio.put lambda:0 (lambda:0)
"""


@pytest.mark.parametrize("path", ESCAPES.split())
def test_an_escape_is_refused(path: str) -> None:
    cfg = Config.fromstring(f"model: {{type: '{path}'}}", ".yaml")
    assert path not in MODELS
    with pytest.raises(NotRegisteredError):
        MODELS.build(cfg.model)


def test_a_dotted_path_names_what_is_registered_in_the_tree() -> None:
    from mmalpha.models import ResNet

    for path in ("mmalpha.models.ResNet", "mmalpha.models.backbones.resnet.ResNet"):
        assert MODELS.get(path) is ResNet
        assert path not in METRICS  # another tree
    for path in ("engine.model.BaseModel", "engine.runner.Runner", "mmalpha.datasets.Digits"):
        assert path not in MODELS  # classes of a library, but no models that are registered


def test_a_python_config_may_name_any_object() -> None:
    cfg = Config.fromstring("model = dict(type='decimal.Decimal', value='1')", ".py")
    assert MODELS.build(cfg.model) == 1  # type: ignore[comparison-overlap]
    assert "decimal.Decimal" not in MODELS  # for data it is a stranger still
    cfg.model.type = "fractions.Fraction"  # a program's value is that of a plain dictionary
    with pytest.raises(NotRegisteredError):
        MODELS.build(cfg.model)


def test_a_path_of_code_leads_into_classes_and_not_to_what_is_no_module() -> None:
    registry: Registry[Any] = Registry("thing", scope="trusting")
    cfg = Config.fromstring("a = dict(type='json.JSONDecoder.decode')", ".py")
    assert registry.get_from(cfg.a) is json.JSONDecoder.decode
    for path in ("decimal.Nothing", "decimal.Decimal.nothing.more", "no_such_module.Thing", "a..b"):
        cfg = Config.fromstring(f"a = dict(type={path!r})", ".py")
        with pytest.raises(NotRegisteredError):
            registry.build(cfg.a)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("import a_module_that_is_missing", "ModuleNotFoundError: No module named 'a_module_"),
    ],
)
def test_a_path_to_a_module_that_fails_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, reason: str
) -> None:
    (tmp_path / "failing_module_of_path.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    cfg = Config.fromstring("a = dict(type='failing_module_of_path.Thing')", ".py")
    with pytest.raises(ScopeImportError) as caught:
        MODELS.build(cfg.a)
    start = f"the import for 'failing_module_of_path.Thing' fails: {reason}"
    assert str(caught.value).startswith(start)
    assert isinstance(caught.value.__cause__, BaseException)


def test_trust_travels_with_each_value(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("a: {type: decimal.Decimal}\nb: {type: decimal.Decimal}\n")
    code = "_base_ = 'base.yaml'\nb = dict(type='decimal.Decimal', value='2')\n"
    (tmp_path / "cfg.py").write_text(code)
    cfg = Config.fromfile(tmp_path / "cfg.py")
    for same in (cfg, copy.deepcopy(cfg), pickle.loads(pickle.dumps(cfg)), Config(cfg)):  # noqa: S301
        assert MODELS.build(same.b) == 2  # type: ignore[comparison-overlap]
        with pytest.raises(NotRegisteredError):
            MODELS.build(same.a)
    trusted = Config.fromfile(tmp_path / "base.yaml", trust=True)
    assert MODELS.build(trusted.a) == 0  # type: ignore[comparison-overlap]


def test_what_the_program_allows() -> None:
    registry: Registry[Any] = Registry("thing", scope="trusting")
    assert "decimal.Decimal" not in registry
    allow("decimal", "json.loads", "fractions.Fraction")
    assert registry.build({"type": "decimal.Decimal", "value": "1"}) == 1
    assert registry.build({"type": "json.loads", "s": "[1]"}) == [1]
    assert registry.build({"type": "fractions.Fraction", "numerator": 2}) == 2
    for stranger in ("json.dumps", "json.decoder.JSONDecoder", "fractions.Decimal", "decimals.x"):
        assert stranger not in registry
    with pytest.raises(TypeError, match="allow takes dotted names; got 3"):
        allow(3)  # type: ignore[arg-type]


def test_a_refusal_says_what_is_possible() -> None:
    with pytest.raises(NotRegisteredError) as caught:
        MODELS.get("os.system")
    assert str(caught.value) == (
        "'os' is a Python package without registries, so it is not a scope; in data, a dotted path "
        "names what is registered. To allow it, trust the config (trust=True, --trust on the "
        "command line) or write it in Python; a program allows it by engine.registry.allow('os')"
    )
