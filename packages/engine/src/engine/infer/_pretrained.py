"""Models in the form of the Hugging Face Hub: a folder with weights, config and model card."""

from __future__ import annotations

import re
import secrets
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import nn

from engine import __version__
from engine.checkpoint import (
    WITHOUT_WRAPPER,
    CheckpointError,
    CheckpointNotFoundError,
    rename_keys,
    save_checkpoint,
    weights_of,
)
from engine.config import Config, ConfigError
from engine.fileio import atomic_write, replace_folder
from engine.runner import load_weights, model_of

from ._export_meta import metadata_of_weights
from ._model_card import card_of
from ._open import config_of, open_trained
from ._pretrained_folder import CARD, CONFIG, WEIGHTS, PretrainedFolder, is_pretrained
from ._trained import TrainedModel

_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*(@[\w./-]+)?", re.ASCII)
_FILES = re.compile(r"\.(pth|pt|pt2|ckpt|bin|onnx|safetensors|json|py|ya?ml|toml)$")


def save_pretrained(
    model: str | Path | TrainedModel | nn.Module,
    folder: str | Path,
    config: str | Path | Config | None = None,
    *,
    metrics: Mapping[str, float] | None = None,
    license: str | None = None,
    overwrite: bool = False,
    trust: bool = False,
) -> Path:
    """Write a trained model as a folder that `from_pretrained` and the Hub take.

    It has the weights (`model.safetensors`), the config as data (`config.json`), and a model card
    (`README.md`) that says what the model is and how it was trained.

    Args:
        model: A checkpoint, or a model itself, whose config is given then.
        folder: The folder, which is not there yet.
        config: The config of the run; None means that in the checkpoint.
        metrics: What the card says of the quality, by the name of the metric; None means the last
            validation that the checkpoint knows of.
        license: The license in the card, by its identifier on the Hub, `'apache-2.0'` for example.
        overwrite: Whether a former folder of this kind is replaced.
        trust: Whether the config is trusted as code would be.

    Returns:
        The folder.

    Raises:
        ImportError: If safetensors is missing.
        FileExistsError: If the folder is there, and it is not a former one, or `overwrite` is not
            set.
        CheckpointError: If the checkpoint can't be read, or holds no config.
        ConfigError: If the config can't be read, or JSON can't hold it.
    """
    target = Path(folder)
    if target.exists() and not (overwrite and is_pretrained(target)):
        how = "overwrite=True replaces it" if is_pretrained(target) else "give another one"
        raise FileExistsError(f"{target} is there already; {how}")
    if isinstance(model, nn.Module):
        if config is None:
            raise ValueError("save_pretrained of a model needs its config")
        trained, content = None, {"state_dict": model.state_dict()}
    else:
        trained = open_trained(model)
        content = trained.read()
    cfg = config_of(config, trained, trust=trust)
    meta = metadata_of_weights(trained, cfg) | {"engine_version": __version__}
    del meta["cfg"]  # which is a file of its own
    weights = rename_keys(weights_of(content, str(trained)), WITHOUT_WRAPPER)
    card = card_of(
        target.name, cfg, meta, _metrics_of(content) if metrics is None else metrics, license
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        temporary.mkdir()
        save_checkpoint({"state_dict": weights, "meta": meta}, temporary / WEIGHTS)
        for name, text in ((CONFIG, _as_json(cfg)), (CARD, card)):
            with atomic_write(temporary / name, "w") as file:
                file.write(text)
        replace_folder(target, temporary)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return target


def from_pretrained(
    name: str | Path, device: str = "cpu", *, revision: str | None = None, trust: bool = False
) -> nn.Module:
    """Return a trained model, ready to predict. Nothing that is fetched is executed.

    Args:
        name: A folder of `save_pretrained`, or a model of the Hub, `user/name`, which is fetched.
        device: Where the model is.
        revision: A branch, tag or commit of the Hub; None means the newest state.
        trust: Whether the config is trusted as code would be.

    Raises:
        ImportError: If a package is missing.
        CheckpointError: If there is no such model.
        ConfigError: If its config is more than data.
    """
    trained = fetch_trained(name if revision is None else f"{name}@{revision}")
    cfg = trained.config(trust)
    model = model_of(cfg)
    load_weights(model, trained.read(), str(trained), strict=True)
    return model.to(device).eval()


def push_to_hub(
    model: str | Path | TrainedModel | nn.Module,
    repository: str,
    config: str | Path | Config | None = None,
    *,
    metrics: Mapping[str, float] | None = None,
    license: str | None = None,
    private: bool = True,
    message: str = "Upload a model of engine",
    trust: bool = False,
) -> str:
    """Write a trained model to the Hub, and return its address.

    The token is that of `hf auth login`, or `HF_TOKEN`. What is in the repository stays in its
    history.

    Args:
        model: As in `save_pretrained`, or a folder that it made, which goes as it is.
        repository: Its name on the Hub, `user/name`. A new one is made where it is missing.
        config: As in `save_pretrained`.
        metrics: As in `save_pretrained`.
        license: As in `save_pretrained`.
        private: Whether a new one is seen by its owner alone.
        message: What the history says.
        trust: As in `save_pretrained`.

    Raises:
        ImportError: If a package is missing.
        CheckpointError: As in `save_pretrained`, or if the Hub refuses.
        ValueError: If `repository` is no such name.
    """
    if not _REPOSITORY.fullmatch(repository) or "@" in repository:
        raise ValueError(f"a model on the Hub is called user/name; got {repository!r}")
    hub = _require_hub()
    with tempfile.TemporaryDirectory() as place:
        if not isinstance(model, (nn.Module, TrainedModel)) and is_pretrained(model):
            folder = Path(model)
        else:
            folder = Path(place, repository.partition("/")[2])
            save_pretrained(model, folder, config, metrics=metrics, license=license, trust=trust)
        try:
            api = hub.HfApi(library_name="engine", library_version=__version__)
            address = api.create_repo(repository, private=private, exist_ok=True)
            api.upload_folder(
                repo_id=repository,
                folder_path=folder,
                allow_patterns=[CONFIG, WEIGHTS, CARD],
                commit_message=message,
            )
        except Exception as error:  # whatever comes of a network
            raise CheckpointError(
                f"the Hub does not take {repository}: {_reason(error)}"
            ) from error
    return str(address)


def fetch_trained(name: str | Path | TrainedModel, *, trust: bool = False) -> TrainedModel:
    """Return what holds a trained model, which is fetched if it is one of the Hub.

    Args:
        name: As in `open_trained`, or `user/name` or `user/name@revision` for the Hub.
        trust: As in `open_trained`.

    Raises:
        ImportError: If huggingface_hub is missing.
        CheckpointError: If there is none.
    """
    text = str(name)
    if isinstance(name, str) and _REPOSITORY.fullmatch(text) and not _is_local(text):
        return PretrainedFolder(_fetch(text))
    return open_trained(name, trust=trust)


def _is_local(name: str) -> bool:
    return Path(name).exists() or Path(f"{name}.former").exists() or bool(_FILES.search(name))


def _fetch(name: str) -> Path:
    """Return the folder in the cache of the Hub with the config and weights of a model."""
    hub = _require_hub()
    repository, _, revision = name.partition("@")
    try:
        config = hub.hf_hub_download(repository, CONFIG, revision=revision or None)
        folder = Path(config).parent
        hub.hf_hub_download(repository, WEIGHTS, revision=folder.name)  # of the same commit
    except Exception as error:  # whatever comes of a network
        raise CheckpointNotFoundError(
            f"there is no {name} here, and it can't be fetched from the Hub: {_reason(error)}"
        ) from error
    return folder


def _as_json(cfg: Config) -> str:
    with tempfile.TemporaryDirectory() as place:
        try:
            return cfg.dump(Path(place, CONFIG))
        except ConfigError as error:
            raise ConfigError(f"the config can't be data for others: {error}") from error


def _metrics_of(content: Mapping[str, Any]) -> dict[str, float]:
    """Return the last validation that a checkpoint knows of."""
    hub = content.get("message_hub")
    logged = hub.get("log_scalars") if isinstance(hub, Mapping) else None
    found = {}
    for name, history in (logged or {}).items():
        split, _, metric = name.partition("/")
        if split == "val" and metric not in ("time", "data_time") and len(history[0]):
            found[metric] = float(history[0][-1])
    return found


def _reason(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(lines[:2]) or type(error).__name__


def _require_hub() -> Any:
    try:
        import huggingface_hub  # deferred: seldom wanted
    except ImportError as error:
        raise ImportError(
            "the Hub needs the package huggingface_hub: pip install 'engine[hub]'"
        ) from error
    return huggingface_hub
