"""The JSON Schema of configs, as the package `jsonschema` applies it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

import mmalpha
import mmbeta
from engine import lint
from engine.config import Config
from engine.registry import ScopeNotInstalledError

SHIPPED = sorted(
    f"{package.__name__}::{file.relative_to(folder).as_posix()}"
    for package in (mmalpha, mmbeta)
    for folder in [Path(str(package.__file__)).parent / "configs"]
    for file in folder.rglob("*.py")
)


@pytest.fixture(scope="module")
def validators() -> dict[str | None, Draft202012Validator]:
    return {
        scope: Draft202012Validator(lint.schema(scope)) for scope in (None, "mmalpha", "mmbeta")
    }


@pytest.fixture
def beta(validators: dict[str | None, Draft202012Validator]) -> Draft202012Validator:
    return validators["mmbeta"]


@pytest.fixture
def run(tmp_path: Path) -> Any:
    """Return a whole config of mmbeta as JSON."""
    return as_json("mmbeta::fcn_r18_digits.py", tmp_path)


def as_json(name: str, folder: Path) -> Any:
    Config.fromfile(name).dump(folder / "cfg.json")
    return json.loads((folder / "cfg.json").read_text(encoding="utf-8"))


def schema_of(validator: Draft202012Validator) -> dict[str, Any]:
    return cast("dict[str, Any]", validator.schema)


def reasons(validator: Draft202012Validator, cfg: Any) -> list[tuple[str, str, str]]:
    """Return for each error where it is, the keyword of the schema, and the text."""
    return [
        (each.json_path, str(each.validator), each.message)
        for error in validator.iter_errors(cfg)
        for each in leaves(error)
    ]


def leaves(error: ValidationError) -> Iterator[ValidationError]:
    if not error.context:
        yield error
    for each in error.context or ():
        yield from leaves(each)


# -- Good configs ----------------------------------------------------------------------------------


@pytest.mark.parametrize("scope", [None, "mmalpha", "mmbeta"])
def test_the_schema_is_one(
    scope: str | None, validators: dict[str | None, Draft202012Validator]
) -> None:
    schema = schema_of(validators[scope])

    Draft202012Validator.check_schema(schema)
    assert json.loads(json.dumps(schema)) == schema
    assert json.dumps(lint.schema(scope)) == json.dumps(schema)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_configs_are_valid(
    name: str, tmp_path: Path, validators: dict[str | None, Draft202012Validator]
) -> None:
    cfg = as_json(name, tmp_path)
    if "_base_" in name:
        cfg["_base_"] = []

    assert reasons(validators[name.partition("::")[0]], cfg) == []


def test_a_config_with_a_base_need_not_be_whole(beta: Draft202012Validator) -> None:
    cfg = {
        "$schema": "schema.json",
        "_base_": ["mmbeta::fcn_r18_digits.py"],
        "_helper": 1,
        "x-helper": [1, 2],
        "custom_imports": {"imports": ["my_lib"], "allow_failed_imports": True},
        "model": {"backbone": {"depth": 50}, "decode_head": {"_delete_": True, "type": "FCNHead"}},
        "train_cfg": {"max_epochs": 3},
        "optim_wrapper": {"optimizer": {"lr": 0.1}, "loss_scale": "dynamic"},
        "param_scheduler": {"0": {"end": 3}},
        "train_dataloader": {"batch_size": "{{ _base_.test_dataloader.batch_size }}"},
        "default_hooks": {"checkpoint": {"interval": 1}, "timer": None},
    }

    assert reasons(beta, cfg) == []
    del cfg["_base_"]
    assert {text for _, _, text in reasons(beta, cfg)} >= {"'type' is a required property"}


@pytest.mark.parametrize(
    "backbone",
    [
        {"type": "mmalpha.ResNet", "depth": 18},
        {"type": "mmbeta.NamedBackbone", "name": "x", "whatever": 1},
        {"type": "engine.Sequential"},
        {"type": "mmbeta.Sequential"},
        {"type": "timm.resnet18", "whatever": 1},
        {"type": "mmalpha.models.backbones.resnet.ResNet", "depth": 18},
        {"type": "ResNet", "_scope_": "mmalpha", "depth": 18},
        {"type": "{{ _base_.model.backbone.type }}"},
        "{{ _base_.model.backbone }}",
    ],
)
def test_names_in_all_their_forms(backbone: Any, run: Any, beta: Draft202012Validator) -> None:
    run["model"]["backbone"] = backbone

    assert reasons(beta, run) == []


def test_in_a_part_of_a_library_names_of_the_scope_and_of_the_library_are_known(
    run: Any, beta: Draft202012Validator
) -> None:
    loss = {"type": "mmalpha.FocalLoss", "alpha": 0.3}
    head = {"type": "LinearClsHead", "num_classes": 2, "in_channels": 8, "loss": loss}
    run["model"] = {"type": "mmalpha.ImageClassifier", "backbone": {"type": "ReLU"}, "head": head}

    assert reasons(beta, run) == []
    loss["type"] = "FocalLoss"  # that of mmbeta, whose scope is in force, takes none
    assert [where for where, *_ in reasons(beta, run)] == ["$.model.head.loss"]
    run["model"]["head"] = {"type": "FCNHed"}
    assert [where for where, *_ in reasons(beta, run)] == ["$.model.head.type"] * 2


# -- Mistakes --------------------------------------------------------------------------------------


def put(*keys: Any) -> Callable[[Any], None]:
    """Return what puts the last of `keys` at the path of the others."""

    def change(cfg: Any) -> None:
        *path, key, value = keys
        for each in path:
            cfg = cfg[each]
        cfg[key] = value

    return change


@pytest.mark.parametrize(
    ("change", "where", "keyword", "text"),
    [
        (
            put("train_dataloder", {}),
            "$",
            "additionalProperties",
            "'train_dataloder' does not match",
        ),
        (put("model", "backbone", "dept", 1), "$.model.backbone", "additionalProperties", "'dept'"),
        (put("model", "bone", {}), "$.model", "additionalProperties", "'bone' was unexpected"),
        (
            put("train_dataloader", "sampler", "shufle", True),
            "$.train_dataloader.sampler",
            "additionalProperties",
            "'shufle' was unexpected",
        ),
        (put("train_dataloader", "workers", 1), "$.train_dataloader", "additionalProperties", ""),
        (
            put("optim_wrapper", "optimizer", "momntum", 1),
            "$.optim_wrapper.optimizer",
            "additionalProperties",
            "'momntum' was unexpected",
        ),
        (
            put("optim_wrapper", "acumulative_counts", 1),
            "$.optim_wrapper",
            "additionalProperties",
            "",
        ),
        (put("custom_hooks", 0, "intervall", 1), "$.custom_hooks[0]", "additionalProperties", ""),
        (put("train_cfg", "max_epoch", 1), "$.train_cfg", "additionalProperties", "'max_epoch'"),
        (put("randomness", "sed", 1), "$.randomness", "additionalProperties", "'sed'"),
        (
            put("model", "backbone", "type", "mmalpha.ResNt"),
            "$.model.backbone.type",
            "enum",
            "ResNt",
        ),
        (
            put("model", "type", "EncodrDecoder"),
            "$.model.type",
            "enum",
            "'EncodrDecoder' is not one",
        ),
        (
            put("model", "backbone", "type", "ResNet"),
            "$.model.backbone.type",
            "enum",
            "'ResNet' is",
        ),
        (
            put("train_dataloader", "dataset", "pipeline", 0, "type", "PackClsInputs"),
            "$.train_dataloader.dataset.pipeline[0].type",
            "enum",
            "'PackClsInputs' is not one of ['LoadAnnotations'",
        ),
        (put("val_evaluator", "type", "mIoU"), "$.val_evaluator.type", "enum", "'mIoU' is not one"),
        (
            put("param_scheduler", 0, "type", "Linear"),
            "$.param_scheduler[0].type",
            "enum",
            "'Linear'",
        ),
        (
            put("default_hooks", "logger", "type", "Log"),
            "$.default_hooks.logger.type",
            "enum",
            "'Log'",
        ),
        (
            put("visualizer", "vis_backends", 0, "type", "T"),
            "$.visualizer.vis_backends[0].type",
            "enum",
            "",
        ),
        (
            put("train_dataloader", "collate_fn", "colate"),
            "$.train_dataloader.collate_fn",
            "enum",
            "",
        ),
        (
            put("optim_wrapper", "constructor", "Mine"),
            "$.optim_wrapper.constructor",
            "enum",
            "'Mine'",
        ),
        (
            put("model", "backbone", "depth", "50"),
            "$.model.backbone.depth",
            "pattern",
            "'50' does not",
        ),
        (
            put("model", "backbone", "depth", 1.5),
            "$.model.backbone.depth",
            "type",
            "1.5 is not of type",
        ),
        (
            put("model", "backbone", "stem", "cfar"),
            "$.model.backbone.stem",
            "enum",
            "'cfar' is not one",
        ),
        (
            put("model", "backbone", "strides", [1, "x"]),
            "$.model.backbone.strides[1]",
            "pattern",
            "'x'",
        ),
        (
            put("model", "backbone", "norm_eval", None),
            "$.model.backbone.norm_eval",
            "type",
            "None is",
        ),
        (
            put("train_cfg", "max_epochs", "12"),
            "$.train_cfg.max_epochs",
            "pattern",
            "'12' does not",
        ),
        (
            put("custom_hooks", 0, "priority", []),
            "$.custom_hooks[0].priority",
            "type",
            "[] is not of",
        ),
        (put("launcher", 1), "$.launcher", "type", "1 is not of type 'string'"),
        (put("work_dir", 3), "$.work_dir", "type", "3 is not of type 'string'"),
        (put("model", 3), "$.model", "type", "3 is not of type"),
        (put("model", {}), "$.model", "required", "'type' is a required property"),
    ],
)
def test_mistakes_are_refused_with_a_reason(
    change: Callable[[Any], None],
    where: str,
    keyword: str,
    text: str,
    run: Any,
    beta: Draft202012Validator,
) -> None:
    changed = copy.deepcopy(run)
    change(changed)

    found = reasons(beta, changed)

    assert [each for each in found if each[:2] == (where, keyword) and text in each[2]], found


# Values that are data and no parts, and parts that pass on any keyword.
DATA = {
    "arch",
    "batch_augments",
    "clip_grad",
    "data_prefix",
    "decoder_args",
    "metainfo",
    "paramwise_cfg",  # a constructor may have keys of its own
    "test_cfg",
    "tta_cfg",
}
OPEN = ("EMAHook", "TIMMBackbone", "timm.", "torchvision.")


def keywords(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the paths of all keywords of parts, and of the keys of the run."""
    if isinstance(value, dict):
        if str(value.get("type", "")).startswith(OPEN):
            return
        for key, each in value.items():
            if str(key).startswith("_"):  # a name for use within the config
                continue
            if key != "type" and path != ("default_hooks",):  # whose keys are the user's own
                yield (*path, key)
            if key not in DATA:
                yield from keywords(each, (*path, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from keywords(each, (*path, index))


@pytest.mark.parametrize("name", [name for name in SHIPPED if "_base_" not in name])
def test_each_keyword_is_refused_under_another_name(
    name: str, tmp_path: Path, validators: dict[str | None, Draft202012Validator]
) -> None:
    cfg = as_json(name, tmp_path)
    validator = validators[name.partition("::")[0]]
    for *path, key in keywords(cfg):
        changed = part = copy.deepcopy(cfg)
        for each in path:
            part = part[each]
        part[f"{key}x"] = part.pop(key)
        where = "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in path)

        assert (f"${where}", "additionalProperties") in [
            each[:2] for each in reasons(validator, changed)
        ]


def test_a_run_needs_a_model(beta: Draft202012Validator) -> None:
    assert ("$", "required", "'model' is a required property") in reasons(beta, {})


def test_a_text_config_validates_as_it_is_written(
    tmp_path: Path, beta: Draft202012Validator
) -> None:
    text = (
        "# yaml-language-server: $schema=schema.json\n"
        "_base_: mmbeta::fcn_r18_digits.py\n"
        "model: {backbone: {depth: '{{ _base_.model.backbone.depth }}'}}\n"
        "custom_hooks: {0: {priority: LOW}}\n"
    )
    (tmp_path / "cfg.yaml").write_text(text, encoding="utf-8")
    written = json.loads(json.dumps(yaml.safe_load(text)))  # numbers as keys become texts

    assert reasons(beta, written) == []
    assert not lint.check(Config.fromfile(tmp_path / "cfg.yaml", trust=True))


# -- What editors show -----------------------------------------------------------------------------


def test_names_are_listed_as_the_scope_sees_them(beta: Draft202012Validator) -> None:
    listed, pattern = schema_of(beta)["$defs"]["MODELS"]["else"]["properties"]["type"]["anyOf"]

    names = dict(zip(listed["enum"], listed["enumDescriptions"], strict=True))
    assert names["FCNHead"] == (
        "Convolutions on the maps that `in_index` chooses, then a classifier of each pixel."
    )
    assert names["mmalpha.ResNet"] == "A residual network without its classifier."
    assert {"Sequential", "CrossEntropyLoss", "mmalpha.CrossEntropyLoss"} <= names.keys()
    assert not {"ResNet", "engine.Sequential", "mmbeta.FCNHead"} & names.keys()
    assert list(names) == sorted(names)
    assert "timm" in pattern["pattern"]


def test_the_root_sees_its_own_names_only_as_they_are(
    validators: dict[str | None, Draft202012Validator],
) -> None:
    listed = schema_of(validators[None])["$defs"]["MODELS"]["else"]["properties"]["type"]["anyOf"][
        0
    ]

    assert {"Sequential", "mmalpha.ResNet", "mmbeta.FCNHead"} <= set(listed["enum"])


def test_a_keyword_has_its_type_default_and_description(beta: Draft202012Validator) -> None:
    resnet = schema_of(beta)["$defs"]["MODELS.mmalpha.ResNet"]

    assert resnet["description"] == "A residual network without its classifier."
    assert resnet["properties"]["num_stages"] == {
        "type": ["integer", "string"],
        "pattern": r"\{\{.+\}\}",
        "patternErrorMessage": "This is int.",
        "description": "How many stages to build, at most 4.",
        "default": 4,
    }
    assert resnet["properties"]["stem"]["default"] == "imagenet"
    assert resnet["properties"]["strides"]["default"] == [1, 2, 2, 2]
    assert "default" not in resnet["properties"]["depth"]


def test_keys_of_the_run_are_described(beta: Draft202012Validator) -> None:
    properties = schema_of(beta)["properties"]

    assert properties["work_dir"]["description"] == "The folder for all that the run writes."
    assert properties["log_level"]["default"] == "INFO"
    assert {"_base_", "$schema", "inferencer", "custom_imports", "default_scope"} <= set(properties)
    assert "cfg" not in properties


def test_a_scope_that_is_not_installed() -> None:
    with pytest.raises(ScopeNotInstalledError, match="no installed library has the scope 'zzz'"):
        lint.schema("zzz")
