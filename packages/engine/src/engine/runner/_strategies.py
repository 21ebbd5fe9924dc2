"""Strategies: where and how a model runs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import nn

from engine.device import device_of, get_device
from engine.dist import (
    broadcast,
    get_local_rank,
    init_dist,
    is_distributed,
    is_sharded,
    tensor_to_cpu,
)
from engine.model import BaseModule, get_state_dict, unwrap, weights_to_cpu
from engine.registry import MODEL_WRAPPERS, STRATEGIES, needs_trust
from engine.registry.restrictions import COMPILES, STARTS_PROCESSES

DTYPES = {"fp16": torch.float16, "bf16": torch.bfloat16}
Compile = bool | Mapping[str, Any]


def autocast(
    device_type: str | None = None,
    dtype: torch.dtype | None = None,
    enabled: bool = True,
    cache_enabled: bool | None = None,
) -> torch.autocast:
    """Return a context, or a decorator, in which operations choose their precision.

    Args:
        device_type: The type of the device; None means that of the best one there is.
        dtype: The lower precision; None means float16 on CUDA devices, bfloat16 elsewhere.
        enabled: Whether to; False keeps the precision of the inputs, within another context too.
        cache_enabled: Whether weights in lower precision are kept for later use.
    """
    kind = device_type or get_device().partition(":")[0]
    lower = dtype or (torch.float16 if kind == "cuda" else torch.bfloat16)
    return torch.autocast(kind, lower, enabled=enabled, cache_enabled=cache_enabled)


@needs_trust(compile=COMPILES, launcher=STARTS_PROCESSES)
class BaseStrategy(ABC):
    """Where and how a model runs.

    Args:
        device: The device, or its type; None means the best there is.
        precision: `'bf16'` or `'fp16'` for mixed precision, in training as well as in validation
            and test, with a loss scale for fp16; None leaves the precision of the weights.
        compile: Whether `torch.compile` compiles the model; or its arguments, of which `target`
            names the method that is compiled, `'forward'` if it is not said.

    Attributes:
        device: The device.

    Raises:
        ValueError: If there is no such device or precision.
    """

    def __init__(
        self,
        device: str | None = None,
        precision: str | None = None,
        compile: Compile = False,
    ) -> None:
        if precision is not None and precision not in DTYPES:
            raise ValueError(f"precision is 'bf16', 'fp16' or None; got {precision!r}")
        self.device: torch.device = device_of(device or get_device())
        self.precision = precision
        self.compile = compile

    @abstractmethod
    def setup(self, dist_cfg: Mapping[str, Any]) -> None:
        """Join the other processes, before anything else of the run.

        Args:
            dist_cfg: Arguments of `engine.dist.init_dist`.
        """

    def building(self) -> AbstractContextManager[object]:
        """Return the context in which the model is built."""
        return nullcontext()

    @abstractmethod
    def prepare(self, model: nn.Module, wrapper_cfg: Mapping[str, Any] | None = None) -> nn.Module:
        """Return the model as it is to be run.

        Args:
            model: The model.
            wrapper_cfg: The config of a wrapper around it.
        """

    def init_weights(self, model: nn.Module) -> None:
        """Initialize the weights of a model that was prepared, the same in all processes.

        Args:
            model: The model.
        """
        if isinstance(own := unwrap(model), BaseModule):
            own.init_weights()

    def state_dict(self, model: nn.Module) -> dict[str, Any]:
        """Return the weights of a model that was prepared, in main memory, for a checkpoint.

        All processes call it together. Parameters that are sharded (`DTensor`) are whole in the
        first process, which saves them; in the others they are on the meta device.

        Args:
            model: The model.
        """
        return weights_to_cpu(get_state_dict(model))

    def optimizer_state(self, model: nn.Module, optim_wrapper: Any) -> dict[str, Any]:
        """Return the state of the optimizer of a model that was prepared, for a checkpoint.

        All processes call it together. What is sharded is whole in the first process, as in
        `state_dict`, so that a checkpoint is the same for any number of processes.

        Args:
            model: The model.
            optim_wrapper: The wrapper of its optimizer.
        """
        state: dict[str, Any] = _gather_shards(optim_wrapper.state_dict())
        return state

    def local_state(self, model: nn.Module, optim_wrapper: Any = None) -> dict[str, Any]:
        """Return weights and the state of the optimizer as this process has them, for a folder.

        Parameters that are sharded stay so: each process saves its shards. All processes call it
        together.

        Args:
            model: The model, prepared.
            optim_wrapper: The wrapper of its optimizer; None leaves out its state.
        """
        if not any(map(is_sharded, model.parameters())):
            state = {"state_dict": self.state_dict(model)}
            if optim_wrapper is not None:
                state["optimizer"] = self.optimizer_state(model, optim_wrapper)
            return state
        state = {"state_dict": get_state_dict(model)}
        if optim_wrapper is not None:
            state["optimizer"] = optim_wrapper.state_dict()
        return state

    def load_optimizer_state(
        self, model: nn.Module, optim_wrapper: Any, state: dict[str, Any]
    ) -> None:
        """Take over what `optimizer_state` returned.

        Args:
            model: The model.
            optim_wrapper: The wrapper of its optimizer.
            state: The state, which may be changed.
        """
        optim_wrapper.load_state_dict(state)

    def autocast(self) -> AbstractContextManager[object]:
        """Return the context in which the model predicts."""
        if self.precision is None:
            return nullcontext()
        return autocast(self.device.type, DTYPES[self.precision])

    def optim_wrapper_cfg(self, cfg: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the config of the optimizer wrapper that the precision needs.

        Args:
            cfg: The config of a wrapper.

        Raises:
            ValueError: If it is that of a wrapper with a precision of its own.
        """
        if self.precision is None:
            return cfg
        kind = cfg.get("type", "engine.OptimWrapper")
        name = kind if isinstance(kind, str) else kind.__name__
        if name.rpartition(".")[2] != "OptimWrapper":
            raise ValueError(
                f"the strategy has precision={self.precision!r}, for which it makes an "
                f"AmpOptimWrapper, and optim_wrapper is a {name}; set one of the two"
            )
        return {**cfg, "type": "engine.AmpOptimWrapper", "dtype": DTYPES[self.precision]}

    def _compile(self, model: nn.Module) -> nn.Module:
        """Compile a model in place, so that its state dict keeps its keys."""
        if self.compile is False or self.compile is None:
            return model
        options = {} if self.compile is True else dict(self.compile)
        target = options.pop("target", "forward")
        if target == "forward":
            model.compile(**options)
        else:
            setattr(model, target, torch.compile(getattr(model, target), **options))
        return model


