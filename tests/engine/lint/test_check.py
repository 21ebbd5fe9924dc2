"""What `engine.lint.check` finds in whole configs."""

from __future__ import annotations

import copy
import importlib
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import mmalpha
import mmbeta
from engine import lint
from engine.config import Config
from engine.lint import Finding, Report
from engine.registry import DefaultScope, init_default_scope

Probe = Callable[[str], str]

SHIPPED = sorted(
    f"{package.__name__}::{file.relative_to(folder).as_posix()}"
    for package in (mmalpha, mmbeta)
    for folder in [Path(str(package.__file__)).parent / "configs"]
    for file in folder.rglob("*.py")
)

RUN = """
default_scope = "mmbeta"
model = dict(
    type="EncoderDecoder",
    backbone=dict(type="mmalpha.ResNet", depth=18),
    decode_head=dict(type="FCNHead", in_channels=512, channels=64, num_classes=11),
)
"""


class Net:
    """A class that is only ever named."""

    def __init__(self, depth: int, width: float = 1.0) -> None:
        raise AssertionError("a check builds nothing")


def findings(**cfg: Any) -> list[Finding]:
    return list(lint.check({"model": {"type": Net, "depth": 1}, **cfg}))


def kinds(**cfg: Any) -> list[tuple[str, str]]:
    return [(each.kind, each.path) for each in findings(**cfg)]


