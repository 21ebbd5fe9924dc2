"""Model wrappers for several processes."""

from __future__ import annotations

from typing import Any, cast

from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from engine.registry import MODEL_WRAPPERS

from ._base_model import BaseModel, UpdatesParams
from ._unused_parameters import detect_anomalous_params


@MODEL_WRAPPERS.register_module()
class MMDistributedDataParallel(DistributedDataParallel):
    """`DistributedDataParallel` with the steps of a `BaseModel`.

    Args:
        module: The model.
        detect_anomalous_params: Whether to log, in each iteration, the parameters that the loss
            does not depend on; it costs a walk through the graph.
        **kwargs: Passed on to `DistributedDataParallel`.
    """

    def __init__(
        self, module: BaseModel, detect_anomalous_params: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(module, **kwargs)
        self.detect_anomalous_params = detect_anomalous_params

    def train_step(self, data: Any, optim_wrapper: UpdatesParams) -> dict[str, Tensor]:
        """Do as `BaseModel.train_step` does, with gradients averaged over the processes."""
        model = cast("BaseModel", self.module)
        with optim_wrapper.optim_context(self):
            losses = BaseModel._run(
                cast("BaseModel", self), model.data_preprocessor(data, True), "loss"
            )
        loss, log_vars = model.parse_losses(losses)
        if self.detect_anomalous_params:
            detect_anomalous_params(loss, model)
        optim_wrapper.update_params(loss)
        return log_vars

    def val_step(self, data: Any) -> list[Any]:
        """Do as `BaseModel.val_step` does."""
        return cast("BaseModel", self.module).val_step(data)

    def test_step(self, data: Any) -> list[Any]:
        """Do as `BaseModel.test_step` does."""
        return cast("BaseModel", self.module).test_step(data)
