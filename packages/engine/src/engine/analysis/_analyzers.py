"""Counts of one forward pass by module and operator."""

from __future__ import annotations

import functools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from engine.logging import get_logger

from ._formulas import Formula, Handle, activations, formulas_of, multiply_adds, operator_of

Inputs = Tensor | tuple[Any, ...]
Shape = tuple[int, ...]

_SHORT = {
    "convolution": "conv",
    "addmm": "linear",
    "mm": "matmul",
    **dict.fromkeys(
        [
            "_native_batch_norm_legit_no_training",
            "_native_batch_norm_legit",
            "cudnn_batch_norm",
            "miopen_batch_norm",
        ],
        "batch_norm",
    ),
    "native_layer_norm": "layer_norm",
    "native_group_norm": "group_norm",
    "_adaptive_avg_pool2d": "adaptive_avg_pool2d",
    "mean": "adaptive_avg_pool2d",  # as which it is counted
    "grid_sampler_2d": "grid_sampler",
}


class _Analyzer:
    """Runs a model when it is first asked for a count; see `FlopAnalyzer`."""

    _make_formulas: Callable[[Mapping[str, Handle] | None], dict[Any, Formula]]

    def __init__(
        self, model: nn.Module, inputs: Inputs, supported_ops: Mapping[str, Handle] | None = None
    ) -> None:
        self._model = model
        self._inputs = inputs if isinstance(inputs, tuple) else (inputs,)
        self._formulas = self._make_formulas(supported_ops)
        self._tells_unsupported = False
        self._tells_uncalled = False

    def set_op_handle(self, *args: Any, **kwargs: Handle | None) -> Self:
        """Set how much operators count, and return the analyzer.

        Args:
            *args: Names of operators, as in `supported_ops`, each followed by its function; None
                in place of that lets the operator count nothing.
            **kwargs: The same by name.

        Raises:
            ValueError: If there is no operator of such a name, or a name without a function.
        """
        if len(args) % 2:
            raise ValueError("set_op_handle takes pairs: the name of an operator and its function")
        handles = {**dict(zip(args[::2], args[1::2], strict=True)), **kwargs}
        for name, handle in handles.items():
            self._formulas.pop(operator_of(name), None)
            if handle is not None:
                self._formulas |= formulas_of({name: handle})
        return self._anew()

    def clear_op_handles(self) -> Self:
        """Let no operator count, and return the analyzer."""
        self._formulas = {}
        return self._anew()

    def unsupported_ops_warnings(self, enabled: bool) -> Self:
        """Set whether operators that count nothing are logged, and return the analyzer.

        Args:
            enabled: Whether they are; at first they are not.
        """
        self._tells_unsupported = enabled
        return self._anew()

    def uncalled_modules_warnings(self, enabled: bool) -> Self:
        """Set whether modules that are not called are logged, and return the analyzer.

        Args:
            enabled: Whether they are; at first they are not.
        """
        self._tells_uncalled = enabled
        return self._anew()

    def tracer_warnings(self, mode: str) -> Self:
        """Return the analyzer: nothing is traced, so there is nothing to be warned of.

        Args:
            mode: `'none'`, `'no_tracer_warning'` or `'all'`.

        Raises:
            ValueError: If it is another.
        """
        return self._checked(mode, ("none", "no_tracer_warning", "all"))

    def ancestor_mode(self, mode: str) -> Self:
        """Return the analyzer: an operator counts for each module in whose call it runs.

        Args:
            mode: `'owner'` or `'caller'`, which differ only for a module that is called by others
                than the one that holds it; its caller counts it as well.

        Raises:
            ValueError: If it is another.
        """
        return self._checked(mode, ("owner", "caller"))

    def _checked(self, mode: str, modes: tuple[str, ...]) -> Self:
        if mode not in modes:
            raise ValueError(f"the mode is one of {', '.join(modes)}; got {mode!r}")
        return self

    def _anew(self) -> Self:
        """Forget what was counted."""
        vars(self).pop("_pass", None)
        return self

    def total(self, module_name: str = "") -> int:
        """Return the count of a module, with all that is in it.

        Args:
            module_name: Its name in the model; the model itself if empty.

        Raises:
            KeyError: If there is no such module.
        """
        return sum(self.by_operator(module_name).values())

    def by_module(self) -> Counter[str]:
        """Return the count of each module, with all that is in it, by its name in the model."""
        return Counter({name: self.total(name) for name, _ in self._model.named_modules()})

    def by_operator(self, module_name: str = "") -> Counter[str]:
        """Return the count of each operator in a module, by short names: `conv`, `linear`, ...

        Matrix products are named by the operator that ran: that of a `linear` layer without bias is
        `matmul`, that of an `einsum` often `bmm`.

        Args:
            module_name: Its name in the model; the model itself if empty.
        """
        return Counter(self._pass.counts[self._names[module_name]])

    def by_module_and_operator(self) -> dict[str, Counter[str]]:
        """Return the count of each operator in each module."""
        return {name: self.by_operator(name) for name, _ in self._model.named_modules()}

    def unsupported_ops(self, module_name: str = "") -> Counter[str]:
        """Return how often a module calls operators that count nothing, views left out."""
        return Counter(self._pass.others[self._names[module_name]])

    def uncalled_modules(self) -> set[str]:
        """Return the names of the modules that the forward pass does not call."""
        modules = self._model.named_modules(remove_duplicate=False)
        return {name for name, module in modules if module not in self._pass.outputs}

    def output_shapes(self) -> dict[str, tuple[Shape, ...]]:
        """Return the shapes of the tensors that each module returned, where it was called.

        If the forward pass calls it several times, they are those of the last call.
        """
        modules = self._model.named_modules(remove_duplicate=False)
        outputs = self._pass.outputs
        return {name: outputs[module] for name, module in modules if module in outputs}

    @functools.cached_property
    def _names(self) -> dict[str, str]:
        """The first name of a module by each of its names."""
        first = {module: name for name, module in self._model.named_modules()}
        everywhere = self._model.named_modules(remove_duplicate=False)
        return {name: first[module] for name, module in everywhere}

    @functools.cached_property
    def _pass(self) -> _Pass:
        counter = FlopCounterMode(display=False)
        counter.flop_registry = _ByOperator(self._formulas)  # and no others
        others = _Others(counter)
        outputs: dict[nn.Module, tuple[Shape, ...]] = {}

        def note(module: nn.Module, _: Any, output: Any) -> None:
            outputs[module] = shapes_in(output)

        hook = register_module_forward_hook(note)
        try:
            with _in_evaluation(self._model), others, counter:
                self._model(*self._inputs)
        finally:
            hook.remove()
        seen = _Pass(
            counts=self._by_name(counter.get_flop_counts(), _short_name),
            others=self._by_name(others.calls, _name),
            outputs=outputs,
        )
        self._tell(seen)
        return seen

    def _tell(self, seen: _Pass) -> None:
        """Log what counts nothing, as far as that was asked for."""
        if self._tells_unsupported and seen.others[""]:
            get_logger().warning("Operators that count nothing: %s", ", ".join(seen.others[""]))
        modules = self._model.named_modules()
        uncalled = [name for name, module in modules if module not in seen.outputs]
        if self._tells_uncalled and uncalled:
            get_logger().warning("Modules that are not called: %s", ", ".join(uncalled))

    def _by_name(
        self, found: Mapping[str, Mapping[Any, int]], name_of: Callable[[Any], str]
    ) -> dict[str, Counter[str]]:
        """Replace the names that torch's counter has for modules and operators."""
        root = type(self._model).__name__
        names = {f"{root}.{name}": first for name, first in self._names.items() if name}
        names["Global"] = ""  # the model itself, which is under the name of its class as well
        result: dict[str, Counter[str]] = defaultdict(Counter)
        for path, per_operator in found.items():
            if path in names:
                for operator, count in per_operator.items():
                    if count:
                        result[names[path]][name_of(operator)] += count
        return result


