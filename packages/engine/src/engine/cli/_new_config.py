"""A config for one's own images, on the base of one that a library ships."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from engine.config import Config, Options, shipped_configs
from engine.registry import DATASETS, DefaultScope, announced_packages, scope_of

_FINE_TUNING = "_finetune-folder.py"  # how the configs are called that a library offers for this
_OTHERS = ("data_preprocessor", "backbone")  # of a model; the rest is behind the backbone
_LOADERS = ("train_dataloader", "val_dataloader", "test_dataloader")


@dataclass(frozen=True)
class NewConfig:
    """What a config is to be.

    Attributes:
        data: The folder of the images.
        model: The name of the backbone; None means that of the base.
        base: The config that it changes; None means the first for fine-tuning that fits the data.
        classes: The names of the classes; None means that the data tell them.
    """

    data: Path
    model: str | None = None
    base: str | None = None
    classes: Sequence[str] | None = None


@dataclass(frozen=True)
class WrittenConfig:
    """What a config has become.

    Attributes:
        base: The config that it changes.
        classes: The names of the classes.
    """

    base: str
    classes: tuple[str, ...]


def write_config(file: Path, wanted: NewConfig) -> WrittenConfig:
    """Write a config that fine-tunes a model on images.

    Args:
        file: The file.
        wanted: What the config is to be.

    Raises:
        FileExistsError: If the file is there already.
        FileNotFoundError: If there is no such folder of images.
        ValueError: If no base fits the images, or the classes are not known.
    """
    if file.exists():
        raise FileExistsError(f"{file} is there already, and nothing is overwritten")
    if not wanted.data.is_dir():
        raise FileNotFoundError(f"there is no folder {wanted.data}")
    base = wanted.base or _find_base(wanted)
    cfg = Config.fromfile(base)
    problems = _problems(cfg, wanted.data)
    if problem := _serious(problems):
        raise ValueError(f"{wanted.data} does not fit {base}: {problem}")
    classes = _classes(cfg, wanted)
    changes = _changes(cfg, replace(wanted, classes=classes), [*problems])
    text = Config(changes).pretty_text
    title = f"# Fine-tunes {wanted.model or 'a model'} on the images in {wanted.data}.\n"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("x", encoding="utf-8") as stream:
        stream.write(f'{title}_base_ = "{base}"\n\n{text}')
    return WrittenConfig(base, classes)


def _find_base(wanted: NewConfig) -> str:
    """Return the first config for fine-tuning, of any library, whose data are where ours are."""
    found = [
        name
        for package in announced_packages().values()
        for name in shipped_configs(package)
        if name.endswith(_FINE_TUNING)
    ]
    told: dict[str, str | None] = {}  # by the data, which several configs share
    fitting = []
    for name in found:
        cfg = Config.fromfile(name)
        data = repr(cfg.train_dataloader.dataset)
        if data not in told:
            told[data] = _serious(_problems(cfg, wanted.data))
        if told[data] is None:
            alike = SequenceMatcher(None, wanted.model or "", _backbone(cfg)).ratio()
            fitting.append((-alike, name))
    if not fitting:
        raise ValueError(
            f"no config for fine-tuning fits the folders in {wanted.data}: {', '.join(found)}. "
            "Images go into train/<class>/ and val/<class>/; with masks, into images/train and "
            "images/val, and the masks into masks/train and masks/val"
        )
    return min(fitting)[1]


def _backbone(cfg: Config) -> str:
    return str((cfg.model.get("backbone") or {}).get("type", ""))


def _problems(cfg: Config, data: Path) -> dict[str, str]:
    """Return why data can't be what a config loads, by the key of the loader."""
    problems = {}
    for key in _data_roots(cfg, data):
        loader = key.partition(".")[0]
        try:
            if not len(_build_dataset(cfg, loader, data)):
                problems[loader] = "there are no images for it"
        except (OSError, ValueError) as error:
            problems[loader] = str(error)
    return problems


def _serious(problems: Mapping[str, str]) -> str | None:
    """Return what is wrong with the data of the training or the validation."""
    return next((problems[key] for key in _LOADERS[:2] if key in problems), None)


def _build_dataset(cfg: Config, loader: str, data: Path) -> Any:
    dataset = {**cfg[loader].dataset, "data_root": str(data), "pipeline": []}
    with DefaultScope.overwrite_default_scope(scope_of(cfg)):
        return DATASETS.build(dataset)


def _data_roots(cfg: Config, data: Path) -> dict[str, str]:
    return {f"{key}.dataset.data_root": str(data) for key in _LOADERS if cfg.get(key)}


def _classes(cfg: Config, wanted: NewConfig) -> tuple[str, ...]:
    """Return the names of the classes, those of the training data if none are given."""
    own = cfg.train_dataloader.dataset.get("metainfo", {})
    if wanted.classes is not None:
        if len({*wanted.classes}) < len(wanted.classes) or not all(wanted.classes):
            raise ValueError(f"the classes are different names; got {','.join(wanted.classes)}")
        return tuple(wanted.classes)
    if "classes" in own:
        raise ValueError("these data don't tell their classes: --classes background,road")
    return tuple(_build_dataset(cfg, "train_dataloader", wanted.data).metainfo["classes"])


def _changes(cfg: Config, wanted: NewConfig, left_out: Sequence[str]) -> Mapping[str, Any]:
    """Return what the config changes in its base."""
    classes = [*(wanted.classes or ())]
    options: dict[str, Any] = {}
    if wanted.model is not None:
        options["model.backbone.type"] = wanted.model
        heads = {key: part for key, part in cfg.model.items() if key not in _OTHERS}
        options |= {f"model.{path}": None for path in _paths_to("in_channels", heads)}
    options |= {f"model.{path}": len(classes) for path in _paths_to("num_classes", cfg.model)}
    for key, value in _data_roots(cfg, wanted.data).items():
        loader = key.partition(".")[0]
        if loader in left_out:  # of the test
            options |= dict.fromkeys(
                [loader, *(loader.replace("dataloader", end) for end in ("cfg", "evaluator"))]
            )
            continue
        options[key] = value
        if "classes" in cfg[loader].dataset.get("metainfo", {}):
            options[f"{loader}.dataset.metainfo.classes"] = classes
    changed = Config()
    changed.merge_from_dict(Options(options))
    return changed.to_dict()


def _paths_to(name: str, part: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Yield where an argument is given in a model."""
    for key, value in part.items():
        if key == name:
            yield f"{path}{key}"
        elif isinstance(value, Mapping):
            yield from _paths_to(name, value, f"{path}{key}.")
