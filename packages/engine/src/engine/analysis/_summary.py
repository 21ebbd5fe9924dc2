"""Summary of a model: the output shapes and the cost of its modules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from torch import nn

from ._analyzers import ActivationAnalyzer, FlopAnalyzer, Inputs, Shape, shapes_in
from ._report import parameter_count, table
from .print_helper import _format_size

_NOT_CALLED = "-"


@dataclass(frozen=True)
class ModuleSummary:
    """What is known of a module.

    Attributes:
        name: Its name in the model, which is empty for the model itself.
        type: The name of its class.
        outputs: The shape of each tensor that it returned.
        parameters: The number of its parameters, with all that is in it.
        trainable: How many of them are trained.
        flops: Multiply-adds, with all that is in it; None if the forward pass does not call it.
        activations: Activations, in the same way.
    """

    name: str
    type: str
    outputs: tuple[Shape, ...]
    parameters: int
    trainable: int
    flops: int | None
    activations: int | None


@dataclass(frozen=True)
class ModelSummary:
    """The modules of a model, in their order; printed, it is a table.

    Attributes:
        inputs: The shape of each tensor that went in.
        modules: The model itself, then its modules.
    """

    columns: ClassVar[tuple[str, ...]] = (
        "module",
        "type",
        "output",
        "parameters",
        "multiply-adds",
        "activations",
    )

    inputs: tuple[Shape, ...]
    modules: tuple[ModuleSummary, ...]

    @property
    def total(self) -> ModuleSummary:
        """The model itself."""
        return self.modules[0]

    def rows(self) -> Iterator[tuple[str, ...]]:
        """Yield the cells of each module, as texts for the `columns`."""
        for each in self.modules:
            sizes = (each.parameters, each.flops, each.activations)
            yield (
                each.name or "model",
                each.type,
                _format_shapes(each.outputs) or _NOT_CALLED,
                *(_NOT_CALLED if size is None else _format_size(size) for size in sizes),
            )

    def describe(self) -> str:
        """Return the input and the parameters in one line."""
        told = f"input {_format_shapes(self.inputs)}, {self.total.parameters:,} parameters"
        if self.total.trainable == self.total.parameters:
            return told
        return f"{told}, {self.total.trainable:,} of them trainable"

    def to_dict(self) -> dict[str, Any]:
        """Return the summary as plain data."""
        return asdict(self)

    def __str__(self) -> str:
        return f"{table(self.columns, [*self.rows()])}\n{self.describe()}"


def summarize(model: nn.Module, inputs: Inputs, depth: int = 2) -> ModelSummary:
    """Summarize a model: the output shape, parameters and cost of each module.

    Counts are those of the `FlopAnalyzer` and the `ActivationAnalyzer`. Modules that have no
    parameters and are not called are left out.

    Args:
        model: The model; it runs in evaluation mode without gradients, and is left as it was.
        inputs: What goes to its `forward`, a tensor or a tuple of arguments.
        depth: How many levels of modules to show; 0 shows the model alone.
    """
    flops, acts = FlopAnalyzer(model, inputs), ActivationAnalyzer(model, inputs)
    params, outputs = parameter_count(model), flops.output_shapes()
    modules = [
        ModuleSummary(
            name,
            type(module).__name__,
            outputs.get(name, ()),
            params[name],
            sum(each.numel() for each in module.parameters() if each.requires_grad),
            flops.total(name) if name in outputs else None,
            acts.total(name) if name in outputs else None,
        )
        for name, module in model.named_modules(remove_duplicate=False)
        if _depth(name) <= depth and (params[name] or name in outputs)
    ]
    return ModelSummary(shapes_in(inputs), tuple(modules))


def _depth(name: str) -> int:
    return name.count(".") + 1 if name else 0


def _format_shapes(shapes: tuple[Shape, ...]) -> str:
    return ", ".join("×".join(map(str, shape)) or "scalar" for shape in shapes)
