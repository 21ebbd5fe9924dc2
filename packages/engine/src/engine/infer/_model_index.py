"""The index of models that a library ships, with their configs and weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from engine.config import package_folder
from engine.fileio import load

_MIM = ".mim"  # the folder of an installed library with its index and the configs that it names


class KnownModel(NamedTuple):
    """A model of an index.

    Attributes:
        name: Its name.
        config: The config of the run that trained it, `package::path`.
        weights: Where its weights are, if the index says so.
    """

    name: str
    config: str
    weights: str | None


def find_model(name: str, package: str) -> KnownModel | None:
    """Return a model of the index of an installed library, or None.

    Args:
        name: The name of the model, or its config as `package::path`.
        package: The library, which is not imported.
    """
    return next((each for each in iter_models(package) if name in (each.name, each.config)), None)


def iter_models(package: str) -> Iterator[KnownModel]:
    """Yield the models of the index of an installed library; none if it has no index."""
    home = package_folder(package)
    index = None if home is None else Path(home) / _MIM / "model-index.yml"
    if index is None or not index.is_file():
        return
    for file in load(index)["Import"]:
        described = load(index.parent / file)
        models = described.get("Models", ()) if isinstance(described, Mapping) else described
        for model in models or ():
            if "Config" in model:
                yield _read(model, package)


def _read(model: Mapping[str, Any], package: str) -> KnownModel:
    path = str(model["Config"]).removeprefix("configs/")
    return KnownModel(str(model["Name"]), f"{package}::{path}", model.get("Weights"))
