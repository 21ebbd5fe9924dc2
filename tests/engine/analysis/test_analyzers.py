"""What one forward pass counts, by module and operator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # as torch names it
from torch import Tensor, nn

from engine.analysis import ActivationAnalyzer, FlopAnalyzer, activation_count, flop_count

CONV = "conv"
LINEAR = "linear"
NORM = "aten::_native_batch_norm_legit_no_training"


class Net(nn.Module):
    """A convolution with a norm, a linear layer that is used twice, and one that is not used."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 10, 3), nn.BatchNorm2d(10), nn.Dropout(0.5))
        self.first = nn.Sequential(nn.Linear(8, 8))
        self.again = self.first
        self.unused = nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.again(self.first(self.stem(x).relu()[0, :, 0]))
        return out


CONV_FLOPS = 10 * 8 * 8 * 3 * 3 * 3
NORM_FLOPS = 2 * 10 * 8 * 8
LINEAR_FLOPS = 2 * 10 * 8 * 8  # for two calls


@pytest.fixture
def net() -> Net:
    return Net()


@pytest.fixture
def image() -> Tensor:
    return torch.randn(1, 3, 10, 10)


def test_multiply_adds(net: Net, image: Tensor) -> None:
    flops = FlopAnalyzer(net, image)
    assert flops.total() == CONV_FLOPS + NORM_FLOPS + LINEAR_FLOPS
    assert flops.total("stem") == CONV_FLOPS + NORM_FLOPS
    assert flops.total("stem.0") == CONV_FLOPS
    assert flops.by_operator() == {CONV: CONV_FLOPS, "batch_norm": NORM_FLOPS, LINEAR: LINEAR_FLOPS}
    assert flops.by_operator("first") == {LINEAR: LINEAR_FLOPS}
    assert flops.by_module_and_operator()["stem.0"] == {CONV: CONV_FLOPS}
    assert flops.by_module()["stem.1"] == NORM_FLOPS
    with pytest.raises(KeyError, match="nowhere"):
        flops.total("nowhere")


MAPS = torch.ones(2, 8, 6, 6)
LINES = torch.ones(2, 7, 8)
GRID = torch.zeros(2, 3, 3, 2)


class _Calls(nn.Module):
    def __init__(self, function: Callable[..., Tensor], *args: Any, **kwargs: Any) -> None:
        super().__init__()
        self.call: Callable[..., Tensor] = lambda inputs: function(inputs, *args, **kwargs)

    def forward(self, inputs: Tensor) -> Any:
        return self.call(inputs)


@pytest.mark.parametrize(
    ("module", "inputs", "name", "for_each"),
    [
        (nn.BatchNorm2d(8), MAPS, "batch_norm", 2),
        (nn.BatchNorm1d(8), torch.ones(2, 8), "batch_norm", 2),
        (nn.BatchNorm2d(8, affine=False), MAPS, "batch_norm", 1),
        (nn.BatchNorm2d(8, track_running_stats=False), MAPS, "batch_norm", 5),
        (nn.BatchNorm2d(8, affine=False, track_running_stats=False), MAPS, "batch_norm", 4),
        (nn.SyncBatchNorm(8), MAPS, "batch_norm", 2),
        (nn.InstanceNorm2d(8), MAPS, "batch_norm", 4),
        (nn.InstanceNorm2d(8, affine=True), MAPS, "batch_norm", 5),
        (nn.LayerNorm(8), LINES, "layer_norm", 5),
        (nn.LayerNorm(8, elementwise_affine=False), LINES, "layer_norm", 4),
        (nn.GroupNorm(2, 8), MAPS, "group_norm", 5),
        (nn.GroupNorm(2, 8, affine=False), MAPS, "group_norm", 4),
        (nn.AdaptiveAvgPool2d(1), MAPS, "adaptive_avg_pool2d", 1),
        (nn.AdaptiveAvgPool2d(3), MAPS, "adaptive_avg_pool2d", 1),
        (nn.Upsample(scale_factor=2), MAPS, "upsample_nearest2d", 4),
        (nn.Upsample(scale_factor=2, mode="bilinear"), MAPS, "upsample_bilinear2d", 16),
        (_Calls(F.interpolate, size=(3, 3), mode="bilinear"), MAPS, "upsample_bilinear2d", 1),
        (
            _Calls(F.grid_sample, torch.zeros(2, 3, 3, 2), align_corners=False),
            MAPS,
            "grid_sampler",
            1,
        ),
    ],
)
def test_what_takes_a_few_operations_for_each_element(
    module: nn.Module, inputs: Tensor, name: str, for_each: int
) -> None:
    assert FlopAnalyzer(module, inputs).by_operator() == {name: for_each * inputs.numel()}


