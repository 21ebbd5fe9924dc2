"""From a trained model and an input to a result."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor, nn

from engine.config import Config, ConfigError
from engine.dataset import BaseDataset
from engine.infer import BaseInferencer, KnownModel, build_inferencer, find_model
from engine.model import BaseModel
from engine.registry import INFERENCERS, MODELS, DefaultScope
from engine.runner import CheckpointError, save_checkpoint
from engine.visualization import Visualizer

CfgMaker = Callable[..., Config]


class _Sums(BaseModel):
    """Predicts the weighted sum of an input, and keeps the sizes of its batches."""

    def __init__(self, size: int = 2) -> None:
        super().__init__()
        self.fc = nn.Linear(size, 1, bias=False)
        self.drop = nn.Dropout(0.5)
        self.batches: list[int] = []

    def forward(self, inputs: list[Tensor], data_samples: Any = None, mode: str = "tensor") -> Any:
        assert mode == "predict"
        assert not torch.is_grad_enabled()
        self.batches.append(len(inputs))
        sums = self.fc(self.drop(torch.stack(inputs))).flatten()
        return [{"name": name, "sum": each} for name, each in zip(data_samples, sums, strict=True)]


class _Inferencer(BaseInferencer):
    def preprocess_one(self, item: Any) -> dict[str, Any]:
        return {"inputs": torch.tensor(item, dtype=torch.float32), "data_samples": str(item)}

    def draw(self, item: Any, prediction: Any) -> npt.NDArray[np.uint8]:
        return np.full((1, 1, 3), int(prediction["sum"]), np.uint8)

    def describe(self, prediction: Any) -> dict[str, Any]:
        return {"name": prediction["name"], "sum": prediction["sum"].item()}


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A checkpoint of weights 1 and 10."""
    save_checkpoint({"state_dict": {"fc.weight": torch.tensor([[1.0, 10.0]])}}, tmp_path / "w.pth")
    return tmp_path / "w.pth"


CFG = {"model": {"type": _Sums}}


@pytest.mark.parametrize(("batch_size", "batches"), [(1, [1, 1, 1]), (2, [2, 1]), (8, [3])])
def test_results_are_those_of_the_inputs_in_their_order(
    weights: Path, batch_size: int, batches: list[int]
) -> None:
    infer = _Inferencer(CFG, weights, device="cpu")
    result = infer([(1, 1), (2, 1), (3, 1)], batch_size=batch_size)
    assert result["predictions"] == [
        {"name": "(1, 1)", "sum": 11.0},
        {"name": "(2, 1)", "sum": 12.0},
        {"name": "(3, 1)", "sum": 13.0},
    ]
    assert [picture[0, 0, 0] for picture in result["visualization"]] == [11, 12, 13]
    assert getattr(infer.model, "batches") == batches  # noqa: B009  # the type is BaseModel


def test_one_input_needs_no_list_and_drawing_may_be_left_out(weights: Path) -> None:
    infer = _Inferencer(CFG, weights, device="cpu")
    result = infer(np.array([4, 2]), visualize=False)
    assert result == {"predictions": [{"name": "[4 2]", "sum": 24.0}], "visualization": []}
    assert infer([]) == {"predictions": [], "visualization": []}


def test_the_model_may_be_a_file_or_a_config(tmp_path: Path, toy_cfg: CfgMaker) -> None:
    file = tmp_path / "net.yaml"
    file.write_text("default_scope: engine\nmodel: {type: Sequential}\n")
    assert isinstance(_Inferencer(file, device="cpu").model, nn.Sequential)
    infer = _Inferencer(toy_cfg(), scope="somewhere", device="cpu")
    assert not infer.model.training
    assert infer.device == torch.device("cpu")
    assert infer.scope == "somewhere"
    with infer.in_scope():
        assert DefaultScope.get_current_instance().scope_name == "somewhere"  # type: ignore[union-attr]  # one is in force
    assert DefaultScope.get_current_instance() is None  # of the process it changes nothing


