"""Models as graphs: writing them as ONNX or PT2, reading and running them."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import Tensor, nn

from engine.checkpoint import CheckpointError

if TYPE_CHECKING:
    from torch.export import ExportedProgram

INPUT = "images"
META = "meta"
"""The entry of a file under which its metadata are, as JSON."""

_MOST_ONNX = 2**31 - 1  # bytes of a protobuf
_DIMENSIONS = ("N", "C", "H", "W")


class Network(Protocol):
    """A model that was read from a file."""

    def __call__(self, images: Tensor) -> dict[str, Tensor]:
        """Return its outputs by name for a batch of images."""


def trace(module: nn.Module, images: Tensor, *, any_size: bool) -> ExportedProgram:
    """Return the graph of a module that takes a batch of images and gives tensors by name.

    Args:
        module: The module.
        images: An example `(N, C, H, W)`, of more than one image. Any number of them may follow.
        any_size: Whether height and width may change too.
    """
    dynamic = torch.export.Dim.DYNAMIC
    shape = {0: dynamic, 2: dynamic, 3: dynamic} if any_size else {0: dynamic}
    with torch.no_grad(), _silent():
        program = torch.export.export(module, (images,), dynamic_shapes=(shape,))
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)  # which names files of this machine
    return program


def to_onnx(program: ExportedProgram, names: list[str], meta: str) -> bytes:
    """Return a graph as an ONNX file.

    Args:
        program: The graph.
        names: The names of its outputs.
        meta: The metadata.

    Raises:
        ImportError: If a package is missing.
        ValueError: If the file would be larger than ONNX files may be.
    """
    _require_onnx()
    with _silent():
        made: Any = torch.onnx.export(
            program, dynamo=True, input_names=[INPUT], output_names=names, verbose=False
        )
        proto = made.model_proto
    for node in proto.graph.node:
        del node.metadata_props[:]
    _name_dimensions(proto.graph)
    proto.metadata_props.add(key=META, value=meta)
    if proto.ByteSize() > _MOST_ONNX:
        raise ValueError("an ONNX file holds 2 GB at most, and this model has more; use pt2")
    content: bytes = proto.SerializeToString()
    return content


def to_pt2(program: ExportedProgram, meta: str) -> bytes:
    """Return a graph as a file of `torch.export.save`.

    Args:
        program: The graph.
        meta: The metadata.
    """
    buffer = io.BytesIO()
    program.example_inputs = None  # images of the user's
    with _silent():
        torch.export.save(program, buffer, extra_files={META: meta})
    return buffer.getvalue()


def read_onnx_meta(path: Path) -> str | None:
    """Return the metadata of an ONNX file, or None if it has none.

    Raises:
        ImportError: If a package is missing.
        CheckpointError: If it is no such file.
    """
    found: Mapping[str, str] = _session(path.read_bytes(), path).get_modelmeta().custom_metadata_map
    return found.get(META)


def read_pt2_meta(path: Path) -> str | None:
    """Return the metadata of a PT2 file, or None if it has none. Nothing else in it is read.

    Raises:
        CheckpointError: If it is no such file.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            ending = f"/extra/{META}"
            name = next((each for each in archive.namelist() if each.endswith(ending)), None)
            return None if name is None else archive.read(name).decode()
    except (zipfile.BadZipFile, ValueError) as error:
        raise CheckpointError(f"{path} is no exported model, or was cut short") from error


class OnnxNetwork:
    """An ONNX file in onnxruntime.

    Args:
        content: The file.
        device: Where it runs; on a GPU only if the installed onnxruntime can.
        name: What errors call it.

    Raises:
        ImportError: If a package is missing.
        CheckpointError: If it is no such file.
    """

    def __init__(self, content: bytes, device: torch.device, name: str | Path) -> None:
        self._session = _session(content, name, device)
        self._names = [each.name for each in self._session.get_outputs()]
        self._name = name

    def __call__(self, images: Tensor) -> dict[str, Tensor]:
        """Return its outputs by name for a batch of images."""
        given = {INPUT: images.cpu().contiguous().numpy()}
        try:
            found = self._session.run(None, given)
        except Exception as error:  # whatever is in the file
            raise CheckpointError(f"{self._name} can't predict {_told(images)}: {error}") from error
        return {name: torch.from_numpy(each) for name, each in zip(self._names, found, strict=True)}


class Pt2Network:
    """A PT2 file in torch. Reading it may run code that is in it.

    Args:
        content: The file.
        device: Where it runs.
        name: What errors call it.

    Raises:
        CheckpointError: If it is no such file.
    """

    def __init__(self, content: bytes, device: torch.device, name: str | Path) -> None:
        from torch.export.passes import move_to_device_pass  # deferred: slow to import

        try:
            with _silent():
                program = torch.export.load(io.BytesIO(content))
                if device.type != "cpu":
                    program = move_to_device_pass(program, device)
        except Exception as error:  # whatever is in the file
            raise CheckpointError(f"{name} is no exported model, or was cut short") from error
        self._module = program.module()
        self._name = name
        self._device = device

    def __call__(self, images: Tensor) -> dict[str, Tensor]:
        """Return its outputs by name for a batch of images."""
        try:
            with torch.no_grad():
                found: dict[str, Tensor] = self._module(images.to(self._device))
        except Exception as error:  # whatever is in the file
            raise CheckpointError(f"{self._name} can't predict {_told(images)}: {error}") from error
        return found


def _told(images: Tensor) -> str:
    return f"a batch of {'×'.join(map(str, images.shape))}"


def _session(content: bytes, name: str | Path, device: torch.device | None = None) -> Any:
    runtime = _require_runtime()
    options = runtime.SessionOptions()
    options.log_severity_level = 4  # errors are raised anyway
    wanted = ["CPUExecutionProvider"]
    if device is not None and device.type == "cuda":
        wanted.insert(0, "CUDAExecutionProvider")
    providers = [each for each in wanted if each in runtime.get_available_providers()]
    try:
        return runtime.InferenceSession(content, options, providers=providers)
    except Exception as error:  # whatever is in the file
        raise CheckpointError(f"{name} is no ONNX model, or was cut short") from error


def _name_dimensions(graph: Any) -> None:
    """Call the sizes that may change as they are called in the documentation."""
    dims = graph.input[0].type.tensor_type.shape.dim
    names = {
        dim.dim_param: letter
        for dim, letter in zip(dims, _DIMENSIONS, strict=True)
        if dim.dim_param
    }
    for value in (*graph.input, *graph.output, *graph.value_info):
        del value.metadata_props[:]
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param in names:
                dim.dim_param = names[dim.dim_param]


def _require_onnx() -> None:
    try:
        import onnx  # noqa: F401  # deferred: seldom wanted; whether they are there
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "an export to ONNX needs the packages onnx and onnxscript: pip install 'engine[onnx]'"
        ) from error


def _require_runtime() -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise ImportError(
            "models of ONNX need the package onnxruntime: pip install 'engine[onnx]'"
        ) from error
    return onnxruntime


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Keep what the exporters of torch print, log and warn of from the user."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