class FlopAnalyzer(_Analyzer):
    """Counts operations, a multiply-add as one.

    Counted are convolutions, matrix products, attention and recurrent layers, by the formulas of
    `torch.utils.flop_counter`, to which `register_flop_formula` there adds more. As in MMEngine,
    norms count up to 5 operations for each element, `adaptive_avg_pool2d` one for each that comes
    in, and interpolation between pixels one (nearest) or four (bilinear) for each that is made;
    activation functions and other pooling count nothing.

    Args:
        model: The model; it runs once in evaluation mode without gradients, and is left as it was.
        inputs: What goes to its `forward`, a tensor or a tuple of arguments.
        supported_ops: How much an operator counts, by its name as `unsupported_ops` shows it: a
            function of the list of its arguments and the list of what it returned.

    Raises:
        ValueError: If there is no operator of such a name.
    """

    _make_formulas = staticmethod(multiply_adds)


class ActivationAnalyzer(_Analyzer):
    """Counts the elements of what convolutions, matrix products and recurrent layers return.

    This is the measure of "Designing Network Design Spaces" (https://arxiv.org/abs/2003.13678).
    Attention in one operator counts nothing: its products stay within it.

    Args:
        model: As for the `FlopAnalyzer`.
        inputs: As there.
        supported_ops: As there.

    Raises:
        ValueError: If there is no operator of such a name.
    """

    _make_formulas = staticmethod(activations)