def report_of(text: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the report on a config file, without the lines at which libraries register."""
    monkeypatch.chdir(folder)
    Path("cfg.py").write_text(text, encoding="utf-8")
    report = str(lint.check(Config.fromfile("cfg.py")))
    return re.sub(r"(/\w+\.py):\d+", r"\1:...", report)


# -- Good configs ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_configs_are_clean(name: str) -> None:
    findings = lint.check(Config.fromfile(name)).findings
    # The data of some are not on this machine.
    assert [each for each in findings if each.kind != "missing-folder"] == []


def test_a_plain_mapping_will_do_and_has_no_sites() -> None:
    [finding] = findings(work_dir=3)

    assert finding == Finding(
        "wrong-value", "work_dir", None, "work_dir of the run must be str; got 3", None, "error"
    )


def test_parts_that_are_built_already_are_fine() -> None:
    assert findings(model=object(), visualizer=object(), custom_hooks=[object()]) == []


def test_defaults_and_what_builders_add_are_no_mistakes() -> None:
    assert not findings(
        train_cfg={"by_epoch": False, "max_iters": 10},
        train_dataloader={
            "dataset": {"type": "BaseDataset"},
            "sampler": {"type": "InfiniteSampler"},
            "collate_fn": {"type": "pseudo_collate"},
        },
        optim_wrapper={
            "constructor": "DefaultOptimWrapperConstructor",
            "optimizer": {"type": "SGD", "lr": 0.1},
            "clip_grad": {"type": "value", "clip_value": 1.0},
        },
        param_scheduler={"type": "StepLR", "step_size": 3, "convert_to_iter_based": True},
        default_hooks={"timer": None, "more": {"type": "CurvesHook", "priority": "LOW"}},
        visualizer={"vis_backends": [{"type": "LocalVisBackend", "name": "files"}]},
        model_wrapper_cfg={"find_unused_parameters": True},
        strategy={"device": "cpu"},
        log_processor={"window_size": 5},
        randomness={"seed": 1},
        env_cfg={"cudnn_benchmark": True, "dist_cfg": {"backend": "gloo"}},
        custom_imports={"imports": ["os"]},
        launcher="none",
    )


def test_metrics_may_stand_in_an_evaluator_in_a_list_or_alone() -> None:
    metric = {"type": "mmbeta.IoUMetric"}
    for evaluator in (metric, [metric], {"metrics": metric}, {"metrics": [metric, metric]}):
        assert not findings(val_evaluator=evaluator, val_cfg={}, val_dataloader=object())


def test_a_fragment_need_not_be_whole(tmp_path: Path) -> None:
    folder = tmp_path / "_base_"
    folder.mkdir()
    (folder / "x.py").write_text("val_cfg = {}\nwork_dirr = 'x'\n", encoding="utf-8")

    report = lint.check(Config.fromfile(folder / "x.py"))

    assert [(each.kind, each.path) for each in report] == [("unknown-key", "work_dirr")]


# -- Each kind of finding, to the letter -----------------------------------------------------------


def test_unknown_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = RUN.replace("mmalpha.ResNet", "mmalpha.ResNt") + "visualizer = dict(type='Visualiser')"

    assert report_of(text, tmp_path, monkeypatch) == (
        "model.backbone.type (cfg.py:5): 'mmalpha.ResNt' is not in mmalpha::model (searched: "
        "mmalpha::model, engine::model); did you mean 'mmalpha.ResNet' "
        "(mmalpha/models/backbones/resnet.py:...)?\n"
        "visualizer.type (cfg.py:8): 'Visualiser' is not in engine::visualizer (searched: "
        "engine::visualizer); did you mean 'engine.Visualizer' "
        "(engine/visualization/_visualizer.py:...)?\n"
        "2 errors"
    )


def test_missing_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = RUN.replace("mmalpha.ResNet", "mmalfa.ResNet")

    assert report_of(text, tmp_path, monkeypatch) == (
        "model.backbone.type (cfg.py:5): no installed library has the scope 'mmalfa'; "
        "did you mean 'mmalpha'?\n"
        "1 error"
    )


def test_a_class_that_can_t_be_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "from nowhere import Net\n" + RUN.replace('"mmalpha.ResNet"', "Net")

    assert report_of(text, tmp_path, monkeypatch) == (
        "model.backbone.type (cfg.py:6): nowhere.Net (cfg.py:1) can't be imported: "
        "ModuleNotFoundError: No module named 'nowhere'\n"
        "1 error"
    )


def test_missing_library_of_the_default_scope_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = RUN.replace('default_scope = "mmbeta"', 'default_scope = "zzz"')

    assert report_of(text, tmp_path, monkeypatch) == (
        "default_scope (cfg.py:2): no installed library has the scope 'zzz'\n1 error"
    )


def test_broken_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_lib_of_lint").mkdir()
    (tmp_path / "broken_lib_of_lint/__init__.py").write_text("", encoding="utf-8")
    (tmp_path / "broken_lib_of_lint/registry.py").write_text("1 / 0", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    text = RUN.replace("mmalpha.ResNet", "broken_lib_of_lint.ResNet")

    assert report_of(text, tmp_path, monkeypatch) == (
        "model.backbone.type (cfg.py:5): the library of the scope 'broken_lib_of_lint' is "
        "installed, but the import of broken_lib_of_lint.registry fails: ZeroDivisionError: "
        "division by zero\n"
        "1 error"
    )


def test_a_dotted_path_to_a_broken_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "dotted_lib_of_lint"
    folder.mkdir()
    registers = "from engine.registry import Registry\nR = Registry('r', scope=__name__)"
    (folder / "__init__.py").write_text(registers, encoding="utf-8")
    (folder / "models.py").write_text("1 / 0", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module(folder.name)
    text = RUN.replace("mmalpha.ResNet", "dotted_lib_of_lint.models.ResNet")

    report = report_of(text, tmp_path, monkeypatch)

    assert report == (
        "model.backbone.type (cfg.py:5): the import for 'dotted_lib_of_lint.models.ResNet' fails: "
        "ZeroDivisionError: division by zero\n"
        "1 error"
    )


def test_missing_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = RUN.replace('type="FCNHead"', 'tpye="FCNHead"') + "custom_hooks = [dict(interval=3)]"

    assert report_of(text, tmp_path, monkeypatch) == (
        "model.decode_head (cfg.py:6): a config of a part needs the key 'type'; "
        "did you mean 'type' instead of 'tpye'?\n"
        "custom_hooks.0 (cfg.py:8): a config of a part needs the key 'type'\n"
        "2 errors"
    )


def test_unknown_argument(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = RUN.replace("depth=18", "depth=18, bse_channels=16, xyz=1") + (
        "custom_hooks = [dict(type='CurvesHook', prioritty=3)]"
    )

    assert report_of(text, tmp_path, monkeypatch) == (
        "model.backbone.bse_channels (cfg.py:5): ResNet has no argument 'bse_channels'; "
        "did you mean 'base_channels'?\n"
        "model.backbone.xyz (cfg.py:5): ResNet has no argument 'xyz'; it takes in_channels, "
        "stem_channels, base_channels, num_stages, strides, dilations, out_indices, stem, ... "
        "as well\n"
        "custom_hooks.0.prioritty (cfg.py:8): CurvesHook has no argument 'prioritty'; "
        "did you mean 'priority'?\n"
        "3 errors"
    )


def test_missing_argument(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = RUN.replace(", channels=64, num_classes=11", "")

    assert report_of(text, tmp_path, monkeypatch) == (
        "model.decode_head (cfg.py:6): FCNHead needs 'num_classes', 'channels'\n1 error"
    )


def test_a_misspelt_argument_is_not_missing_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = RUN.replace("channels=64", "chanels=64").replace("depth=18", "zzz=18")

    assert report_of(text, tmp_path, monkeypatch) == (
        "model.backbone.zzz (cfg.py:5): ResNet has no argument 'zzz'; 'depth' is missing\n"
        "model.decode_head.chanels (cfg.py:6): FCNHead has no argument 'chanels'; "
        "did you mean 'channels'?\n"
        "2 errors"
    )


def test_wrong_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = RUN.replace("depth=18", "depth='18', stem='cfar', strides=(1, 'x'), norm_eval=None") + (
        "optim_wrapper = 3\nresume = 2\ncustom_hooks = ['CurvesHook']\n"
        "log_processor = dict(type=5)\ndefault_hooks = dict(x=dict(type='CurvesHook', priority=[]))"
    )

    assert report_of(text, tmp_path, monkeypatch) == (
        "model.backbone.depth (cfg.py:5): depth of ResNet must be int; got '18'; "
        "write 18, a number\n"
        "model.backbone.stem (cfg.py:5): stem of ResNet must be 'imagenet' | 'deep' | 'cifar'; "
        "got 'cfar'; did you mean 'cifar'?\n"
        "model.backbone.strides (cfg.py:5): strides of ResNet must be list[int]; got (1, 'x')\n"
        "model.backbone.norm_eval (cfg.py:5): norm_eval of ResNet must be bool; got None\n"
        "optim_wrapper (cfg.py:8): a part must be a config; got 3\n"
        "optim_wrapper (cfg.py:8): optim_wrapper given without train_dataloader and train_cfg; "
        "give all of them or none\n"
        "resume (cfg.py:9): resume of the run must be bool | str; got 2\n"
        "custom_hooks.0 (cfg.py:10): a part must be a config; got 'CurvesHook'\n"
        "log_processor.type (cfg.py:11): it must be a name, a class or a function; got 5\n"
        "default_hooks.x.priority (cfg.py:12): priority of the part must be int | str; got []\n"
        "10 errors"
    )


def test_keys_of_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = RUN + "train_dataloder = dict()\nlog_interval = 10\nval_cfg = {}"

    assert report_of(text, tmp_path, monkeypatch) == (
        "train_dataloder (cfg.py:8): a run has no such key; did you mean 'train_dataloader'?\n"
        "train_dataloder (cfg.py:8): DataLoader needs 'dataset'\n"
        "train_dataloder (cfg.py:8): train_dataloader given without train_cfg and optim_wrapper; "
        "give all of them or none\n"
        "log_interval (cfg.py:9): nothing reads this key or uses its value\n"
        "val_cfg (cfg.py:10): val_cfg given without val_dataloader and val_evaluator; "
        "give all of them or none\n"
        "4 errors, 1 warning"
    )


def test_a_run_needs_a_model() -> None:
    [finding] = lint.check({"work_dir": "x"})

    assert str(finding) == "model: a run needs the key 'model'"
    assert finding.kind == "missing-key"


# -- Names -----------------------------------------------------------------------------------------


def test_a_misspelt_default_scope_is_one_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = RUN.replace("default_scope", "defualt_scope")

    assert report_of(text, tmp_path, monkeypatch) == (
        "defualt_scope (cfg.py:2): a run has no such key; did you mean 'default_scope'?\n1 error"
    )


def test_a_namesake_in_the_scope_in_force_is_told() -> None:
    loss = {"type": "FocalLoss", "alpha": 0.3}  # that of mmbeta takes none
    head = {"type": "LinearClsHead", "num_classes": 2, "in_channels": 8, "loss": loss}
    model = {"type": "mmalpha.ImageClassifier", "backbone": {"type": "ReLU"}, "head": head}

    assert kinds(model=model, default_scope="mmalpha") == []
    assert kinds(model=model, default_scope="engine") == []
    assert kinds(model=model, default_scope="mmbeta") == [
        ("shadowed-type", "model.head.loss.type"),
        ("unknown-argument", "model.head.loss.alpha"),
    ]
    [shadow] = findings(model=model, default_scope="mmbeta")[:1]
    assert "it hides mmalpha::model (mmalpha/models/losses.py:" in shadow.message
    assert "write 'mmalpha.FocalLoss'" in (shadow.suggestion or "")
    loss["type"] = "mmalpha.FocalLoss"
    assert kinds(model=model, default_scope="mmbeta") == []


def test_a_scope_of_its_own_holds_for_a_part_and_all_in_it() -> None:
    backbone = {"type": "ResNet", "depth": 18}
    model = {"type": "ModuleList", "modules": [backbone]}

    assert kinds(model=model) == [("unknown-type", "model.modules.0.type")]
    assert kinds(model={**model, "_scope_": "mmalpha"}) == []
    assert kinds(model={**model, "_scope_": "zzz"}) == [
        ("missing-library", "model._scope_"),
        ("unknown-type", "model.modules.0.type"),
    ]


def test_sources_dotted_paths_and_classes_are_names() -> None:
    for model in (
        {"type": "timm.resnet18", "num_classes": 10, "whatever": 1},
        {"type": "mmalpha.models.backbones.resnet.ResNet", "depth": 18},
        {"type": Net, "depth": 1},
    ):
        assert kinds(model=model) == []
    assert kinds(model={"type": "timm.resnet1888"}) == [("unknown-type", "model.type")]
    assert kinds(model={"type": "os.getcwd"}) == [("unknown-type", "model.type")]
    assert kinds(model={"type": Net, "dept": 1}) == [("unknown-argument", "model.dept")]


def test_a_part_may_be_built_from_another_registry() -> None:
    model = {"type": "ModuleDict", "modules": {"a": {"type": "DefaultSampler", "shufle": True}}}

    assert kinds(model=model) == [("unknown-argument", "model.modules.a.shufle")]


def test_parts_are_found_in_containers() -> None:
    class Loop:
        def __init__(self, runner: Any, dataloader: Any, options: Any) -> None: ...

    hooks = {"a": [{"b": {"type": "mmbeta.PredictionsHok"}}]}
    cfg = {"type": Loop, "options": hooks}

    assert kinds(train_cfg=cfg, train_dataloader=object(), optim_wrapper=object()) == [
        ("unknown-type", "train_cfg.options.a.0.b.type")
    ]


def test_the_constructor_of_a_wrapper_is_a_name_and_may_know_more_keys() -> None:
    wrapper: dict[str, Any] = {"optimizer": {"type": "SGD"}, "paramwise_cfg": {"num_layers": 12}}
    rest = {"train_cfg": {"max_epochs": 1}, "train_dataloader": object()}

    assert kinds(optim_wrapper=wrapper, **rest) == [
        ("unknown-argument", "optim_wrapper.paramwise_cfg.num_layers")
    ]
    wrapper["constructor"] = "DefaultOptimWrapperConstructor"
    assert kinds(optim_wrapper=wrapper, **rest) == []
    wrapper["constructor"] = "OtherConstructor"
    assert kinds(optim_wrapper=wrapper, **rest) == [("unknown-type", "optim_wrapper.constructor")]


@pytest.mark.parametrize(
    ("paramwise_cfg", "expected"),
    [
        ({"norm_decay_mult": 0.0, "custom_keys": {"backbone": {"lr_mult": 0.1, "type": 1}}}, []),
        (None, []),
        ({"custom_keys": {"a": {"lr_mutl": 1.0}}}, [("unknown-argument", "custom_keys.a.lr_mutl")]),
        ({"norm_decay_mul": 0.0}, [("unknown-argument", "norm_decay_mul")]),
        ({"norm_decay_mult": "no"}, [("wrong-value", "norm_decay_mult")]),
        ([], [("wrong-value", "")]),
    ],
)
def test_options_of_some_parameters(paramwise_cfg: Any, expected: list[tuple[str, str]]) -> None:
    found = kinds(
        optim_wrapper={"optimizer": {"type": "SGD"}, "paramwise_cfg": paramwise_cfg},
        train_cfg={"max_epochs": 1},
        train_dataloader=object(),
    )
    place = "optim_wrapper.paramwise_cfg"
    assert found == [(kind, f"{place}.{key}" if key else place) for kind, key in expected]


def test_a_collate_function_is_a_name_or_has_some_of_its_arguments() -> None:
    def loader(collate_fn: Any) -> dict[str, Any]:
        data = {"dataset": object(), "collate_fn": collate_fn}
        return {"val_dataloader": data, "val_cfg": {}, "val_evaluator": object()}

    assert kinds(**loader("pseudo_collate")) == []
    assert kinds(**loader({"type": "worker_init_fn", "seed": 1})) == []
    assert kinds(**loader("pseudo_colate")) == [("unknown-type", "val_dataloader.collate_fn")]
    assert kinds(**loader({"type": "worker_init_fn", "sed": 1})) == [
        ("unknown-argument", "val_dataloader.collate_fn.sed")
    ]


def test_an_unknown_runner_is_found_where_it_is_named() -> None:
    assert kinds(runner_type="Runer") == [("unknown-type", "runner_type")]


# -- Helpers of a config ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "helper",
    [
        [{"type": "mmbeta.PackSegInputs"}],
        ({"type": "mmbeta.PackSegInputs"},),
        {"split": "test"},
        "mmbeta.Pack",
        True,
        len,
    ],
)
def test_a_helper_whose_value_is_used_is_no_finding(helper: Any) -> None:
    dataset = {
        "type": "mmbeta.DigitsCanvas",
        "split": "test",
        "test_mode": True,
        "pipeline": [{"type": "mmbeta.PackSegInputs"}],
    }
    run = {"val_dataloader": {"dataset": dataset}, "val_cfg": {}, "val_evaluator": object()}

    assert kinds(helper=helper, **run) == []


@pytest.mark.parametrize("helper", [[{"type": "x"}], [], {}, "", 2.5, {"depth": 2}])
def test_a_helper_whose_value_is_not_used_is_a_warning(helper: Any) -> None:
    [finding] = findings(helper=helper)

    assert (finding.kind, finding.severity) == ("unused-key", "warning")
    assert findings(_helper=helper) == []
    keys: dict[Any, Any] = {"model": object(), 1: helper}
    assert [each.path for each in lint.check(keys)] == ["1"]


def test_a_misspelt_key_is_an_error_though_its_value_is_used_elsewhere() -> None:
    val = {"val_dataloader": object(), "val_cfg": {}, "val_evaluator": {"type": "mmbeta.IoUMetric"}}

    assert kinds(**val, test_evaluatr=val["val_evaluator"])[0] == ("unknown-key", "test_evaluatr")


def test_a_misspelt_key_may_stand_beside_the_right_one_of_a_base() -> None:
    loader = {"batch_size": 3}  # no more than a change
    val = {"val_dataloader": object(), "val_cfg": {}, "val_evaluator": object()}

    assert kinds(**val, val_dataloder=loader) == [("unknown-key", "val_dataloder")]
    assert kinds(default_scope="mmbeta", default_scop="zzz") == [("unknown-key", "default_scop")]
    assert kinds(model_={"type": Net}) == []  # a helper


def test_a_misspelt_argument_may_stand_beside_the_right_one() -> None:
    [finding] = findings(model={"type": Net, "depth": 1, "detph": 2})

    assert finding.suggestion == "'depth' is there already"


# -- The report ------------------------------------------------------------------------------------


def test_the_report_is_data_and_has_a_truth() -> None:
    report = lint.check({"model": {"type": Net, "depth": 1}, "foo": 1.5, "work_dir": 3})

    assert report
    assert not Report()
    assert len(report) == 2
    assert [each.path for each in report.errors] == ["work_dir"]
    assert [each.path for each in report.warnings] == ["foo"]
    assert report.to_dict() == {
        "findings": [
            {
                "kind": "unused-key",
                "path": "foo",
                "site": None,
                "message": "nothing reads this key or uses its value",
                "suggestion": None,
                "severity": "warning",
            },
            {
                "kind": "wrong-value",
                "path": "work_dir",
                "site": None,
                "message": "work_dir of the run must be str; got 3",
                "suggestion": None,
                "severity": "error",
            },
        ],
        "errors": 1,
        "warnings": 1,
    }


# -- What a check leaves alone ---------------------------------------------------------------------


def test_a_check_builds_nothing_and_changes_neither_scope_nor_config() -> None:
    init_default_scope("mmalpha")
    cfg = {"default_scope": "mmbeta", "model": {"type": Net, "depth": 1}}
    before = copy.deepcopy(cfg)

    assert not lint.check(cfg)

    current = DefaultScope.get_current_instance()
    assert current is not None
    assert current.scope_name == "mmalpha"
    assert cfg == before


def test_the_scope_is_as_it_was_after_an_error_as_well() -> None:
    lint.check({"default_scope": "zzz"})
    lint.check({"default_scope": 3})

    assert DefaultScope.get_current_instance() is None


def test_libraries_are_imported_as_a_config_names_them(probe_with_torch: Probe) -> None:
    assert (
        probe_with_torch(
            "import sys\n"
            "from engine import lint\n"
            "from engine.config import Config\n"
            "cfg = Config.fromfile('mmbeta::fcn_r18_digits.py')\n"
            "assert 'mmalpha.registry' not in sys.modules\n"
            "cfg.model.backbone.dpth = cfg.model.backbone.pop('depth')\n"
            "[finding] = lint.check(cfg)\n"
            "assert 'mmalpha.registry' in sys.modules\n"
            "print(finding.path, finding.message, finding.suggestion, sep='; ')"
        ).strip()
        == "model.backbone.dpth; ResNet has no argument 'dpth'; did you mean 'depth'?"
    )


def test_the_import_is_light(probe: Probe) -> None:
    code = (
        "import sys, engine.lint; engine.lint.check\n"
        "print([name for name in ('torch', 'numpy', 'rich', 'yaml') if name in sys.modules])"
    )

    assert probe(code) == "[]\n"


def test_a_text_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("cfg.yaml").write_text(
        "default_scope: mmalpha\n"
        "model:\n"
        "  type: ImageClassifier\n"
        "  backbone:\n"
        "    type: ResNet\n"
        "    dept: 18\n"
        "  head: {type: LinearClsHead, num_classes: '10', in_channels: 512}\n",
        encoding="utf-8",
    )

    assert str(lint.check(Config.fromfile("cfg.yaml"))) == (
        "model.backbone.dept (cfg.yaml:6): ResNet has no argument 'dept'; did you mean 'depth'?\n"
        "model.head.num_classes (cfg.yaml:7): num_classes of LinearClsHead must be int; got '10'; "
        "write 10, a number\n"
        "2 errors"
    )


# -- Laws ------------------------------------------------------------------------------------------

KEYS = [
    *("model", "train_cfg", "optim_wrapper", "optimizer", "val_evaluator", "metrics", "visualizer"),
    *("custom_hooks", "default_hooks", "train_dataloader", "dataset", "pipeline", "collate_fn"),
    *(
        "type",
        "tpye",
        "_scope_",
        "default_scope",
        "runner_type",
        "backbone",
        "depth",
        "constructor",
    ),
    *("env_cfg", "param_scheduler", "modle", "x", "randomness", "seed", "clip_grad", ""),
]
ATOMS = st.sampled_from(
    [None, True, 0, 1.5, "", "ResNet", "mmalpha.ResNet", "SGD", "zzz.X", "mmbeta", "os.getcwd", Net]
)
TREES = st.recursive(
    ATOMS,
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS), below, max_size=4)
        | st.dictionaries(st.integers(0, 2), below, max_size=2)
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(KEYS), TREES, max_size=6))
@example({"env_cfg": {0: None}})
def test_any_tree_can_be_checked(cfg: dict[str, Any]) -> None:
    before = copy.deepcopy(cfg)

    for finding in lint.check(cfg):
        assert finding.path.partition(".")[0] in {*cfg, "model"}
    assert cfg == before


# One keyword renamed is one error there.

WHOLE = {
    name: Config.fromfile(name).to_dict(keep_imported=True)
    for name in SHIPPED
    if "_base_" not in name
}


# Values that are data and no parts, and parts that pass on any keyword.
DATA = {
    "arch",
    "batch_augments",
    "clip_grad",
    "custom_keys",
    "data_prefix",
    "decoder_args",
    "metainfo",
    "test_cfg",
}
OPEN = ("TIMMBackbone", "timm.", "torchvision.")


def keywords(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the paths of all keywords of parts, and of the keys of the run."""
    if isinstance(value, Mapping):
        if str(value.get("type", "")).startswith(OPEN):
            return
        for key, each in value.items():
            if str(key).startswith("_"):  # a name for use within the config
                continue
            if key != "type" and path != ("default_hooks",):  # whose keys are the user's own
                yield (*path, key)
            if key not in DATA:
                yield from keywords(each, (*path, key))
    elif isinstance(value, (list, tuple)):
        for index, each in enumerate(value):
            yield from keywords(each, (*path, index))


def renamed(cfg: Any, path: tuple[Any, ...], new: str) -> Any:
    """Return a config in which the key at the end of a path has another name."""
    first, *rest = path
    if isinstance(cfg, (list, tuple)):
        return [renamed(each, (*rest,), new) if i == first else each for i, each in enumerate(cfg)]
    return {
        (new if key == first and not rest else key): (
            renamed(each, (*rest,), new) if key == first and rest else each
        )
        for key, each in cfg.items()
    }


@given(st.data())
def test_a_renamed_keyword_is_one_error_there(data: st.DataObject) -> None:
    cfg = WHOLE[data.draw(st.sampled_from(sorted(WHOLE)))]
    path = data.draw(st.sampled_from(sorted(keywords(cfg), key=str)))
    position = data.draw(st.integers(0, len(path[-1])))
    letter = data.draw(st.sampled_from("aeinrsxz"))
    new = f"{path[-1][:position]}{letter}{path[-1][position:]}"

    errors = lint.check(renamed(cfg, path, new)).errors

    assert [each.path for each in errors] == [".".join(map(str, (*path[:-1], new)))]
