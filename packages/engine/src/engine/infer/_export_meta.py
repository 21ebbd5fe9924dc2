"""What an exported file says of its model: classes, pre-processing, outputs, config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from engine import __version__
from engine.config import Config
from engine.registry import RegistryError

from ._dataset_meta import dataset_meta_of, test_dataset_of
from ._networks import INPUT
from ._trained import TrainedModel

_FACTS = ("epoch", "iter", "experiment_name")


def metadata_of_weights(trained: TrainedModel | None, cfg: Config | None) -> dict[str, Any]:
    """Return what is known of a model, as plain data.

    Args:
        trained: The checkpoint, if there is one.
        cfg: The config; without one, only a few facts of the training are known.
    """
    of_training: Mapping[str, Any] = {} if trained is None else trained.meta
    facts = {key: of_training[key] for key in _FACTS if key in of_training}
    if cfg is None:
        return _plain(facts)
    known = of_training.get("dataset_meta")
    meta: dict[str, Any] = {**facts, "engine_version": __version__, **_preprocessing(cfg)}
    try:
        meta["classes"] = dataset_meta_of(cfg, known).get("classes")
    except (RegistryError, ValueError):  # its library is not needed for weights, nor are test data
        meta["classes"] = known.get("classes") if isinstance(known, Mapping) else None
    return _plain({**meta, "dataset_meta": known, "cfg": cfg.pretty_text})


def metadata_of_graph(
    trained: TrainedModel,
    cfg: Config,
    model: Any,
    images: Tensor,
    outputs: Mapping[str, Tensor],
    any_size: bool,
) -> dict[str, Any]:
    """Return what is known of a graph, as plain data.

    Args:
        trained: The checkpoint.
        cfg: The config.
        model: The model.
        images: An example of its input.
        outputs: What it gives for that.
        any_size: Whether height and width of the images may change.
    """
    sides = images.shape[-2:]
    told = ("H", "W") if any_size else sides
    return {
        **metadata_of_weights(trained, cfg),
        "input": {"name": INPUT, "shape": ["N", images.shape[1], *told], "dtype": _name(images)},
        "outputs": {
            name: {
                "shape": ["N", *_shape_of(each, sides, told)],
                "dtype": _name(each),
                "what": model.exported_outputs.get(name, "what a head of this name gives"),
            }
            for name, each in outputs.items()
        },
    }


def _shape_of(value: Tensor, sides: Sequence[int], told: Sequence[int | str]) -> list[Any]:
    """Return the shape of an output without the batch; that of a map is told as the input's is."""
    is_map = value.ndim == 4 and value.shape[-2:] == sides
    return [value.shape[1], *told] if is_map else [*value.shape[1:]]


def _plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {str(key): plain(each) for key, each in facts.items()}


def plain(value: Any) -> Any:
    """Return a value as JSON holds it; objects become their text."""
    if isinstance(value, Mapping):
        return _plain(value)
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return plain(value.tolist()) if hasattr(value, "tolist") else str(value)


def _preprocessing(cfg: Config) -> dict[str, Any]:
    whole = cfg.to_dict()
    model = whole.get("model", {})
    try:
        pipeline = test_dataset_of(whole).get("pipeline")
    except ValueError:
        pipeline = None
    return {
        "pipeline": pipeline,
        "inferencer": whole.get("inferencer"),
        "data_preprocessor": model.get("data_preprocessor") or whole.get("data_preprocessor"),
    }


def _name(value: Tensor) -> str:
    return str(value.dtype).removeprefix("torch.")