@pytest.mark.parametrize(
    "module",
    [
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.AvgPool2d(2),
        nn.AdaptiveMaxPool2d(1),
        nn.Softmax(-1),
        _Calls(torch.mean, (2, 3)),
        _Calls(torch.mean),
    ],
)
def test_what_counts_nothing(module: nn.Module) -> None:
    assert not FlopAnalyzer(module, MAPS).by_operator()


def test_a_module_with_two_names_is_counted_under_both(net: Net, image: Tensor) -> None:
    flops = FlopAnalyzer(net, image)
    assert flops.total("again.0") == flops.total("first.0") == LINEAR_FLOPS
    assert "again" not in flops.by_module()


def test_activations(net: Net, image: Tensor) -> None:
    activations = ActivationAnalyzer(net, image)
    assert activations.total("stem") == 10 * 8 * 8
    assert activations.by_operator() == {CONV: 10 * 8 * 8, LINEAR: 2 * 10 * 8}


def test_what_is_not_counted_is_told(net: Net, image: Tensor) -> None:
    flops = FlopAnalyzer(net, image)
    assert flops.unsupported_ops()["aten::relu"] == 1
    assert NORM not in flops.unsupported_ops("stem")
    assert not flops.unsupported_ops("first")  # a transposed weight is a view
    assert flops.uncalled_modules() == {"unused"}


def test_operators_may_be_added(net: Net, image: Tensor) -> None:
    seen: list[Any] = []

    def norm(inputs: list[Any], outputs: list[Any]) -> int:
        seen.append((inputs[0].shape, outputs[0].shape))
        return 7

    flops = FlopAnalyzer(net, image, supported_ops={NORM: norm, "aten::convolution": lambda *_: 1})
    assert flops.total() == 7 + 1 + LINEAR_FLOPS
    assert flops.total("stem.1") == 7
    assert seen == [((1, 10, 8, 8), (1, 10, 8, 8))]
    with pytest.raises(ValueError, match="there is no operator 'aten::nonsense'"):
        FlopAnalyzer(net, image, supported_ops={"aten::nonsense": norm})
    relu = {"relu": lambda _, outputs: outputs[0].numel()}
    assert ActivationAnalyzer(net, image, relu).by_operator()["relu"] == 10 * 8 * 8


def test_the_model_stays_as_it_was(net: Net, image: Tensor) -> None:
    net.train()
    net.stem[1].eval()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    torch.manual_seed(0)
    FlopAnalyzer(net, image).total()
    assert [module.training for module in net.modules()].count(False) == 1
    assert not net.stem[1].training
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert all(parameter.grad is None for parameter in net.parameters())
    assert torch.backends.mha.get_fastpath_enabled()


def test_a_failure_leaves_the_model_as_it_was(net: Net) -> None:
    with pytest.raises(RuntimeError):
        FlopAnalyzer(net, torch.randn(1, 4, 10, 10)).total()
    assert net.training
    assert torch.backends.mha.get_fastpath_enabled()


