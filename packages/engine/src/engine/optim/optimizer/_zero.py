"""An optimizer whose state is shared out among the processes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from torch import Tensor
from torch.distributed.optim import ZeroRedundancyOptimizer as _ZeroRedundancyOptimizer
from torch.optim import Optimizer

from engine.dist import is_main_process
from engine.registry import OPTIMIZERS


@OPTIMIZERS.register_module()
class ZeroRedundancyOptimizer(_ZeroRedundancyOptimizer):
    """An optimizer of which each process keeps the state of a share of the parameters.

    Rajbhandari et al., 2020, arXiv:1910.02054 (its stage 1).

    Args:
        params: The parameters, or groups of them.
        optimizer_type: The name of the optimizer in `OPTIMIZERS`.
        **kwargs: Its arguments, and those of `torch.distributed.optim.ZeroRedundancyOptimizer`.

    Raises:
        RuntimeError: If no processes have been joined.
    """

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[dict[str, Any]],
        optimizer_type: str,
        **kwargs: Any,
    ) -> None:
        kind = cast("type[Optimizer]", OPTIMIZERS.get(optimizer_type))
        super().__init__(params, optimizer_class=kind, **kwargs)

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
