"""Models of timm and torchvision by name, with pretrained weights from the Hub, a folder or a file.

`pretrained` is True for the Hub (the cache of the package, or a download), or the path of a file or
of a folder with such files, a mirror.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from engine.checkpoint import (
    WITHOUT_WRAPPER,
    CheckpointError,
    CheckpointLoader,
    rename_keys,
    weights_of,
)
from engine.utils import usual_layers

from ._freezing import freeze_stages


def build_timm(
    name: str,
    *,
    pretrained: bool | str = False,
    frozen_stages: int = -1,
    norm_eval: bool = False,
    **kwargs: Any,
) -> nn.Module:
    """Build a model of timm.

    Args:
        name: Its name, with the tag of its weights or without: `'resnet50.a1_in1k'`.
        pretrained: Whether to load weights: True takes those of the Hub, a str a file or folder.
        frozen_stages: As in `freeze_stages`.
        norm_eval: As in `freeze_stages`.
        **kwargs: The other arguments of `timm.create_model`.

    Raises:
        FileNotFoundError: If there are no such weights, with what to put where.
    """
    from timm import create_model  # deferred: an extra

    if isinstance(pretrained, str):
        path = _find_file(pretrained, _timm_files(name), f"timm's {name}")
        weights = {"state_dict": _read(path), "source": ""}
        overlay = {**(kwargs.pop("pretrained_cfg_overlay", None) or {}), **weights}
        model = create_model(name, pretrained=True, pretrained_cfg_overlay=overlay, **kwargs)
        for module in model.modules():  # the file is read, and not kept in memory
            if isinstance(kept := getattr(module, "pretrained_cfg", None), dict):
                kept.pop("state_dict", None)
    else:
        try:
            model = create_model(name, pretrained=pretrained, **kwargs)
        except OSError as error:
            raise _unreachable(f"timm's {name}", _timm_origin(name), _timm_files(name)) from error
    return _finished(model, frozen_stages, norm_eval)


def without_pretrained(cfg: Any) -> Any:
    """Return the config of a model whose weights come from a checkpoint, and from nowhere else.

    Args:
        cfg: The config, or a model, which is returned as it is.
    """
    if not isinstance(cfg, Mapping):
        return cfg
    changed: Any = copy.copy(cfg)
    for key, value in cfg.items():
        if key == "pretrained" and "type" in cfg:
            changed[key] = False if isinstance(value, bool) else None  # of the name of a file
        elif isinstance(value, Mapping):
            changed[key] = without_pretrained(value)
    return changed


def build_torchvision(
    name: str,
    *args: Any,
    return_nodes: Sequence[str] | None = None,
    features_only: bool = False,
    frozen_stages: int = -1,
    norm_eval: bool = False,
    **kwargs: Any,
) -> nn.Module:
    """Build a model of torchvision.

    Args:
        name: Its name.
        *args: Passed on to torchvision.
        return_nodes: As in `TorchvisionMaps`, which is what is built with these.
        features_only: Whether to build a `TorchvisionMaps`.
        frozen_stages: As in `freeze_stages`.
        norm_eval: As in `freeze_stages`.
        **kwargs: As in `load_torchvision`; `num_classes=0` leaves the classifier out.
    """
    maps = import_module("engine.model._torchvision_maps")  # deferred: an extra
    if features_only or return_nodes is not None:
        model: nn.Module = maps.TorchvisionMaps(name, return_nodes, **kwargs)
    elif kwargs.get("num_classes") == 0:
        del kwargs["num_classes"]
        model = maps.without_classifier(load_torchvision(name, *args, **kwargs))
    else:
        model = load_torchvision(name, *args, **kwargs)
    return _finished(model, frozen_stages, norm_eval)


def load_torchvision(
    name: str,
    *args: Any,
    pretrained: bool | str = False,
    weights: Any = None,
    **kwargs: Any,
) -> nn.Module:
    """Build a whole model of torchvision.

    Args:
        name: Its name.
        *args: Passed on to torchvision.
        pretrained: Whether to load weights: True means `weights='DEFAULT'`, a str a file or folder.
        weights: The name of the weights in torchvision, or as a str a file or folder.
        **kwargs: The other arguments of the model.

    Raises:
        FileNotFoundError: If there are no such weights, with what to put where.
    """
    from torchvision.models import get_model_builder, get_model_weights  # deferred: an extra

    build = get_model_builder(name)
    kinds = get_model_weights(name)
    chosen = pretrained if isinstance(pretrained, str) else weights
    if chosen is None and pretrained:
        chosen = "DEFAULT"
    member = chosen.removeprefix(f"{kinds.__name__}.") if isinstance(chosen, str) else None
    if member is not None and member not in kinds.__members__:
        known = [each.url for each in dict.fromkeys(kinds)]
        files = [url.rpartition("/")[2] for url in known]
        path = _find_file(str(chosen), files, f"torchvision's {name}")
        model: nn.Module = build(*args, **kwargs)
        _load_all(model, _read(path), path)
        return model
    found: Any = kinds[member] if member is not None else chosen
    try:
        model = build(*args, weights=found, **kwargs)
    except OSError as error:
        files = [found.url.rpartition("/")[2]]
        raise _unreachable(f"torchvision's {name}", found.url, files) from error
    return model


def _finished(model: nn.Module, frozen_stages: int, norm_eval: bool) -> nn.Module:
    if not any(hasattr(module, "group_matcher") for module in model.modules()):
        vars(model)["group_matcher"] = usual_layers
    return freeze_stages(model, frozen_stages, norm_eval)


def _timm_origin(name: str) -> str:
    cfg = _timm_cfg(name)
    if cfg.get("hf_hub_id"):
        return f"https://huggingface.co/{cfg['hf_hub_id']}"
    return str(cfg.get("url") or "the internet")


def _timm_files(name: str) -> list[str]:
    """Return where in a folder the weights of a model of timm may be, the usual place first."""
    cfg = _timm_cfg(name)
    full = f"{cfg['architecture']}.{cfg['tag']}" if cfg.get("tag") else name
    files = [f"{full}.safetensors", f"{full}.pth", f"{full}/model.safetensors"]
    if cfg.get("hf_hub_id"):
        files.append(f"{cfg['hf_hub_id']}/model.safetensors")
    if cfg.get("url"):
        files.append(str(cfg["url"]).rpartition("/")[2])
    return files


def _timm_cfg(name: str) -> Mapping[str, Any]:
    from timm.models import get_pretrained_cfg  # deferred: an extra

    found = get_pretrained_cfg(name)
    return {} if found is None else found.to_dict()


def _find_file(given: str, names: Sequence[str], what: str) -> str:
    """Return the file of weights: the one given, or that of a folder."""
    if "://" in given or Path(given).is_file():
        return given
    folder = Path(given)
    if not folder.is_dir():
        raise FileNotFoundError(
            f"the weights of {what} are to be read from {given}, which is neither a file nor a "
            f"folder. As a folder it has the file {names[0]}"
        )
    for name in names:
        if (folder / name).is_file():
            return str(folder / name)
    raise FileNotFoundError(
        f"the folder {given} has no weights of {what}: expected {' or '.join(names)} in it"
    )


def _unreachable(what: str, origin: str, names: Sequence[str]) -> FileNotFoundError:
    return FileNotFoundError(
        f"the weights of {what} are at {origin}, which can't be reached. On a machine that reaches "
        f"it, download the file, put it as {names[0]} into a folder, and set "
        "pretrained='path/of/the/folder', or that of the file itself"
    )


def _read(path: str) -> dict[str, Any]:
    content = CheckpointLoader.load_checkpoint(path, "cpu")
    return dict(rename_keys(weights_of(content, path), WITHOUT_WRAPPER))


def _load_all(model: nn.Module, weights: Mapping[str, Tensor], path: str) -> None:
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise CheckpointError(f"{path}: {error}") from None
