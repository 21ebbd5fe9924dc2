"""Optimizer with its state sharded over processes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, cast

from torch import Tensor
from torch.distributed.optim import ZeroRedundancyOptimizer as _ZeroRedundancyOptimizer
from torch.optim import Optimizer

from engine.dist import is_main_process
from engine.registry import OPTIMIZERS, Registry


@OPTIMIZERS.register_module()
class ZeroRedundancyOptimizer(_ZeroRedundancyOptimizer):
    """An optimizer whose state is sharded: each process keeps that of a share of the parameters.

    Rajbhandari et al., 2020, arXiv:1910.02054 (its stage 1).

    Args:
        params: The parameters, or groups of them.
        optimizer_type: The name of the optimizer in `OPTIMIZERS`.
        process_group: As in `torch.distributed.optim.ZeroRedundancyOptimizer`.
        parameters_as_bucket_view: As there.
        overlap_with_ddp: As there.
        **kwargs: The other arguments of the optimizer.

    Attributes:
        hands_options_to: The argument whose class takes the other ones, and where it is looked up,
            which the linter reads.

    Raises:
        RuntimeError: If no processes have been joined.
    """

    hands_options_to: ClassVar[Mapping[str, Registry[Any]]] = {"optimizer_type": OPTIMIZERS}

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[dict[str, Any]],
        optimizer_type: str,
        process_group: Any = None,
        parameters_as_bucket_view: bool = False,
        overlap_with_ddp: bool = False,
        **kwargs: Any,
    ) -> None:
        kind = cast("type[Optimizer]", OPTIMIZERS.get(optimizer_type))
        super().__init__(
            params,
            optimizer_class=kind,
            process_group=process_group,
            parameters_as_bucket_view=parameters_as_bucket_view,
            overlap_with_ddp=overlap_with_ddp,
            **kwargs,
        )

    def state_dict(self) -> dict[str, Any]:
        """Return the whole state in the first process, and the groups alone in the others.

        All processes call it together.
        """
        self.consolidate_state_dict()
        state: dict[str, Any]
        if is_main_process():
            state = super().state_dict()
        else:
            state = {"state": {}, "param_groups": self.param_groups}
        return state
