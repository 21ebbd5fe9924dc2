"""Validation and test loops."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor

from engine.dataset import length_of
from engine.dist import all_reduce, is_sharded
from engine.model import BaseModel, evaluating, keeping_random_state, sharing_buffers, unwrap
from engine.registry import LOOPS
from engine.structures import BaseDataElement
from engine.utils import check_types

from ._base_loop import BaseLoop, Loader
from ._build import build_evaluator
from ._strategies import autocast

if TYPE_CHECKING:
    from engine.evaluator import Evaluator

    from ._runner import Runner


class _EvalLoop(BaseLoop):
    """What validation and test share.

    Args:
        runner: The runner.
        dataloader: The data loader, or its config.
        evaluator: The evaluator, or the configs of its metrics.
        fp16: Whether the model predicts in half precision; otherwise the precision of the strategy
            holds.
        loss: Whether the losses are computed in a further pass of each batch through the model, and
            reported among the metrics. A model that returns them behind its predictions, as a data
            element with the one field `loss`, has them reported in any case.
    """

    mode: str

    @check_types
    def __init__(
        self,
        runner: Runner,
        dataloader: Loader,
        evaluator: Evaluator | Mapping[str, Any] | Sequence[Mapping[str, Any]],
        fp16: bool = False,
        loss: bool = False,
    ) -> None:
        super().__init__(runner, dataloader)
        self.fp16 = fp16
        self.loss = loss
        self._losses = _Losses()
        self._shared = 0  # batches that each process has: behind them none waits for the others
        self._step = f"{self.mode}_step"
        self._before_iter, self._after_iter = f"before_{self.mode}_iter", f"after_{self.mode}_iter"
        self.evaluator: Evaluator = build_evaluator(evaluator)
        metainfo = getattr(self.dataloader.dataset, "metainfo", None)
        if metainfo is not None:
            self.evaluator.dataset_meta = metainfo

    @torch.no_grad()
    def run(self) -> dict[str, float]:
        """Predict all samples, and return the metrics.

        The modes of all modules, gradients and random numbers are left as they were found.
        """
        runner, mode = self.runner, self.mode
        # Hooks save checkpoints behind the first of these blocks: random numbers are put back
        # before, so that a training that is resumed from one draws what this one draws.
        with ExitStack() as stack:
            with keeping_random_state():
                runner.call_hook(f"before_{mode}")
                runner.call_hook(f"before_{mode}_epoch")
                stack.enter_context(evaluating(runner.model))
                stack.enter_context(sharing_buffers(runner.model))
                metrics = self._metrics()
            with keeping_random_state():
                runner.call_hook(f"after_{mode}_epoch", metrics=metrics)
                runner.call_hook(f"after_{mode}")
        return metrics

    def _metrics(self) -> dict[str, float]:
        lengths = [length or 0 for length in self._lengths()]
        self._shared = min(lengths)
        if max(lengths) > self._shared and any(map(is_sharded, self.runner.model.parameters())):
            raise ValueError(
                f"the processes have {', '.join(map(str, lengths))} batches of {self.mode} data, "
                "and a model whose parameters are sharded needs all processes for each: take a "
                "sampler that gives each as many, such as a DefaultSampler with round_up=True"
            )
        fp16 = autocast(dtype=torch.float16) if self.fp16 else self.runner.strategy.autocast()
        with fp16:
            for idx, batch in enumerate(self.batches()):
                self.run_iter(idx, batch)
        size = length_of(self.dataloader.dataset)  # of a stream, all results count
        metrics: dict[str, float] = {
            **self.evaluator.evaluate(sys.maxsize if size is None else size)
        }
        for name, value in self._losses.means().items():
            if name in metrics:
                raise ValueError(
                    f"both the {self.mode} evaluator and the losses give a value {name!r}; give "
                    "the metric another name or a prefix"
                )
            metrics[name] = value
        return metrics

    @torch.no_grad()
    def run_iter(self, idx: int, data_batch: Any) -> None:
        """Predict one batch.

        Args:
            idx: Its number.
            data_batch: The batch.
        """
        runner = self.runner
        runner.call_hook(self._before_iter, batch_idx=idx, data_batch=data_batch)
        outputs = self._predict(data_batch)
        self.evaluator.process(data_samples=outputs, data_batch=data_batch)
        runner.call_hook(self._after_iter, batch_idx=idx, data_batch=data_batch, outputs=outputs)
        if idx < self._shared or not runner.distributed:
            runner.stop.check()

    def _predict(self, batch: Any) -> Sequence[Any]:
        outputs: Sequence[Any] = getattr(self.runner.model, self._step)(batch)
        if outputs and _is_loss(outputs[-1]):
            *outputs, last = outputs
            self._losses.add(self._base_model().parse_losses(last.loss)[1], len(outputs))
        elif self.loss:
            self._losses.add(self._base_model().loss_step(batch), len(outputs))
        return outputs

    def _base_model(self) -> BaseModel:
        return cast("BaseModel", unwrap(self.runner.model))


@LOOPS.register_module()
class ValLoop(_EvalLoop):
    """Evaluates the model on the validation data."""

    mode = "val"


@LOOPS.register_module()
class TestLoop(_EvalLoop):
    """Evaluates the model on the test data."""

    __test__ = False  # pytest takes the name for a test
    mode = "test"


class _Losses:
    """The means of losses over the samples of an evaluation, of all processes."""

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._count = 0

    def add(self, losses: Mapping[str, Tensor], samples: int) -> None:
        """Let the losses of a batch count; they stay on their device."""
        self._count += samples
        for name, value in losses.items():
            share = value.double() * samples
            self._sums[name] = self._sums[name] + share if name in self._sums else share

    def means(self) -> dict[str, float]:
        """Return the means by name, and begin anew."""
        sums, self._sums = self._sums, {}
        count, self._count = self._count, 0
        if not sums:
            return {}
        total = torch.stack([*sums.values()])
        total = torch.cat([total, total.new_tensor([count])])
        all_reduce(total)
        *sums_of_all, count_of_all = total.tolist()
        return dict(zip(sums, (each / count_of_all for each in sums_of_all), strict=True))


def _is_loss(output: Any) -> bool:
    return isinstance(output, BaseDataElement) and output.keys() == ["loss"]
