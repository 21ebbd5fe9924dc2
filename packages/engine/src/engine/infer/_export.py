"""Export of trained models: as ONNX, as a graph of torch, or as weights alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn

from engine.checkpoint import CheckpointError, export_weights
from engine.config import Config, ConfigError
from engine.fileio import atomic_write
from engine.registry import DefaultScope, scope_of
from engine.runner import load_weights, model_of, samples_of

from ._export_meta import metadata_of_graph, metadata_of_weights
from ._image import resize_image
from ._networks import Network, OnnxNetwork, Pt2Network, to_onnx, to_pt2, trace
from ._open import config_of, open_trained
from ._pretrained import save_pretrained
from ._pretrained_folder import PretrainedFolder
from ._trained import TrainedModel

FORMATS = ("onnx", "pt2", "safetensors", "pth", "hub")

_IMAGES = 8  # of the data, on which a graph is checked
_BATCHES = (1, 2, 3, _IMAGES)
_SIZES = 3
_TOLERANCE = 1e-4


class Export(NamedTuple):
    """What was exported.

    Attributes:
        path: The file.
        format: One of `FORMATS`.
        size: Of the file, in bytes.
        meta: The metadata in it.
        checked_on: How many images the graph was checked on, and what they were; None for weights.
        difference: The largest difference between its outputs and those of the model.
        note: What the user should know.
    """

    path: Path
    format: str
    size: int
    meta: Mapping[str, Any]
    checked_on: str | None = None
    difference: float | None = None
    note: str | None = None


def export_model(
    checkpoint: str | Path | TrainedModel,
    out: str | Path,
    config: str | Path | Config | None = None,
    *,
    format: str | None = None,
    shape: Sequence[int] | None = None,
    any_size: bool | None = None,
    trust: bool = False,
) -> Export:
    """Write a trained model to a file that needs no training code.

    As `onnx` and `pt2` it is a graph from a batch of images, as the pipeline of the test data gives
    them, to outputs. The data preprocessor is in the graph. It is run, by onnxruntime or torch, on
    images of the data in batches of several sizes; its outputs differ from those of the model by at
    most 1e-4, or 1e-4 of the largest output. As `safetensors` and `pth` it is the weights, as
    `hub` the folder of `save_pretrained`.

    Args:
        checkpoint: The checkpoint.
        out: The file, or the folder.
        config: The config of the run; None means that in the checkpoint.
        format: `'onnx'`, `'pt2'`, `'safetensors'`, `'pth'` or `'hub'`; None means the suffix of
            `out`.
        shape: Channels, height and width of an input; None means those of the data.
        any_size: Whether the graph takes images of any height and width. None means that it does if
            the images of the data differ in size and the model can.
        trust: Whether the config is trusted as code would be.

    Raises:
        ImportError: If a package for the format is missing.
        CheckpointError: If the checkpoint can't be read, or is of another model.
        ConfigError: If the config can't be read, or has no model.
        ValueError: If there is no such format, or the model can't be exported, or the graph gives
            other outputs. Nothing is written then.
    """
    path = Path(out)
    kind = _format_of(path, format)
    trained = open_trained(checkpoint)
    if path.resolve() == Path(str(trained)).resolve():
        raise ValueError(f"{path} is the checkpoint itself; give the new file another name")
    if kind == "hub":
        save_pretrained(trained, path, config, trust=trust)
        made = PretrainedFolder(path)
        return Export(path, kind, sum(each.stat().st_size for each in path.iterdir()), made.meta)
    if kind in ("safetensors", "pth"):
        given = config is not None
        known = config_of(config, trained, trust=trust) if given else _config_in(trained, trust)
        meta = metadata_of_weights(trained, known)
        export_weights(trained.name, path, meta)
        return Export(path, kind, path.stat().st_size, meta)
    cfg = config_of(config, trained, trust=trust)
    with DefaultScope.overwrite_default_scope(scope_of(cfg)):
        return _export_graph(trained, cfg, path, kind, shape, any_size)


def _format_of(path: Path, given: str | None) -> str:
    """Return the format of a file, which its suffix says too: it is read by it again."""
    suffix = path.suffix.removeprefix(".")
    named = "pth" if suffix == "pt" else suffix
    kind = named if given is None else given
    if kind not in FORMATS:
        raise ValueError(f"the format is {', '.join(FORMATS[:-1])} or {FORMATS[-1]}; got {kind!r}")
    if kind != named and (kind != "hub" or named in FORMATS):
        what = "a folder for the Hub has no such suffix" if kind == "hub" else f"use .{kind}"
        raise ValueError(f"the format is {kind}, and the new file is called {path.name}; {what}")
    return kind


def _config_in(trained: TrainedModel, trust: bool) -> Config | None:
    """Return the config in a checkpoint, if there is one that is data."""
    try:
        return trained.config(trust) if trained.has_config else None
    except ConfigError:
        return None


class _Graph(nn.Module):
    """A model as it is exported."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Return the outputs by name."""
        return cast("dict[str, Tensor]", self.model.export_forward(images))


