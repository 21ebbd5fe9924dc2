"""Base class of models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol, cast

import torch
from torch import Tensor, nn

from engine.registry import MODELS

from ._base_module import BaseModule, InitCfg
from ._preprocess import BaseDataPreprocessor

Losses = Mapping[str, Tensor | list[Tensor]]


class UpdatesParams(Protocol):
    """What a model asks of an optimizer wrapper."""

    def optim_context(self, model: nn.Module) -> Any:
        """Return the context in which the loss is computed."""

    def update_params(self, loss: Tensor) -> None:
        """Take a step along the gradient of the loss."""


class BaseModel(BaseModule):
    """A model with a step for training, validation and test.

    A subclass writes `forward`, which answers by `mode`: `'loss'` with a dictionary of losses,
    `'predict'` with a list of data samples, `'tensor'` with bare tensors.

    Args:
        data_preprocessor: A module, or the config of one, that brings a batch to the device and
            into shape; None means `BaseDataPreprocessor`.
        init_cfg: As in `BaseModule`.
    """

    test_report: ClassVar[str | None] = None
    """The hook that reports a test of such a model, a subclass of `engine.report.ReportHook`."""

    exported_outputs: ClassVar[Mapping[str, str]] = {"output": "what the model gives"}
    """What an exported model gives, by name; heads of other tasks may give more."""

    hub_task: ClassVar[str | None] = None
    """What such models do, by the name of the Hugging Face Hub: `'image-classification'`."""

    data_preprocessor: nn.Module

    def __init__(
        self,
        data_preprocessor: Mapping[str, Any] | nn.Module | None = None,
        init_cfg: InitCfg | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if data_preprocessor is None:
            self.data_preprocessor = BaseDataPreprocessor()
        elif isinstance(data_preprocessor, nn.Module):
            self.data_preprocessor = data_preprocessor
        else:
            self.data_preprocessor = MODELS.of_library(self).build(data_preprocessor)

    def forward(self, inputs: Any, data_samples: Any = None, mode: str = "tensor") -> Any:
        """Return losses, predictions or tensors, by `mode`; a subclass writes it."""
        raise TypeError(f"{type(self).__name__} has no forward(inputs, data_samples, mode)")

    def train_step(self, data: Any, optim_wrapper: UpdatesParams) -> dict[str, Tensor]:
        """Compute the loss of a batch and update the parameters.

        Args:
            data: A batch as the data loader gives it.
            optim_wrapper: What updates the parameters.

        Returns:
            The values to log; `loss` is their sum.
        """
        with optim_wrapper.optim_context(self):
            losses = self._run_forward(self.data_preprocessor(data, True), "loss")
        loss, log_vars = self.parse_losses(losses)
        optim_wrapper.update_params(loss)
        return log_vars

    def val_step(self, data: Any) -> list[Any]:
        """Return the predictions for a batch, one data sample for each of its items."""
        return cast("list[Any]", self._run_forward(self.data_preprocessor(data, False), "predict"))

    def test_step(self, data: Any) -> list[Any]:
        """Return the predictions for a batch, one data sample for each of its items."""
        return self.val_step(data)

    def loss_step(self, data: Any) -> dict[str, Tensor]:
        """Return the losses of a batch as `train_step` logs them, without an update.

        Args:
            data: A batch as the data loader gives it.
        """
        return self.parse_losses(self._run_forward(self.data_preprocessor(data, False), "loss"))[1]

    def export_forward(self, images: Tensor) -> dict[str, Tensor]:
        """Return what an exported model gives, by name: what its predictions are made of.

        By default it is the output of the mode `'tensor'`.

        Args:
            images: A batch as the pipeline gives it, before the data preprocessor, `(N, C, H, W)`.

        Raises:
            TypeError: If that output is no tensor.
        """
        output = self._run_forward(self.data_preprocessor({"inputs": images}, False), "tensor")
        if not isinstance(output, Tensor):
            raise TypeError(
                f"{type(self).__name__} gives no tensor in the mode 'tensor', but "
                f"{type(output).__name__}; a method export_forward of it may say what to export"
            )
        return {"output": output}

    def predict_outputs(
        self, outputs: Mapping[str, Tensor], data_samples: Sequence[Any] | None = None
    ) -> list[Any]:
        """Return the predictions for a batch from what an exported model gave for it.

        Args:
            outputs: What `export_forward` gives.
            data_samples: The data samples of the batch, to which predictions are written.

        Raises:
            TypeError: If the class has no such method of its own.
        """
        raise TypeError(
            f"{type(self).__name__} has no predict_outputs, which makes predictions of what an "
            "exported model gives"
        )

    def parse_losses(self, losses: Losses) -> tuple[Tensor, dict[str, Tensor]]:
        """Sum the losses up.

        Args:
            losses: By name a tensor or a list of tensors; each counts with its mean. Those whose
                name has `loss` in it make up the sum, the others are only logged.

        Returns:
            The sum, and detached values to log, `loss` being that sum.

        Raises:
            TypeError: If a value is neither a tensor nor a list of tensors.
            ValueError: If there is no loss, or a list is empty.
        """
        means = {
            # The mean of a scalar would cost a node of the graph.
            name: value if isinstance(value, Tensor) and not value.ndim else _mean(name, value)
            for name, value in losses.items()
        }
        parts = [value for name, value in means.items() if "loss" in name]
        if not parts:
            raise ValueError(
                f"{type(self).__name__} gave no loss: none of {list(means)} has 'loss' in its name"
            )
        loss = parts[0] if len(parts) == 1 else torch.stack(parts).sum()
        logged = {"loss": loss.detach()}  # first, and the sum in any case
        for name, value in means.items():
            if name != "loss":
                logged[name] = value.detach()
        return loss, logged

    def _run_forward(self, data: Any, mode: str) -> Any:
        if type(data) is dict or isinstance(data, Mapping):
            return self(**data, mode=mode)
        if isinstance(data, (list, tuple)):
            return self(*data, mode=mode)
        raise TypeError(
            f"the data preprocessor gives a mapping, list or tuple; got {type(data).__name__}"
        )


def _mean(name: str, value: Tensor | list[Tensor]) -> Tensor:
    if isinstance(value, Tensor):
        return value.mean()
    if isinstance(value, (list, tuple)) and all(isinstance(each, Tensor) for each in value):
        if not value:
            raise ValueError(f"{name} is an empty list of tensors, which has no mean")
        return torch.stack([each.mean() for each in value]).sum()
    raise TypeError(f"{name} is a tensor or a list of tensors; got {type(value).__name__}")
