"""What configs and checkpoints cost beside those of other libraries."""

from __future__ import annotations

import copy
import pickle
import shutil
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch
import yaml
from beside import Row
from measure import Op


def rows() -> Iterator[Row]:
    """Yield the rows."""
    yield from config_rows()
    yield from checkpoint_rows()


def config_rows() -> Iterator[Row]:
    """Yield those of a config of 40 parts."""
    from mmengine.config import Config as TheirConfig
    from omegaconf import OmegaConf

    from engine.config import Config

    plain = _values()
    file = Path(tempfile.gettempdir(), "engine-bench-config.yaml")
    file.write_text(yaml.safe_dump(plain))
    theirs, omega, ours = TheirConfig(copy.deepcopy(plain)), OmegaConf.create(plain), Config(plain)
    leaves = {f"part{number}.layer.depth": 34 for number in range(20)}
    words = [f"{key}={value}" for key, value in leaves.items()]

    others: dict[str, Op] = {
        "MMEngine": lambda: TheirConfig.fromfile(str(file)),
        "OmegaConf": lambda: OmegaConf.load(file),
    }
    yield Row(
        "read a YAML file", partial(_load_yaml, file), others, lambda: Config.fromfile(file), 2
    )
    others = {
        "MMEngine": lambda: theirs.part7.layer.init.std,
        "OmegaConf": lambda: omega.part7.layer.init.std,
    }
    yield Row("`cfg.a.b.c.d`", None, others, lambda: ours.part7.layer.init.std, 1, 2_000)
    others = {
        "MMEngine": lambda: theirs.merge_from_dict(dict(leaves)),
        "OmegaConf": lambda: omega.merge_with_dotlist(words),
    }
    yield Row("set 20 leaves", None, others, lambda: ours.merge_from_dict(leaves), 1, 20)
    others = {
        "MMEngine": partial(copy.deepcopy, theirs),
        "OmegaConf": partial(copy.deepcopy, omega),
    }
    floor = partial(copy.deepcopy, plain)
    yield Row("`copy.deepcopy`", floor, others, partial(copy.deepcopy, ours), 1.5, 5)
    others = {"MMEngine": _pickles(theirs), "OmegaConf": _pickles(omega)}
    yield Row("to a pickle and back", _pickles(plain), others, _pickles(ours), 3, 5)


def checkpoint_rows() -> Iterator[Row]:
    """Yield those of the weights of a ResNet-50."""
    from safetensors.torch import load_file, save_file
    from torchvision.models import resnet50

    from engine.checkpoint import save_checkpoint
    from engine.runner import load_checkpoint

    model = resnet50()
    state, folder = model.state_dict(), Path(tempfile.mkdtemp())
    theirs, plain, ours = (folder / name for name in ("a.safetensors", "plain.pth", "ours.pth"))

    def load_theirs() -> None:
        model.load_state_dict(load_file(theirs))

    def load_plain() -> None:
        model.load_state_dict(torch.load(plain, weights_only=True))

    saved: dict[str, Any] = {"state_dict": state}
    saving: dict[str, Op] = {"safetensors": partial(save_file, state, theirs)}
    loading: dict[str, Op] = {"safetensors": load_theirs}
    name, save = "save the weights of a ResNet-50", partial(torch.save, state, plain)
    yield Row(name, save, saving, partial(save_checkpoint, saved, str(ours)), 1.05)
    yield Row("load them", load_plain, loading, partial(load_checkpoint, model, str(ours)), 1.1)
    own = str(folder / "ours.safetensors")
    yield Row(f"{name} as `.safetensors`", None, saving, partial(save_checkpoint, state, own), 1.05)
    yield Row("load these", None, loading, partial(load_checkpoint, model, own), 1.1)
    shutil.rmtree(folder)


def _load_yaml(file: Path) -> Any:
    with file.open(encoding="utf-8") as stream:
        return yaml.load(stream, yaml.CSafeLoader)


def _values() -> dict[str, Any]:
    """Return values as those of a config."""
    layer = {"type": "ResNet", "depth": 18, "init": {"type": "Normal", "std": 0.01}, "out": [0, 1]}
    part = {"type": "Model", "lr": 0.1, "layer": layer}
    return {f"part{number}": copy.deepcopy(part) for number in range(40)}


def _pickles(content: Any) -> Op:
    return lambda: pickle.loads(pickle.dumps(content))  # noqa: S301 (what was just written)
