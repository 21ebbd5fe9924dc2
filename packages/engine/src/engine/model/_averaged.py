"""Averaged models: EMA and others."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor, nn

from engine.dist import is_sharded, local_tensor, reshard
from engine.logging import get_logger
from engine.registry import MODELS
from engine.utils import check_types

# The slot of a tensor in a module, so that one which was replaced is found again.
_Slot = tuple[dict[str, Any], str]


class BaseAveragedModel(nn.Module, ABC):
    """A copy of a model whose parameters are an average over training.

    The first update copies the weights. Tensors that are not floating point are always copied. Of a
    model whose parameters are sharded, each process averages its part; that average can't be run,
    but its weights can take the place of the model's.

    Args:
        model: The model; the average begins with a copy of it.
        interval: How many updates lie between two that count.
        device: Where the copy is kept; None means where the model is.
        update_buffers: Whether buffers are averaged too; else they are those of the model.

    Attributes:
        module: The copy.
        steps: How many updates there were.

    Raises:
        ValueError: If `interval` is less than 1.
    """

    module: nn.Module
    steps: Tensor

    @check_types
    def __init__(
        self,
        model: nn.Module,
        interval: int = 1,
        device: torch.device | str | None = None,
        update_buffers: bool = False,
    ) -> None:
        super().__init__()
        if interval < 1:
            raise ValueError(f"{type(self).__name__}: interval is at least 1; got {interval}")
        self.module = _copy(model).requires_grad_(False)
        if device is not None:
            self.module.to(device)
        self.interval = interval
        self.update_buffers = update_buffers
        # On the host wherever the model is: to read it must not make the host wait.
        self.register_buffer("steps", torch.zeros((), dtype=torch.long, device="cpu"))
        self._paired: _Pairs | None = None

    @abstractmethod
    def avg_func(self, averaged_param: Tensor, source_param: Tensor, steps: int) -> None:
        """Let a tensor of the model count in its average, in place.

        Args:
            averaged_param: The average.
            source_param: The tensor of the model, on the same device.
            steps: How many updates there were before; at least 1.
        """

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Do as the model does, with the averaged weights."""
        return self.module(*args, **kwargs)

    @torch.no_grad()
    def update_parameters(self, model: nn.Module) -> None:
        """Let the present weights of a model count.

        Args:
            model: The model.

        Raises:
            ValueError: If it has other parameters than the copy.
        """
        steps = int(self.steps)
        averaged, sources, copies, originals = self._pairs(model).tensors(self.update_buffers)
        if steps == 0:
            torch._foreach_copy_(averaged, sources)
        elif steps % self.interval == 0:
            near = [s.to(a.device, a.dtype) for a, s in zip(averaged, sources, strict=True)]
            self._average(averaged, near, steps)
        if copies:
            torch._foreach_copy_(copies, originals)
        self.steps += 1

    @torch.no_grad()
    def swap_parameters(self, model: nn.Module) -> None:
        """Exchange what is averaged with the tensors of a model, in place.

        Args:
            model: The model.
        """
        averaged, sources, _, _ = self._pairs(model).tensors(self.update_buffers)
        for ours, theirs in zip(averaged, sources, strict=True):
            kept = theirs.clone()
            theirs.copy_(ours)
            ours.copy_(kept)

    def averaged_keys(self) -> list[str]:
        """Return the keys of the model's state dict under which averages stand."""
        state = self.module.state_dict(keep_vars=True)
        return [
            key
            for key, value in state.items()
            if isinstance(value, Tensor)
            and (self.update_buffers or isinstance(value, nn.Parameter))
            and _is_averaged(value)
        ]

    def _average(self, averaged: list[Tensor], sources: list[Tensor], steps: int) -> None:
        for ours, theirs in zip(averaged, sources, strict=True):
            self.avg_func(ours, theirs, steps)

    def _pairs(self, model: nn.Module) -> _Pairs:
        if self._paired is None or self._paired.model is not model:
            self._paired = _Pairs(self.module, model)
        return self._paired

    def __getstate__(self) -> dict[str, Any]:
        # The pairs refer to the model, which a copy of the average must not copy too.
        return {**self.__dict__, "_paired": None}


