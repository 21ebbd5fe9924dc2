"""Fully sharded data parallelism (FSDP2), with replicas and tensor parallelism."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.nn.modules.batchnorm import _BatchNorm

from engine.dist import (
    broadcast,
    broadcast_object_list,
    get_world_size,
    is_distributed,
    is_main_process,
    local_tensor,
    set_data_copies,
    shard_like,
)
from engine.logging import get_logger
from engine.model import find_modules, random_state, restore_random_state
from engine.registry import STRATEGIES
from engine.utils import check_types, did_you_mean

from ._strategies import DTYPES, Compile, DistributedStrategy

_MESH = {"replicate": 1, "shard": -1, "tensor": 1}
_ENTRIES = ("extract_feat", "logits", "loss", "predict", "scores")
_TENSOR_STYLES = {"colwise": "ColwiseParallel", "rowwise": "RowwiseParallel"}


@STRATEGIES.register_module()
class FSDPStrategy(DistributedStrategy):
    """Each process keeps a share of the parameters, of their gradients and of the optimizer.

    The parameters of a unit are gathered for its forward and its backward pass, and let go behind
    it (FSDP2, `torch.distributed.fsdp.fully_shard`). The model is changed in place: there is no
    wrapper. Checkpoints are those of one process.

    A model may have a method `parallelize(mesh)`, which makes it tensor parallel along
    `mesh['tensor']` and returns the modules that are units. Where `shard` is not given, it is used.

    With gradient accumulation, the gradients of each iteration are reduced, so that a process keeps
    its share of them only.

    Args:
        shard: The names of the modules that are units, or patterns of them in which `*` stands for
            any text without a dot: `['backbone.layer*', 'head']`. What is in none of them makes up
            a unit. None means what `parallelize` of the model returns.
        mesh: How many processes there are along each dimension, one of which may be -1, which is
            what is left: `shard`, over which parameters are sharded; `replicate`, the number of
            such groups, which have the same parameters (HSDP); `tensor`, the number of neighbors
            that compute a batch together.
        tensor_plan: Linear layers and embeddings that are split where `mesh` has `tensor`, by
            names or patterns: `{'backbone.layer*.fc1': 'colwise', 'backbone.layer*.fc2':
            'rowwise'}`. A pair of these needs one reduction.
        precision: As in `BaseStrategy`. Parameters are gathered in it, but for those of batch
            normalization, and gradients are reduced in float32. What the model returns is float32.
        init: `'rank0'`: each process builds the model in main memory, and all get the weights of
            the first. `'meta'`: only the first builds it so, the others without memory, on the meta
            device; not every model can be built there.
        entries: The methods, beside `forward`, that are called from outside of a unit or of the
            model and use its parameters, as those of heads do. Others would find shares of them.
        device: The type of the devices; None means the best there is.
        compile: As in `BaseStrategy`; each unit is compiled by itself.
        launcher: Who started the processes: `'pytorch'` (torchrun), `'slurm'` or `'mpi'`; the
            launcher of the run if it has one. `'none'` is one process, in which nothing is sharded.

    Raises:
        ValueError: If there is no such dimension, style, precision or way to begin.
    """

    @check_types
    def __init__(
        self,
        shard: Sequence[str] | str | None = None,
        mesh: Mapping[str, int] | None = None,
        tensor_plan: Mapping[str, str] | None = None,
        precision: str | None = None,
        init: str = "rank0",
        entries: Sequence[str] = _ENTRIES,
        device: str | None = None,
        compile: Compile = False,
        launcher: str = "none",
    ) -> None:
        super().__init__(device, precision, compile, launcher)
        if init not in ("rank0", "meta"):
            raise ValueError(f"FSDPStrategy: init is 'rank0' or 'meta'; got {init!r}")
        for name in mesh or {}:
            if name not in _MESH:
                known = ", ".join(_MESH)
                raise ValueError(
                    f"FSDPStrategy: mesh has {known}; got {name!r}{did_you_mean(name, _MESH)}"
                )
        for style in (tensor_plan or {}).values():
            if style not in _TENSOR_STYLES:
                raise ValueError(
                    f"FSDPStrategy: tensor_plan says 'colwise' or 'rowwise'; got {style!r}"
                )
        self.shard = shard
        self.mesh_sizes: dict[str, int] = {**_MESH, **(mesh or {})}
        self.tensor_plan: Mapping[str, str] = tensor_plan or {}
        self.init = init
        self.entries = entries
        self.mesh: Any = None

    def setup(self, dist_cfg: Mapping[str, Any]) -> None:
        """Join the other processes, and arrange them in a mesh.

        Args:
            dist_cfg: Arguments of `engine.dist.init_dist`.

        Raises:
            ValueError: If the mesh is one of another number of processes.
        """
        if self.launcher == "none" and not is_distributed():
            get_logger().warning("FSDPStrategy: there is one process, in which nothing is sharded")
            return
        super().setup(dist_cfg)
        sizes = _infer(self.mesh_sizes, get_world_size())
        names = tuple(sizes)
        self.mesh = init_device_mesh(self.device.type, tuple(sizes.values()), mesh_dim_names=names)
        set_data_copies(sizes["tensor"])

    @contextmanager
    def building(self) -> Iterator[None]:
        """Let the model be built, on the meta device if `init` says so and this is not the first.

        Raises:
            RuntimeError: If it can't be built there.
        """
        if self.mesh is None or self.init == "rank0" or is_main_process():
            yield
            return
        try:
            with torch.device("meta"):
                yield
        except (RuntimeError, NotImplementedError) as error:
            if "meta" not in str(error):
                raise
            raise RuntimeError(
                f"the model can't be built on the meta device: {error}; set strategy.init='rank0'"
            ) from error

    def prepare(self, model: nn.Module, wrapper_cfg: Mapping[str, Any] | None = None) -> nn.Module:
        """Initialize the model, compile its units if that was asked for, and shard it.

        Args:
            model: The model, which is changed in place.
            wrapper_cfg: Nothing, but for `find_unused_parameters`, whether some processes may not
                use a parameter that others use.

        Raises:
            ValueError: If there is a wrapper, no module fits a pattern, or nothing says how the
                model is tensor parallel.
        """
        if self.mesh is None:
            return self._compile(model.to(self.device))
        options = wrapper_cfg or {}
        if options.keys() - {"find_unused_parameters"}:
            raise ValueError(
                "FSDPStrategy shards the model in place, without a wrapper: leave out "
                "model_wrapper_cfg"
            )
        if self.init == "rank0" or is_main_process():
            super().init_weights(model)  # whole ones: sharded ones would draw other numbers
        if self.init == "meta":
            _share_random_state()
        weights = _move_to_meta(model)
        units = self._parallelize(model)
        for unit in units or [model]:
            self._compile(unit)
        root = self._shard(model, units)
        if options.get("find_unused_parameters"):
            if not hasattr(root, "set_reduce_scatter_unused_params"):
                raise ValueError(
                    f"FSDPStrategy has no find_unused_parameters in torch {torch.__version__}"
                )
            root.set_reduce_scatter_unused_params(True)
        model.to_empty(device=self.device)
        _fill(model, weights, self.device)
        # The first that runs would be the root, and a model may run a part of it first.
        root._get_fsdp_state()._lazy_init()
        for unit in (*units, model):
            _gather_in(unit, self.entries)
        return model

    def init_weights(self, model: nn.Module) -> None:
        """Do nothing: `prepare` has initialized the weights while they were whole.

        Args:
            model: The model.
        """
        if self.mesh is None:
            super().init_weights(model)

    def _parallelize(self, model: nn.Module) -> list[nn.Module]:
        """Make the model tensor parallel where that was asked for, and return its units."""
        own: Any = getattr(model, "parallelize", None)
        name = type(model).__name__
        if own is not None and self.shard is None and not self.tensor_plan:
            return list(own(self.mesh))
        if self.mesh["tensor"].size() > 1:
            if not self.tensor_plan:
                raise ValueError(
                    f"strategy.mesh: tensor={self.mesh['tensor'].size()} needs "
                    f"strategy.tensor_plan, or a method parallelize(mesh) of {name}"
                )
            self._split(model)
        if not self.shard:
            get_logger().warning(
                "FSDPStrategy: %s is one unit, so that each process gathers all of it; strategy."
                "shard=[...] names smaller ones",
                name,
            )
        return list(find_modules(model, self.shard or ()).values())

    def _split(self, model: nn.Module) -> None:
        from torch.distributed.tensor import parallel  # deferred: it takes a while

        for pattern, style in self.tensor_plan.items():
            for module in find_modules(model, pattern).values():
                plan = getattr(parallel, _TENSOR_STYLES[style])()
                parallel.parallelize_module(module, self.mesh["tensor"], plan)

    def _shard(self, model: nn.Module, units: Iterable[nn.Module]) -> Any:
        from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard  # deferred as well

        has_replicas = self.mesh["replicate"].size() > 1
        mesh = self.mesh["replicate", "shard"] if has_replicas else self.mesh["shard"]
        policy = root_policy = MixedPrecisionPolicy()
        chosen = {id(unit) for unit in units} - {id(model)}
        if self.precision is not None:
            lower = DTYPES[self.precision]
            policy = MixedPrecisionPolicy(lower, torch.float32)
            # The inputs of the root are data and labels, which autocast converts where it should.
            root_policy = MixedPrecisionPolicy(lower, torch.float32, torch.float32, False)
            # The kernels of batch norm want parameters in the precision of the running statistics.
            norms: list[nn.Module] = [
                each for each in model.modules() if isinstance(each, _BatchNorm)
            ]
            chosen -= {id(norm) for norm in norms}
            if norms:
                fully_shard(norms, mesh=mesh)
        for module in reversed([*model.modules()]):  # from within
            if id(module) in chosen:
                fully_shard(module, mesh=mesh, mp_policy=policy)
        return fully_shard(model, mesh=mesh, mp_policy=root_policy)


def _infer(sizes: Mapping[str, int], processes: int) -> dict[str, int]:
    """Return the sizes of a mesh, of which one may be left open.

    Raises:
        ValueError: If they don't multiply to the number of processes.
    """
    said = ", ".join(f"{name}={size}" for name, size in sizes.items())
    unknown = [name for name, size in sizes.items() if size == -1]
    if len(unknown) > 1 or any(size < 1 for size in sizes.values() if size != -1):
        raise ValueError(
            f"strategy.mesh: sizes are at least 1, and one of them may be -1; got {said}"
        )
    product = math.prod(size for size in sizes.values() if size != -1)
    if processes % product or (not unknown and product != processes):
        many = "a multiple of " if unknown else ""
        raise ValueError(
            f"strategy.mesh: {said} is a mesh of {many}{product} processes, and there are "
            f"{processes}"
        )
    return {**sizes, **dict.fromkeys(unknown, processes // product)}


def _share_random_state() -> None:
    """Let processes with the seed of the first go on with its generators, as if they had drawn."""
    first: list[Any] = [(torch.initial_seed(), random_state())]
    broadcast_object_list(first)
    seed, state = first[0]
    if seed == torch.initial_seed() and not is_main_process():
        state.pop("device", None)  # of which nothing was drawn
        restore_random_state(state)


def _tensors(model: nn.Module) -> Iterator[tuple[str, Tensor]]:
    return chain(model.named_parameters(), model.named_buffers())


def _move_to_meta(model: nn.Module) -> dict[str, Tensor]:
    """Put tensors without values in the place of those of a model, and return those by name.

    Unlike `model.to('meta')` it keeps tied parameters tied.
    """
    tensors = {name: tensor.detach() for name, tensor in _tensors(model)}
    moved: dict[int, Tensor] = {}
    kept = []  # so that no id is used again
    for module in model.modules():
        stores: list[dict[str, Any]] = [module._parameters, module._buffers]
        for store in stores:
            for name, tensor in store.items():
                if tensor is None:
                    continue
                kept.append(tensor)
                if id(tensor) not in moved:
                    empty = torch.empty(tensor.shape, dtype=tensor.dtype, device="meta")
                    moved[id(tensor)] = (
                        nn.Parameter(empty, tensor.requires_grad)
                        if isinstance(tensor, nn.Parameter)
                        else empty
                    )
                store[name] = moved[id(tensor)]
    return tensors if is_main_process() else {}


@torch.no_grad()
def _fill(model: nn.Module, tensors: Mapping[str, Tensor], device: torch.device) -> None:
    """Give a model the tensors that the first process has."""
    for name, tensor in _tensors(model):
        if is_main_process():
            whole = tensors[name].to(device).contiguous()
        else:
            whole = torch.empty(tensor.shape, dtype=tensor.dtype, device=device)
        broadcast(whole)
        local_tensor(tensor).copy_(local_tensor(shard_like(whole, tensor)))


def _gather_in(unit: nn.Module, names: Iterable[str]) -> None:
    """Let the parameters of a unit be gathered for methods of it as they are for `forward`."""
    from torch.distributed.fsdp import register_fsdp_forward_method  # deferred: it takes a while

    found = [name for name in names if callable(getattr(unit, name, None))]
    if not found:
        return
    inside = [0]  # how many of the methods are running, one of them within another

    def enter(*_: Any) -> None:
        inside[0] += 1

    def leave(*_: Any) -> None:
        inside[0] -= 1

    def gather_in(name: str) -> None:
        plain = getattr(unit, name)
        register_fsdp_forward_method(unit, name)
        gathering = getattr(unit, name)

        @functools.wraps(plain)
        def method(*args: Any, **kwargs: Any) -> Any:
            if inside[0]:
                return plain(*args, **kwargs)
            enter()
            try:
                return gathering(*args, **kwargs)
            finally:
                leave()

        setattr(unit, name, method)

    unit.register_forward_pre_hook(enter)
    unit.register_forward_hook(leave, always_call=True)
    for name in found:
        gather_in(name)