@STRATEGIES.register_module()
class SingleDeviceStrategy(BaseStrategy):
    """The model runs on one device."""

    def setup(self, dist_cfg: Mapping[str, Any]) -> None:
        """Do nothing: there are no other processes.

        Args:
            dist_cfg: Not used.
        """

    def prepare(self, model: nn.Module, wrapper_cfg: Mapping[str, Any] | None = None) -> nn.Module:
        """Move the model to the device, and compile it if that was asked for.

        Args:
            model: The model.
            wrapper_cfg: Not used: a wrapper is for several processes.
        """
        return self._compile(model.to(self.device))


class DistributedStrategy(BaseStrategy):
    """What strategies for several processes share.

    Args:
        device: The type of the devices; None means the best there is.
        precision: As in `BaseStrategy`.
        compile: As in `BaseStrategy`.
        launcher: Who started the processes: `'pytorch'` (torchrun), `'slurm'` or `'mpi'`.
    """

    def __init__(
        self,
        device: str | None = None,
        precision: str | None = None,
        compile: Compile = False,
        launcher: str = "pytorch",
    ) -> None:
        super().__init__(device, precision, compile)
        self.launcher = launcher

    def setup(self, dist_cfg: Mapping[str, Any]) -> None:
        """Join the other processes.

        Args:
            dist_cfg: Arguments of `engine.dist.init_dist`.
        """
        backend = "gloo" if self.device.type == "cpu" else dist_cfg.get("backend", "nccl")
        if not is_distributed():
            init_dist(self.launcher, **{**dist_cfg, "backend": backend})
        if self.device.type == "cuda":
            self.device: torch.device = torch.device(
                "cuda", get_local_rank() % torch.cuda.device_count()
            )


@STRATEGIES.register_module()
class DDPStrategy(DistributedStrategy):
    """Each process has a copy of the model on a device of its own, and gradients are averaged.

    Args:
        device: The type of the devices; None means the best there is.
        precision: As in `BaseStrategy`.
        compile: As in `BaseStrategy`.
        launcher: Who started the processes: `'pytorch'` (torchrun), `'slurm'` or `'mpi'`.
    """

    def prepare(self, model: nn.Module, wrapper_cfg: Mapping[str, Any] | None = None) -> nn.Module:
        """Move the model to the device, compile it if that was asked for, and wrap it.

        Args:
            model: The model.
            wrapper_cfg: The config of the wrapper; None means `MMDistributedDataParallel`.
        """
        given: dict[str, Any] = {"type": "engine.MMDistributedDataParallel"}
        if self.device.type == "cuda":
            given["device_ids"] = [self.device.index]
        given["module"] = self._compile(model.to(self.device))
        return MODEL_WRAPPERS.build(wrapper_cfg or {}, default_args=given)

    @torch.no_grad()
    def init_weights(self, model: nn.Module) -> None:
        """Initialize the weights of a model that was prepared; all processes get the first's.

        Processes may have different seeds (`diff_rank_seed`), and the wrapper has shared the
        weights already.

        Args:
            model: The model.
        """
        super().init_weights(model)
        for parameter in model.parameters():
            if not is_sharded(parameter):  # by a subclass
                broadcast(parameter)


def _gather_shards(state: Any) -> Any:
    """Return a state in which sharded tensors are as `tensor_to_cpu` returns them."""
    if isinstance(state, Mapping):
        return {key: _gather_shards(value) for key, value in state.items()}
    if isinstance(state, (list, tuple)):
        return type(state)(map(_gather_shards, state))
    return tensor_to_cpu(state) if is_sharded(state) else state