def test_weights_of_another_model(weights: Path) -> None:
    with pytest.raises(CheckpointError, match=r"w\.pth: the weights are not those of _Sums"):
        _Inferencer({"model": {"type": _Sums, "size": 3}}, weights, device="cpu")
    with pytest.raises(CheckpointError, match=r"there is no checkpoint .*none\.pth"):
        _Inferencer(CFG, weights.with_name("none.pth"), device="cpu")


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let configs name the model and the inferencer of these tests."""
    MODELS.register_module("SumsForTest", module=_Sums, force=True)
    INFERENCERS.register_module("InferencerForTest", module=_Inferencer, force=True)


@pytest.fixture
def whole(tmp_path: Path, registered: None) -> Path:
    """A checkpoint with weights and the config of its run."""
    cfg = Config({"model": {"type": "SumsForTest"}, "inferencer": {"type": "InferencerForTest"}})
    state = {"fc.weight": torch.tensor([[1.0, 10.0]])}
    path = tmp_path / "whole.pth"
    save_checkpoint({"state_dict": state, "meta": {"cfg": cfg.pretty_text}}, path)
    return path


def test_one_file_has_the_model_and_its_config(whole: Path) -> None:
    for infer in (_Inferencer(weights=whole, device="cpu"), build_inferencer(whole, device="cpu")):
        assert infer([(1, 1)], visualize=False)["predictions"] == [{"name": "(1, 1)", "sum": 11.0}]


@pytest.mark.usefixtures("registered")
def test_the_config_of_a_checkpoint_does_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code = "model = dict(type='SumsForTest')\nopen('executed', 'w')\n"
    save_checkpoint({"state_dict": {}, "meta": {"cfg": code}}, "x.pth")
    with pytest.raises(ConfigError, match=r":2: `open\('executed', 'w'\)` is code"):
        _Inferencer(weights="x.pth")
    assert not Path("executed").exists()
    save_checkpoint({"state_dict": {}, "meta": {}}, "y.pth")
    with pytest.raises(CheckpointError, match=r"y\.pth holds no config; say which one"):
        _Inferencer(weights="y.pth")
    with pytest.raises(ValueError, match="model, weights or both must be given"):
        _Inferencer()
    with pytest.raises(ValueError, match="the config has no inferencer"):
        build_inferencer("x.pth", CFG)


class _WithOptions(_Inferencer):
    preprocess_kwargs: ClassVar[set[str]] = {"shift"}
    postprocess_kwargs: ClassVar[set[str]] = {"digits"}

    def preprocess_one(self, item: Any, shift: int = 0) -> dict[str, Any]:
        return super().preprocess_one(tuple(each + shift for each in item))

    def describe(self, prediction: Any, digits: int = 3) -> dict[str, Any]:
        return {"sum": round(prediction["sum"].item(), digits)}


def test_options_reach_their_steps(weights: Path) -> None:
    infer = _WithOptions(CFG, weights, device="cpu")
    result = infer([(1, 0.123)], shift=1, digits=1, visualize=False)
    assert result["predictions"] == [{"sum": 13.2}]
    with pytest.raises(TypeError, match="_WithOptions has no option 'shfit'; did you mean 'shift'"):
        infer([(1, 1)], shfit=1)
    [sample] = infer([(1, 1)], return_datasamples=True)["predictions"]
    assert sample["sum"] == 11.0


def test_a_folder_is_its_files(weights: Path, tmp_path: Path) -> None:
    class Lengths(_Inferencer):
        def preprocess_one(self, item: Any) -> dict[str, Any]:
            return super().preprocess_one((len(Path(item).read_text()), 0))

        def describe(self, prediction: Any) -> dict[str, Any]:
            return {"length": int(prediction["sum"])}

    folder = tmp_path / "inputs"
    (folder / "below").mkdir(parents=True)
    for name, text in {"b.txt": "xx", "a.txt": "x", ".hidden": "xxx"}.items():
        (folder / name).write_text(text)
    infer = Lengths(CFG, weights, device="cpu")
    assert infer(folder, visualize=False)["predictions"] == [{"length": 1}, {"length": 2}]


def test_a_folder_without_files(weights: Path, tmp_path: Path) -> None:
    (tmp_path / "empty" / "below").mkdir(parents=True)
    with pytest.raises(FileNotFoundError, match=r"there are no files in the folder .*empty"):
        _Inferencer(CFG, weights, device="cpu")(tmp_path / "empty")


def test_pictures_are_shown_if_that_is_asked_for(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[int] = []
    monkeypatch.setattr(Visualizer, "show", lambda self, image: shown.append(image[0, 0, 0]))
    _Inferencer(CFG, weights, device="cpu")([(1, 1), (2, 1)], show=True)
    assert shown == [11, 12]


def test_the_visualizer_is_that_of_the_config(weights: Path) -> None:
    assert _Inferencer(CFG, weights, device="cpu").visualizer is None
    cfg = {**CFG, "visualizer": {"type": "Visualizer", "name": "of the config"}}
    visualizer = _Inferencer(cfg, weights, device="cpu").visualizer
    assert visualizer is not None
    assert visualizer.instance_name == "of the config"


def test_a_class_says_itself_what_is_explained(weights: Path) -> None:
    infer = _Inferencer(CFG, weights, device="cpu")
    with pytest.raises(NotImplementedError, match="_Inferencer does not say what to explain"):
        infer.explained(torch.ones(2), None)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda dataset: dataset,
        lambda dataset: {"type": "RepeatDataset", "times": 2, "dataset": dataset},
        lambda dataset: {"type": "ConcatDataset", "datasets": [dataset, {"type": "Other"}]},
        lambda dataset: {
            "type": "RepeatDataset",
            "dataset": {"type": "ConcatDataset", "datasets": [dataset]},
        },
    ],
)
def test_what_is_known_of_a_dataset_is_known_through_wrappers(
    weights: Path, wrap: Callable[[Any], Any]
) -> None:
    dataset = {"type": BaseDataset, "metainfo": {"classes": ["a", "b"]}}
    cfg = {**CFG, "test_dataloader": {"dataset": wrap(dataset)}}
    assert _Inferencer(cfg, weights, device="cpu").dataset_meta == {"classes": ["a", "b"]}


def test_without_a_dataset_nothing_is_known_of_it(weights: Path) -> None:
    with pytest.raises(ValueError, match=r"an inferencer needs test_dataloader\.dataset, which"):
        _ = _Inferencer(CFG, weights, device="cpu").dataset_meta
    cfg = {**CFG, "test_dataloader": {"dataset": {"type": "ConcatDataset", "datasets": []}}}
    assert _Inferencer(cfg, weights, device="cpu").dataset_meta == {}


def test_the_models_that_libraries_ship() -> None:
    every = BaseInferencer.list_models()
    assert {"mmalpha::resnet18_digits.py", "mmbeta::fcn_r18_digits.py"} <= set(every)
    assert not any("_base_" in name for name in every)
    of_one = BaseInferencer.list_models("mmbeta", "^mmbeta::fcn")
    assert "mmbeta::fcn_r18_digits.py" in of_one
    assert all(name.startswith("mmbeta::fcn") for name in of_one)
    assert BaseInferencer.list_models("nowhere") == []


def test_the_parts_that_a_subclass_writes(weights: Path) -> None:
    class Bare(BaseInferencer):
        def preprocess_one(self, item: Any) -> dict[str, Any]:
            return {"inputs": torch.tensor(item, dtype=torch.float32), "data_samples": "a"}

    bare = Bare(CFG, weights)
    with pytest.raises(NotImplementedError, match="Bare has no draw: call it with visualize=False"):
        bare([(1, 2)])
    with pytest.raises(NotImplementedError, match="describe: call it with return_datasamples=True"):
        bare([(1, 2)], visualize=False)
    assert bare([(1, 2)], visualize=False, return_datasamples=True)["predictions"][0]["sum"] == 21


def test_the_steps_that_a_subclass_writes(weights: Path) -> None:
    class Steps(BaseInferencer):
        preprocess_kwargs: ClassVar[set[str]] = {"factor"}
        postprocess_kwargs: ClassVar[set[str]] = {"sign"}

        def _init_pipeline(self, cfg: Config) -> Callable[[Any], Any]:
            return lambda item: {"inputs": torch.tensor(item, dtype=torch.float32)}

        def _init_collate(self, cfg: Config) -> Callable[[list[Any]], Any]:
            return lambda samples: torch.stack([each["inputs"] for each in samples])

        def preprocess(self, inputs: Any, batch_size: int = 1, **kwargs: Any) -> Any:
            for batch in super().preprocess(inputs, batch_size):
                yield batch * kwargs["factor"]

        def forward(self, inputs: Any, **kwargs: Any) -> list[Any]:
            return [*inputs.sum(1)]

        def visualize(
            self, inputs: Any, preds: Any, show: bool = False, **kwargs: Any
        ) -> list[Any]:
            return [None for _ in preds]

        def postprocess(
            self,
            preds: Any,
            visualization: Any,
            return_datasample: bool = False,
            **kwargs: Any,
        ) -> dict[str, Any]:
            sums = [kwargs["sign"] * each.item() for each in preds]
            return {"predictions": sums, "visualization": visualization}

    results = Steps(CFG, weights)([(1, 2), (3, 4), (5, 6)], batch_size=2, factor=10, sign=-1)
    assert results == {"predictions": [-30, -70, -110], "visualization": [None] * 3}


def test_a_model_by_its_name_in_the_index_of_a_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = tmp_path / "indexed_models" / ".mim"
    (shipped / "configs").mkdir(parents=True)
    (shipped.parent / "__init__.py").touch()
    weights = tmp_path / "nothing.pth"
    save_checkpoint({"state_dict": {}}, weights)
    known = {"Name": "nothing", "Config": "configs/nothing.json", "Weights": str(weights)}
    (shipped / "model-index.yml").write_text("Import: [nothing.yml]")
    (shipped / "nothing.yml").write_text(json.dumps({"Models": [{"Name": "data"}, known]}))
    cfg = {"model": {"type": "engine.Sequential"}}
    (shipped / "configs" / "nothing.json").write_text(json.dumps(cfg))
    monkeypatch.syspath_prepend(tmp_path)
    expected = KnownModel("nothing", "indexed_models::nothing.json", str(weights))
    for name in (expected.name, expected.config):
        assert find_model(name, "indexed_models") == expected
        inferencer = _Inferencer(name, scope="indexed_models")
        assert inferencer.cfg.model.type == "engine.Sequential"
    assert "nothing" in BaseInferencer.list_models("indexed_models")
    assert find_model("something", "indexed_models") is None
    weights.unlink()
    with pytest.raises(FileNotFoundError, match=r"nothing\.pth"):
        _Inferencer("nothing", scope="indexed_models")


class _Downloading(_Sums):
    """Asks for weights that can't be reached."""

    def __init__(self, pretrained: bool) -> None:
        super().__init__()
        if pretrained:
            raise FileNotFoundError("no connection")


def test_with_a_checkpoint_no_pretrained_weights_are_asked_for(weights: Path) -> None:
    cfg = {"model": {"type": _Downloading, "pretrained": True}}
    result = _Inferencer(cfg, weights, device="cpu")([(1, 1)])
    assert result["predictions"] == [{"name": "(1, 1)", "sum": 11.0}]
    assert cfg["model"]["pretrained"] is True
    with pytest.raises(FileNotFoundError, match="no connection"):
        _Inferencer(cfg, device="cpu")