class _WeightedAverage(BaseAveragedModel):
    """An average in which the present weights count with a share that the steps tell."""

    @abstractmethod
    def _share(self, steps: int) -> float: ...

    def avg_func(self, averaged_param: Tensor, source_param: Tensor, steps: int) -> None:
        """Let a tensor of the model count in its average, in place.

        Args:
            averaged_param: The average.
            source_param: The tensor of the model, on the same device.
            steps: How many updates there were before; at least 1.
        """
        averaged_param.lerp_(source_param, self._share(steps))

    def _average(self, averaged: list[Tensor], sources: list[Tensor], steps: int) -> None:
        if type(self).avg_func is _WeightedAverage.avg_func:  # one kernel for many tensors
            torch._foreach_lerp_(averaged, sources, self._share(steps))
        else:
            super()._average(averaged, sources, steps)


@MODELS.register_module()
class StochasticWeightAverage(_WeightedAverage):
    r"""The plain mean of all weights that counted (Izmailov et al., 2018, arXiv:1803.05407).

    .. math:: \bar x_n = \bar x_{n-1} + \frac{x_n - \bar x_{n-1}}{n}

    where n is the number of updates that counted, this one included.

    Args:
        model: As in `BaseAveragedModel`.
        interval: As in `BaseAveragedModel`.
        device: As in `BaseAveragedModel`.
        update_buffers: As in `BaseAveragedModel`.
    """

    def _share(self, steps: int) -> float:
        return 1 / (steps // self.interval + 1)


@MODELS.register_module()
class ExponentialMovingAverage(_WeightedAverage):
    r"""An average in which former weights fade (Polyak and Juditsky, 1992; Tarvainen and Valpola,
    2017, arXiv:1703.01780).

    .. math:: \bar x_t = (1 - m)\, \bar x_{t-1} + m\, x_t

    Args:
        model: As in `BaseAveragedModel`.
        momentum: The share m of the present weights, a small number: a decay of 0.999 is a
            momentum of 0.001.
        interval: As in `BaseAveragedModel`.
        device: As in `BaseAveragedModel`.
        update_buffers: As in `BaseAveragedModel`.

    Raises:
        ValueError: If `momentum` is not between 0 and 1.
    """  # noqa: D205  # the sources belong to the name

    @check_types
    def __init__(
        self,
        model: nn.Module,
        momentum: float = 0.0002,
        interval: int = 1,
        device: torch.device | str | None = None,
        update_buffers: bool = False,
    ) -> None:
        if not 0.0 < momentum < 1.0:
            raise ValueError(
                f"{type(self).__name__}: momentum is more than 0 and less than 1; got {momentum}"
            )
        super().__init__(model, interval, device, update_buffers)
        if momentum > 0.5:
            get_logger().warning(
                "%s: a momentum of %g lets the present weights count more than all former ones; "
                "for a decay of %g set momentum=%g",
                type(self).__name__,
                momentum,
                momentum,
                round(1 - momentum, 10),
            )
        self.momentum = momentum

    def _share(self, steps: int) -> float:
        return self.momentum


@MODELS.register_module()
class MomentumAnnealingEMA(ExponentialMovingAverage):
    r"""An exponential moving average that follows fast at first and ever more slowly.

    .. math:: \bar x_t = (1 - m_t)\, \bar x_{t-1} + m_t\, x_t, \quad
        m_t = \max\left(m, \frac{\gamma}{\gamma + t}\right)

    where t is the number of updates before this one, as in YOLOX (Ge et al., 2021,
    arXiv:2107.08430).

    Args:
        model: As in `BaseAveragedModel`.
        momentum: The share m that the present weights have in the end.
        gamma: How slowly their share falls to it.
        interval: As in `BaseAveragedModel`.
        device: As in `BaseAveragedModel`.
        update_buffers: As in `BaseAveragedModel`.

    Raises:
        ValueError: If `gamma` is not positive, or `momentum` not between 0 and 1.
    """

    @check_types
    def __init__(
        self,
        model: nn.Module,
        momentum: float = 0.0002,
        gamma: int = 100,
        interval: int = 1,
        device: torch.device | str | None = None,
        update_buffers: bool = False,
    ) -> None:
        if gamma <= 0:
            raise ValueError(f"{type(self).__name__}: gamma is positive; got {gamma}")
        super().__init__(model, momentum, interval, device, update_buffers)
        self.gamma = gamma

    def _share(self, steps: int) -> float:
        return max(self.momentum, self.gamma / (self.gamma + steps))


class _Pairs:
    """The tensors of an average, each with that of the model; looked up once, not each step."""

    @check_types
    def __init__(self, average: nn.Module, model: nn.Module) -> None:
        ours, theirs = _slots(average), _slots(model)
        if [_describe(slot) for slot in ours] != [_describe(slot) for slot in theirs]:
            raise ValueError(
                f"{type(model).__name__} has other parameters or buffers than the model whose "
                "average this is"
            )
        self.model = model
        self._pairs = list(zip(ours, theirs, strict=True))

    def tensors(
        self, with_buffers: bool
    ) -> tuple[list[Tensor], list[Tensor], list[Tensor], list[Tensor]]:
        """Return what is averaged, its sources, what is copied, and its originals.

        Of sharded tensors it is what this process has.
        """
        reshard(self.model)
        found: tuple[list[Tensor], list[Tensor], list[Tensor], list[Tensor]] = ([], [], [], [])
        for (our_store, our_key), (their_store, their_key) in self._pairs:
            ours, theirs = our_store[our_key], their_store[their_key]
            if ours.shape != theirs.shape:  # a buffer may grow
                ours = our_store[our_key] = torch.empty_like(theirs, device=ours.device)
            is_averaged = (with_buffers or isinstance(theirs, nn.Parameter)) and _is_averaged(ours)
            at = 0 if is_averaged else 2
            found[at].append(local_tensor(ours))
            found[at + 1].append(local_tensor(theirs))
        return found


class _Tensors(nn.Module):
    """Holds copies of the tensors of a module by their names, and can't be run."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self._non_persistent_buffers_set = set(module._non_persistent_buffers_set)


def _copy(model: nn.Module) -> nn.Module:
    """Return a copy of a model: of one with sharded parameters, which torch can't copy, tensors."""
    reshard(model)
    if not any(map(is_sharded, model.parameters())):
        return copy.deepcopy(model)
    copies = {module: _Tensors(module) for module in model.modules()}
    tied: dict[nn.Parameter, nn.Parameter] = {}
    for module, ours in copies.items():
        for name, parameter in module._parameters.items():
            if parameter is not None and parameter not in tied:
                tied[parameter] = nn.Parameter(parameter.detach().clone())
            ours._parameters[name] = None if parameter is None else tied[parameter]
        for name, buffer in module._buffers.items():
            ours._buffers[name] = None if buffer is None else buffer.detach().clone()
        for name, child in module._modules.items():
            ours._modules[name] = None if child is None else copies[child]
    return copies[model]


def _slots(model: nn.Module) -> list[_Slot]:
    seen: set[int] = set()
    slots: list[_Slot] = []
    for module in model.modules():
        for store in (module._parameters, module._buffers):
            for key, tensor in store.items():
                if tensor is not None and id(tensor) not in seen:  # tied weights count once
                    seen.add(id(tensor))
                    slots.append((store, key))
    return slots


def _describe(slot: _Slot) -> tuple[str, bool, torch.Size | None]:
    store, key = slot
    is_parameter = isinstance(store[key], nn.Parameter)
    return key, is_parameter, store[key].shape if is_parameter else None


def _is_averaged(tensor: Tensor) -> bool:
    return tensor.is_floating_point() or tensor.is_complex()