def _export_graph(
    trained: TrainedModel,
    cfg: Config,
    path: Path,
    kind: str,
    shape: Sequence[int] | None,
    any_size: bool | None,
) -> Export:
    model = model_of(cfg)
    if not hasattr(model, "export_forward"):
        raise ValueError(
            f"{type(model).__name__} can't be exported: it is no engine.model.BaseModel, whose "
            "export_forward says what to export"
        )
    load_weights(model, trained.read(), str(trained), strict=True)
    graph = _Graph(model).eval()
    images, source = _images(cfg, shape)
    sizes = [*dict.fromkeys(tuple(each.shape[-2:]) for each in images)][:_SIZES]
    wanted = len(sizes) > 1 if any_size is None else any_size
    note = None
    if wanted:
        if len(sizes) == 1:
            sizes.append((2 * sizes[0][0], sizes[0][1]))
        try:
            content, meta, worst = _made(graph, images, sizes, kind, trained, cfg)
        except ValueError as error:
            if any_size:
                raise
            wanted, note = False, f"images of one size only: {error}"
    if not wanted:
        content, meta, worst = _made(graph, images, sizes[:1], kind, trained, cfg)
    with atomic_write(path) as file:
        file.write(content)
    return Export(path, kind, len(content), meta, f"{len(images)} {source}", worst, note)


def _images(cfg: Config, shape: Sequence[int] | None) -> tuple[list[Tensor], str]:
    """Return images as the pipeline gives them, and what they are."""
    try:
        samples = samples_of(cfg, _IMAGES)
        images = [each["inputs"] for each in samples]
        if not all(isinstance(each, Tensor) and each.ndim == 3 for each in images):
            raise ConfigError("their inputs are no images (C, H, W)")
    except (ConfigError, ImportError, OSError, KeyError, TypeError) as error:
        if shape is None:
            raise ValueError(
                f"the data can't be read ({error}), so that the shape of an input is not known: "
                "--shape 3,224,224 says it"
            ) from error
        noise = torch.randint(0, 256, (_IMAGES, *shape), generator=torch.Generator().manual_seed(0))
        return [*noise.to(torch.uint8)], "random images, since the data can't be read"
    if shape is not None:
        if images[0].shape[0] != shape[0]:
            raise ValueError(f"the data have {images[0].shape[0]} channels, not {shape[0]}")
        images = [resize_image(each, shape[1:]) for each in images]
    return images, "images of the data"


def _made(
    graph: _Graph,
    images: Sequence[Tensor],
    sizes: Sequence[Sequence[int]],
    kind: str,
    trained: TrainedModel,
    cfg: Config,
) -> tuple[bytes, dict[str, Any], float]:
    """Return the file, its metadata, and the largest difference of its outputs."""
    any_size = len(sizes) > 1
    example = _batch(images, sizes[0], 2)
    model = type(graph.model).__name__
    try:
        with torch.no_grad():
            outputs = graph(example)
        program = trace(graph, example, any_size=any_size)
        meta = metadata_of_graph(trained, cfg, graph.model, example, outputs, any_size)
        text = json.dumps(meta)
        content = to_onnx(program, [*outputs], text) if kind == "onnx" else to_pt2(program, text)
    except (ImportError, ConfigError):
        raise
    except Exception as error:  # whatever code of a model and torch raise
        what = str(error).strip().partition("\n")[0] or type(error).__name__
        raise ValueError(f"{model} can't be exported as {kind}: {what}") from error
    network: Network = (OnnxNetwork if kind == "onnx" else Pt2Network)(
        content, torch.device("cpu"), f"the {kind} file"
    )
    return content, meta, _compare(graph, network, images, sizes, kind)


def _compare(
    graph: _Graph,
    network: Network,
    images: Sequence[Tensor],
    sizes: Sequence[Sequence[int]],
    kind: str,
) -> float:
    """Return the largest difference between the outputs of a graph and those of its model."""
    worst = 0.0
    for batch in _batches(images, sizes):
        with torch.no_grad():
            expected = graph(batch)
        try:
            found = network(batch)
        except CheckpointError as error:
            raise ValueError(str(error).strip().partition("\n")[0]) from error
        for name, value in expected.items():
            difference = float((found[name].float() - value.float()).abs().max())
            if not difference <= _TOLERANCE * max(1.0, float(value.abs().max())):
                raise ValueError(
                    f"the {kind} file gives other {name} for a batch of {_told(batch)}: they "
                    f"differ by {difference:.2g}"
                )
            worst = max(worst, difference)
    return worst


def _batches(images: Sequence[Tensor], sizes: Sequence[Sequence[int]]) -> Iterator[Tensor]:
    for size in sizes:
        for count in _BATCHES if size is sizes[0] else _BATCHES[:2]:
            yield _batch(images, size, count)


def _batch(images: Sequence[Tensor], size: Sequence[int], count: int) -> Tensor:
    """Return so many images in one size; there may be fewer, which then come again."""
    chosen = [images[index % len(images)] for index in range(count)]
    same = [each if each.shape[-2:] == tuple(size) else resize_image(each, size) for each in chosen]
    return torch.stack(same)


def _told(batch: Tensor) -> str:
    return "×".join(map(str, batch.shape))
