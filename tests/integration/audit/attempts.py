"""What strangers' configs and checkpoints try: run code, import, write, start programs, connect."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

# Each leads to code that a stranger would like to run; `evil` and `evil_lib` lie in the folder.
NAMES = (
    "evil.X",
    "evil_lib.registry.X",
    "os.system",
    "antigravity.fly",
    "torch.hub.load",
    "engine.runner.Runner",
    "engine.config.Config.fromfile",
    "mmalpha.inferencers.ClsInferencer.__init__.__globals__",
)
# Places of a run in which a part, or a name by itself, stands.
PLACES = (
    "model.type",
    "model.backbone.type",
    "model.backbone.init_cfg.type",
    "model.head.loss.type",
    "model.data_preprocessor.type",
    "model._scope_",
    "default_scope",
    "runner_type",
    "train_dataloader.dataset.type",
    "train_dataloader.dataset.pipeline.0.type",
    "train_dataloader.sampler.type",
    "train_dataloader.collate_fn.type",
    "train_cfg.type",
    "optim_wrapper.type",
    "optim_wrapper.optimizer.type",
    "optim_wrapper.constructor",
    "param_scheduler.type",
    "val_evaluator.type",
    "val_cfg.type",
    "custom_hooks.0.type",
    "default_hooks.checkpoint.type",
    "visualizer.type",
    "visualizer.vis_backends.0.type",
    "log_processor.type",
    "strategy.type",
    "inferencer.type",
)
# A dot, spelled out by the fields of `str.format` for a number.
_DOT = f"{{0.__doc__[{(int.__doc__ or '').index('.')}]}}"
# Options by which a library behind a part would run, load, write or connect.
OPTIONS: tuple[tuple[str, Any], ...] = (
    ("compile", True),
    ("compile", {"backend": "evil"}),
    ("strategy.compile", {"backend": "inductor", "options": {"cpp.cxx": ["./evil.sh"]}}),
    ("launcher", "slurm"),
    ("launcher", "mpi"),
    ("env_cfg", {"dist_cfg": {"init_method": "tcp://127.0.0.1:9"}}),
    ("env_cfg", {"mp_cfg": {"mp_start_method": "evil"}}),
    ("env_cfg", {"mp_cfg": ["evil"]}),
    ("env_cfg", {"mp_cfg": {"executable": "./evil.sh"}}),
    ("load_from", "reference::evil.json"),
    ("load_from", "github://a:b@c/d.pth"),
    ("resume", "sftp://127.0.0.1/x.pth"),
    ("model.backbone.init_cfg", {"type": "Pretrained", "checkpoint": "reference::evil.json"}),
    ("model.backbone", {"type": "timm.resnet18", "checkpoint_path": "evil.pth"}),
    ("model.backbone", {"type": "timm.resnet18", "pretrained_cfg": {"file": "evil.pth"}}),
    ("model.backbone", {"type": "timm.resnet18", "pretrained_cfg_overlay": {"file": "evil.pth"}}),
    ("model.backbone", {"type": "timm.resnet18", "cache_dir": "/tmp/evil"}),
    (
        "model.backbone",
        {"type": "TIMMBackbone", "model_name": "resnet18", "cache_dir": "/tmp/evil"},
    ),
    (
        "model.backbone",
        {"type": "mmbeta.NamedBackbone", "name": "timm_resnet18", "checkpoint_path": "evil.pth"},
    ),
    (
        "model.backbone",
        {"type": "mmbeta.NamedBackbone", "name": "transformers_resnet", "auto_map": {"x": "evil"}},
    ),
    ("model.backbone", {"type": "transformers.resnet", "auto_map": {"AutoBackbone": "evil.X"}}),
    ("model.backbone", {"type": "transformers.timm_backbone", "backbone": "local-dir:."}),
    ("model.backbone", {"type": "transformers.resnet", "attn_implementation": "evil/kernels"}),
    ("train_dataloader.multiprocessing_context", "evil"),
    ("train_dataloader.dataset.metainfo", {"classes": "http://127.0.0.1:9/classes.txt"}),
    ("val_evaluator.collect_dir", "/tmp/evil"),
    ("val_evaluator", {"type": "DumpResults", "out_file_path": "/tmp/evil/out.json"}),
    ("val_evaluator", {"type": "torchmetrics.text.BERTScore", "model_name_or_path": "./evil"}),
    ("default_hooks.checkpoint.out_dir", "/tmp/evil"),
    ("default_hooks.checkpoint.filename_tmpl", "../../evil_{}.pth"),
    ("default_hooks.checkpoint.filename_tmpl", f"{_DOT}{_DOT}/{_DOT}{_DOT}/evil_{{0}}.pth"),
    ("default_hooks.checkpoint.backend_args", {"backend": "fsspec", "host": "127.0.0.1"}),
    ("default_hooks.logger", {"type": "LoggerHook", "out_dir": "/tmp/evil"}),
    ("default_hooks.logger", {"type": "LoggerHook", "backend_args": {"backend": "http"}}),
    ("custom_hooks.0", {"type": "CurvesHook", "filename": "/tmp/evil.png"}),
    ("custom_hooks.0", {"type": "CurvesHook", "filename": "../evil.png"}),
    ("custom_hooks.0", {"type": "ConfusionMatrixHook", "filename": "../../evil.png"}),
    ("custom_hooks.0", {"type": "mmbeta.PredictionsHook", "filename": "/tmp/evil.png"}),
    ("custom_hooks.0", {"type": "ProfilerHook", "json_trace_path": "/tmp/evil.json"}),
    (
        "custom_hooks.0",
        {"type": "ProfilerHook", "on_trace_ready": {"type": "tb_trace", "dir_name": "/tmp/evil"}},
    ),
    ("visualizer.save_dir", "/tmp/evil"),
    ("visualizer.vis_backends.0", {"type": "LocalVisBackend", "save_dir": "/tmp/evil"}),
    ("visualizer.vis_backends.0", {"type": "LocalVisBackend", "img_save_dir": "/tmp/evil"}),
    ("visualizer.vis_backends.0", {"type": "LocalVisBackend", "scalar_save_file": "../../e.json"}),
    ("visualizer.vis_backends.0", {"type": "LocalVisBackend", "config_save_file": "/tmp/e.py"}),
    ("visualizer.vis_backends.0", {"type": "TensorboardVisBackend", "save_dir": "/tmp/evil"}),
    ("visualizer.vis_backends.0", {"type": "WandbVisBackend"}),
    ("visualizer.vis_backends.0", {"type": "MLflowVisBackend", "tracking_uri": "file:/tmp/evil"}),
    ("visualizer.vis_backends.0", {"type": "AimVisBackend"}),
    ("visualizer.vis_backends.0", {"type": "ClearMLVisBackend"}),
    ("visualizer.vis_backends.0", {"type": "NeptuneVisBackend"}),
    ("visualizer.vis_backends.0", {"type": "DVCLiveVisBackend"}),
    ("inferencer.model", "evil.py"),
    ("inferencer.weights", "http://127.0.0.1:9/evil.pth"),
)
# What only a prediction looks at.
OF_INFERENCERS: tuple[tuple[str, Any], ...] = (
    ("inferencer.scope", "evil_lib"),
    ("inferencer.model", {"default_scope": "evil_lib", "model": {"type": "ReLU"}}),
)
# Whole texts, with the end of their file names.
TEXTS: tuple[tuple[str, str], ...] = (
    (".yaml", "model: !!python/object/apply:os.system ['touch pwned']\n"),
    (".yaml", "model: !!python/name:evil.X\n"),
    (".yaml", "custom_imports: {imports: [evil]}\nmodel: {type: ReLU}\n"),
    (".yaml", "_base_: evil.py\nmodel: {type: ReLU}\n"),
    (".yaml", "_base_: [http://127.0.0.1:9/x.yaml]\nmodel: {type: ReLU}\n"),
    (".json", '{"custom_imports": {"imports": "evil"}, "model": {"type": "ReLU"}}'),
    (".json", '{"_base_": "evil.py", "model": {"type": "ReLU"}}'),
    (".toml", 'custom_imports = {imports = ["evil"]}\nmodel = {type = "ReLU"}\n'),
    (".toml", '_base_ = "evil.py"\n[model]\ntype = "ReLU"\n'),
    (".toml", '[model]\ntype = "evil.X"\n'),
    (".toml", 'default_scope = "evil"\n[model]\ntype = "Net"\n'),
    (".toml", '[model]\ntype = "ReLU"\n_scope_ = "evil_lib"\n'),
)
# Paths in the rows of annotation files: fsspec would keep copies, or render templates.
ROWS = ("simplecache::file:///{}/rows.png", "reference://rows.png::{}/evil.json")
FORMATS = (".yaml", ".json")


@dataclass(frozen=True)
class Attempt:
    """One attempt.

    Attributes:
        name: What it is called.
        words: The words of the command; `CONFIG` and `CHECKPOINT` stand for the files.
        where: What the error has to name: the place in the config.
        config: The changes to the config of a run, by dotted path, if it has one.
        suffix: The format of that config.
        text: The text of the config, where it is not a changed one.
        stored: Whether the config is that of a checkpoint.
        pickled: What the checkpoint executes when it is unpickled, if anything.
    """

    name: str
    words: tuple[str, ...]
    where: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)
    suffix: str = ".yaml"
    text: str | None = None
    stored: bool = False
    pickled: str | None = None


CONTROLS = (
    Attempt("a Python config runs", ("config", "show", "evil.py")),
    Attempt("trust", ("lint", "CONFIG", "--trust"), config={"model.type": "evil.X"}),
)
"""What is to be seen by the watch: a user asked for it."""


def attempts() -> Iterator[Attempt]:
    """Yield all attempts."""
    yield from _on_configs()
    yield from _on_checkpoints()
    yield from _on_texts()
    yield from _on_look_ups()


def _on_configs() -> Iterator[Attempt]:
    formats, commands = itertools.cycle(FORMATS), itertools.cycle(_COMMANDS)
    for place, name in itertools.product(PLACES, NAMES):
        command = _LINT if place.startswith(_UNUSED) else next(commands)
        if (place, name) != ("runner_type", "engine.runner.Runner"):  # there it may be named
            yield _on_config(place, name, next(formats), command)
    for reader, number in itertools.product(("mmalpha", "mmbeta"), range(len(ROWS))):
        dataset: dict[str, Any] = {"type": "BaseDataset", "ann_file": f"rows_{number}.json"}
        dataset["pipeline"] = [{"type": f"{reader}.LoadImageFromFile"}, {"type": "PackClsInputs"}]
        yield _on_config("train_dataloader.dataset", dataset, next(formats), _COMMANDS[-1], "rows")
    for place, value in OPTIONS:
        yield _on_config(place, value, next(formats), _LINT)
        if not place.startswith(_UNUSED):
            yield _on_config(place, value, next(formats), _COMMANDS[-1])


def _on_checkpoints() -> Iterator[Attempt]:
    for name in NAMES:
        for place in ("model.type", "model.backbone.type", "inferencer.type", "default_scope"):
            yield _on_checkpoint(place, name)
    for place, value in (*OPTIONS, *OF_INFERENCERS):
        used = place.startswith(("model.backbone", "inferencer"))
        if used and place != "model.backbone.init_cfg":  # weights come from the checkpoint
            yield _on_checkpoint(place, value)
    for code in ("os.system", "builtins.exec", "evil.X"):
        for words in _ON_CHECKPOINT:
            yield Attempt(f"{words[0]} pickle of {code}", words, pickled=code)


def _on_texts() -> Iterator[Attempt]:
    for suffix, text in TEXTS:
        for words in (("lint", "CONFIG"), ("config", "show", "CONFIG"), ("train", "CONFIG")):
            if words[0] == "config" and "type" in text and "_base_" not in text:
                continue  # to show a name runs nothing, and is no error
            yield Attempt(f"{words[0]} {text!r}", words, suffix=suffix, text=text)


def _on_look_ups() -> Iterator[Attempt]:
    for name in NAMES:
        yield Attempt(f"explain {name}", ("registry", "explain", name))
    for scope in ("evil", "evil_lib", "os"):
        yield Attempt(f"schema {scope}", ("config", "schema", "--scope", scope))
        words = ("registry", "explain", "ResNet", "--scope", scope)
        yield Attempt(f"explain in {scope}", words)


_UNUSED = ("inferencer", "launcher")  # a training has no use for it, or sets it anew
_LINT = ("lint", "CONFIG")
_COMMANDS: tuple[tuple[str, ...], ...] = (
    _LINT,
    ("train", "CONFIG", "--device", "cpu"),
    ("train", "CONFIG", "--no-lint", "--device", "cpu"),
)
_ON_CHECKPOINT = (
    ("predict", "CHECKPOINT", "image.png", "--device", "cpu"),
    ("test", "CONFIG", "CHECKPOINT", "--device", "cpu"),
    ("train", "CONFIG", "--resume", "--device", "cpu"),
)


def _on_config(
    place: str, value: Any, suffix: str, words: tuple[str, ...], where: str | None = None
) -> Attempt:
    name = f"{' '.join(words[:1] + words[2:3])} {place}={json.dumps(value)}{suffix}"
    told = _where(place, value) if where is None else where
    return Attempt(name, words, told, {place: value}, suffix)


def _on_checkpoint(place: str, value: Any) -> Attempt:
    name = f"predict {place}={json.dumps(value)}"
    return Attempt(name, _ON_CHECKPOINT[0], _where(place, value), {place: value}, stored=True)


def _where(place: str, value: Any) -> str:
    """Return the part of the place that an error names at least."""
    part = place.removesuffix(".type").partition(".")[0]
    return "" if part in ("runner_type", "default_scope") else part


def written(folder: Path) -> None:
    """Write what the attempts would run."""
    mark = "import pathlib; pathlib.Path(__file__).with_name('pwned').touch()\n"
    (folder / "evil.py").write_text(f"{mark}X = dict\nmodel = dict(type='ReLU')\n", "utf-8")
    (folder / "evil.json").write_text('{"refs": {}}', "utf-8")
    (folder / "evil.sh").write_text("#!/bin/sh\ntouch pwned\n", "utf-8")
    for number, path in enumerate(ROWS):
        rows = {"data_list": [{"img_path": path.format(folder), "gt_label": 0}] * 8}
        (folder / f"rows_{number}.json").write_text(json.dumps(rows), "utf-8")
    Image.new("L", (8, 8)).save(folder / "rows.png")
    (folder / "evil_lib").mkdir()
    for module in ("__init__", "registry"):
        (folder / "evil_lib" / f"{module}.py").write_text(mark, "utf-8")