def flop_count(
    model: nn.Module, inputs: Inputs, supported_ops: Mapping[str, Handle] | None = None
) -> tuple[defaultdict[str, float], Counter[str]]:
    """Count multiply-adds by operator.

    Args:
        model: As for the `FlopAnalyzer`.
        inputs: As there.
        supported_ops: As there.

    Returns:
        Thousands of millions (G) by operator, and how often operators are called that count
        nothing.
    """
    return _in_units(FlopAnalyzer(model, inputs, supported_ops), 1e9)


def activation_count(
    model: nn.Module, inputs: Inputs, supported_ops: Mapping[str, Handle] | None = None
) -> tuple[defaultdict[str, float], Counter[str]]:
    """Count activations by operator.

    Args:
        model: As for the `FlopAnalyzer`.
        inputs: As there.
        supported_ops: As there.

    Returns:
        Millions by operator, and how often operators are called that count nothing.
    """
    return _in_units(ActivationAnalyzer(model, inputs, supported_ops), 1e6)


def _in_units(analyzer: _Analyzer, unit: float) -> tuple[defaultdict[str, float], Counter[str]]:
    counts: defaultdict[str, float] = defaultdict(float)
    counts.update({name: count / unit for name, count in analyzer.by_operator().items()})
    return counts, analyzer.unsupported_ops()


@dataclass(frozen=True)
class _Pass:
    """What was seen of a forward pass.

    Attributes:
        counts: By module and operator.
        others: How often each module calls operators that count nothing.
        outputs: The shapes of the tensors that each module returned that was called.
    """

    counts: Mapping[str, Counter[str]]
    others: Mapping[str, Counter[str]]
    outputs: Mapping[nn.Module, tuple[Shape, ...]]


class _ByOperator(dict[Any, Formula]):
    """Formulas by operators, which are found by an overload of the operator as well.

    Torch's counter asks for an overload before it takes an operator apart, up to torch 2.13.
    """

    def __contains__(self, operator: object) -> bool:
        return super().__contains__(getattr(operator, "_overloadpacket", operator))


class _Others(TorchDispatchMode):
    """Counts the calls of operators for which a counter has no formula, and which are no views."""

    def __init__(self, counter: FlopCounterMode) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch gives it no types
        self.counter = counter
        self.calls: dict[str, Counter[Any]] = defaultdict(Counter)

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        operator = func._overloadpacket
        if operator not in self.counter.flop_registry and not func.is_view:
            for path in self.counter.mod_tracker.parents:
                self.calls[path][operator] += 1
        return func(*args, **(kwargs or {}))


@contextmanager
def _in_evaluation(model: nn.Module) -> Iterator[None]:
    """Run a model for its operators: in evaluation mode, without gradients or merged layers."""
    was_training = {module: module.training for module in model.modules()}
    merged = torch.backends.mha.get_fastpath_enabled()
    model.eval()
    # Otherwise attention would be one operator with its projections, for which there is no formula.
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with torch.no_grad():
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(merged)
        for module, training in was_training.items():
            module.training = training


def shapes_in(value: Any) -> tuple[Shape, ...]:
    """Return the shapes of the tensors in a value, in their order.

    Args:
        value: A tensor, or tensors in sequences and mappings.
    """
    if isinstance(value, Tensor):
        return (tuple(value.shape),)
    if isinstance(value, Mapping):
        value = [*value.values()]
    within = value if isinstance(value, (list, tuple)) else ()
    return tuple(shape for each in within for shape in shapes_in(each))


def _name(operator: Any) -> str:
    return str(getattr(operator, "_qualified_op_name", operator))


def _short_name(operator: Any) -> str:
    name = _name(operator).removeprefix("aten::")
    return _SHORT.get(name, name)