def test_counts_in_units(net: Net, image: Tensor) -> None:
    flops, others = flop_count(net, (image,))
    assert flops[CONV] == CONV_FLOPS / 1e9
    assert flops.keys() == {CONV, "batch_norm", LINEAR}
    assert flops["nothing"] == 0
    assert others["aten::relu"] == 1
    activations, others = activation_count(net, (image,))
    assert activations == {CONV: 640 / 1e6, LINEAR: 160 / 1e6}
    assert others["aten::relu"] == 1


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_recurrent_layers(kind: Callable[..., nn.RNNBase], layers: int) -> None:
    model = kind(8, 16, num_layers=layers)
    matrices = sum(weight.numel() for weight in model.parameters() if weight.ndim == 2)
    assert FlopAnalyzer(model, torch.randn(5, 2, 8)).total() == 5 * 2 * matrices
    if kind is nn.LSTM:
        assert ActivationAnalyzer(model, torch.randn(5, 2, 8)).total() == layers * 5 * 2 * 16


def test_recurrent_layers_as_cudnn_has_them() -> None:
    """On the device `meta`, where nothing is computed."""

    class Cudnn(nn.Module):
        def forward(self, x: Tensor, weights: list[Tensor], state: Tensor) -> Tensor:
            mode, hidden = 2, 16  # an LSTM
            options: Any = (mode, hidden, 0, 1, False, 0.0, False, False, [], None)
            out = torch.ops.aten._cudnn_rnn(x, weights, 4, None, state, state, *options)
            first: Tensor = out[0]
            return first

    shapes = [(64, 8), (64, 16), (64,), (64,)]
    weights = [torch.empty(shape, device="meta") for shape in shapes]
    x, state = torch.empty(5, 2, 8, device="meta"), torch.empty(1, 2, 16, device="meta")
    inputs = (x, weights, state)
    assert FlopAnalyzer(Cudnn(), inputs).total() == 5 * 2 * (64 * 8 + 64 * 16)
    assert ActivationAnalyzer(Cudnn(), inputs).total() == 5 * 2 * 16


def test_attention_is_counted_whole() -> None:
    """A layer that torch would run as one operator counts what its parts do."""
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    tokens = 2 * 5
    products = tokens * 8 * (3 * 8 + 8 + 2 * 16) + 2 * 2 * 5 * 5 * 8
    norms = 2 * 5 * tokens * 8
    assert FlopAnalyzer(layer.eval(), torch.randn(2, 5, 8)).total() == products + norms


def test_setters_that_follow_each_other(net: Net, image: Tensor) -> None:
    flops = FlopAnalyzer(net, image)
    whole = flops.total()
    assert flops.set_op_handle("aten::relu", lambda *_: 7).ancestor_mode("caller") is flops
    assert flops.by_operator()["relu"] == 7
    assert flops.total() == whole + 7
    flops.set_op_handle("aten::convolution", None, NORM, None, **{"aten::relu": None})
    assert flops.by_operator() == {LINEAR: LINEAR_FLOPS}
    assert "aten::convolution" in flops.unsupported_ops()
    assert flops.clear_op_handles().tracer_warnings("none").total() == 0


@pytest.mark.parametrize("method", ["ancestor_mode", "tracer_warnings"])
def test_a_mode_that_there_is_not(net: Net, image: Tensor, method: str) -> None:
    with pytest.raises(ValueError, match=r"the mode is one of .*; got 'zz'"):
        getattr(FlopAnalyzer(net, image), method)("zz")


def test_an_operator_needs_a_function(net: Net, image: Tensor) -> None:
    with pytest.raises(ValueError, match="takes pairs"):
        FlopAnalyzer(net, image).set_op_handle("aten::relu")


def test_what_counts_nothing_is_told_where_asked_for(
    net: Net, image: Tensor, caplog: pytest.LogCaptureFixture
) -> None:
    flops = FlopAnalyzer(net, image)
    flops.total()
    assert caplog.records == []
    flops.unsupported_ops_warnings(True).uncalled_modules_warnings(True).total()
    operators, modules = (record.getMessage() for record in caplog.records)
    assert operators.startswith("Operators that count nothing: ")
    assert "aten::relu" in operators
    assert modules == "Modules that are not called: unused"
