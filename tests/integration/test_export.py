"""`engine export`, and predictions with what it wrote."""

from __future__ import annotations

import json
import pickle
import zipfile
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from engine.checkpoint import CheckpointError, read_checkpoint, save_checkpoint
from engine.cli import main
from engine.config import Config
from engine.infer import build_inferencer, explain, export_model, open_trained
from engine.model import BaseModel
from engine.registry import MODELS
from engine.runner import model_of

DIGITS = "mmalpha::resnet18_digits.py"


def run(*words: object) -> int | str | None:
    with pytest.raises(SystemExit) as end:
        main([*map(str, words)])
    return end.value.code


@pytest.fixture(scope="module")
def files(digits_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The checkpoint, and a file of each format."""
    folder = tmp_path_factory.mktemp("exported")
    made = {kind: folder / f"model.{kind}" for kind in ("onnx", "pt2", "safetensors")}
    for path in made.values():
        export_model(digits_checkpoint, path)
    return {"pth": digits_checkpoint, **made}


def _scores(path: Path, *images: Any) -> list[Tensor]:
    infer = build_inferencer(open_trained(path, trust=True), device="cpu")
    kwargs: dict[str, Any] = dict(return_datasamples=True, visualize=False, batch_size=4)
    return [each.pred_score for each in infer(list(images), **kwargs)["predictions"]]


@pytest.mark.slow
def test_all_formats_predict_the_same(files: dict[str, Path], digit_image: Path) -> None:
    found = {kind: _scores(path, *[str(digit_image)] * 5) for kind, path in files.items()}
    assert all(len(each) == 5 for each in found.values())
    for each in found.values():
        torch.testing.assert_close(each, found["pth"], atol=1e-4, rtol=1e-4)


@pytest.mark.slow
def test_the_metadata_say_what_goes_in_and_out(files: dict[str, Path]) -> None:
    metas = {kind: open_trained(path, trust=True).meta for kind, path in files.items()}
    for kind in ("onnx", "pt2", "safetensors"):
        meta = metas[kind]
        assert meta["classes"] == [*"0123456789"]
        assert meta["pipeline"] == [{"type": "PackClsInputs"}]
        assert meta["data_preprocessor"]["mean"] == [78.0]
        assert meta["inferencer"] == {"type": "ClsInferencer", "color": "gray", "size": [8, 8]}
        assert (meta["epoch"], meta["iter"]) == (3, 9)
        assert "engine_version" in meta
    assert metas["onnx"]["input"] == {"name": "images", "shape": ["N", 1, 8, 8], "dtype": "uint8"}
    assert metas["pt2"]["outputs"]["scores"]["shape"] == ["N", 10]
    assert "input" not in metas["safetensors"]
    assert b"site-packages" not in files["onnx"].read_bytes()


@pytest.mark.slow
def test_the_graph_holds_the_data_preprocessor(files: dict[str, Path]) -> None:
    import onnxruntime

    images = torch.randint(0, 256, (3, 1, 8, 8), dtype=torch.uint8)
    session = onnxruntime.InferenceSession(str(files["onnx"]))
    (scores,) = session.run(["scores"], {"images": images.numpy()})
    for expected, found in zip(_scores(files["pth"], *images), scores, strict=True):
        torch.testing.assert_close(expected, torch.from_numpy(found), atol=1e-4, rtol=1e-4)


@pytest.mark.slow
def test_the_command(
    digits_checkpoint: Path, digit_image: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "model.onnx"
    assert run("export", digits_checkpoint, "--out", out) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"Wrote {out}"
    assert lines[1] == "input images N×1×8×8 uint8"
    assert lines[2].startswith("output scores N×10 float32: the probability of each class")
    assert lines[3].startswith(
        "checked on 8 images of the data, in several batches: outputs differ"
    )
    assert run("predict", out, digit_image, "--out", tmp_path / "drawn.png", "--device", "cpu") == 0
    assert (tmp_path / "drawn.png").is_file()
    exported = capsys.readouterr().out.splitlines()[:2]
    assert run("predict", digits_checkpoint, digit_image, "--device", "cpu") == 0
    assert capsys.readouterr().out.splitlines() == exported


def test_a_config_may_come_first(
    digits_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config.yaml"
    Config.fromstring(open_trained(digits_checkpoint).meta["cfg"], ".py").dump(config)
    out = tmp_path / "out.safetensors"
    words = ["export", config, digits_checkpoint, "--format", "safetensors", "--json", "--out", out]
    assert run(*words) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["format"] == "safetensors"
    assert told["size"] == out.stat().st_size
    assert read_checkpoint(out)["meta"]["classes"] == [*"0123456789"]


@pytest.mark.slow
def test_a_file_that_torch_could_run_needs_trust(
    files: dict[str, Path], digit_image: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("predict", files["pt2"], digit_image) == 2
    assert "model.pt2 can run code when torch loads it" in capsys.readouterr().err
    assert run("predict", files["pt2"], digit_image, "--trust", "--device", "cpu") == 0


class _Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path("harm"),))


def test_a_hostile_file_runs_nothing(
    digit_image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with zipfile.ZipFile("x.pt2", "w") as archive:
        archive.writestr("x/extra/meta", json.dumps({"cfg": "import os; os.mkdir('harm')"}))
        archive.writestr("x/data/sample_inputs/model.pt", pickle.dumps(_Bomb()))
    with pytest.raises(CheckpointError, match="can run code"):
        build_inferencer("x.pt2")
    assert not Path("harm").exists()


@pytest.mark.slow
def test_metadata_are_data(
    files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import onnx

    monkeypatch.chdir(tmp_path)
    for cfg in ("import os\nos.mkdir('harm')", "model = dict(type='os.mkdir', path='harm')"):
        model = onnx.load(files["onnx"])
        (entry,) = model.metadata_props
        entry.value = json.dumps({"cfg": f"inferencer = dict(type='ClsInferencer')\n{cfg}"})
        onnx.save(model, "x.onnx")
        with pytest.raises((ValueError, KeyError, RuntimeError)):
            build_inferencer("x.onnx")
    assert not Path("harm").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["CHECKPOINT"], "nothing says what to write: --out model.onnx, or --format onnx"),
        (["CHECKPOINT", "x.foo"], "the format is onnx, pt2, safetensors, pth or hub; got 'foo'"),
        (["CHECKPOINT", "CHECKPOINT"], "epoch_3.pth is the checkpoint itself"),
        (["CHECKPOINT", "x.bin", "--format", "onnx"], "called x.bin; use .onnx"),
        (["CHECKPOINT", "x.pt2", "--format", "hub"], "for the Hub has no such suffix"),
        (["CHECKPOINT", "x.onnx", "--out", "y.onnx"], "x.onnx is one word too many"),
        ([DIGITS], f"engine export {DIGITS} lacks the checkpoint"),
        ([DIGITS, "CHECKPOINT", "x.onnx"], "the weights are not those of ImageClassifier"),
        (["CHECKPOINT", "x.onnx", "--shape", "3,8,8"], "the data have 1 channels, not 3"),
        (["CHECKPOINT", "x.onnx", "--shape", "3x8"], "--shape must be whole numbers"),
        (["no.onnx", "x.pt2"], "there is no exported model no.onnx"),
    ],
)
def test_a_users_mistake(
    digits_checkpoint: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    words = [str(digits_checkpoint) if word == "CHECKPOINT" else word for word in words]
    assert run("export", *words) == 2
    assert message in capsys.readouterr().err
    assert not [*tmp_path.iterdir()]


def test_what_is_no_exported_model(tmp_path: Path, digit_image: Path) -> None:
    for suffix in ("onnx", "pt2"):
        path = tmp_path / f"x.{suffix}"
        path.write_bytes(digit_image.read_bytes())
        with pytest.raises(CheckpointError, match="or was cut short"):
            build_inferencer(open_trained(path, trust=True))


@pytest.mark.slow
def test_an_exported_model_is_not_explained(files: dict[str, Path], digit_image: Path) -> None:
    infer = build_inferencer(files["onnx"], device="cpu")
    with pytest.raises(ValueError, match="an exported model has no layers to explain"):
        explain(infer, [str(digit_image)])


@pytest.mark.slow
def test_a_graph_is_not_exported_again(files: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="the weights are in its checkpoint"):
        export_model(files["onnx"], tmp_path / "x.pt2")


@pytest.mark.slow
def test_an_image_of_another_size(files: dict[str, Path]) -> None:
    infer = build_inferencer(files["onnx"], device="cpu")
    batch = {"inputs": [torch.zeros(1, 9, 8, dtype=torch.uint8)], "data_samples": None}
    with pytest.raises(ValueError, match="takes images of 1×8×8; the pipeline gives 1×9×8"):
        infer.forward(batch)


@MODELS.register_module()
class AsksForValues(BaseModel):
    """Does what no graph can: it asks for the values of an image."""

    def __init__(self) -> None:
        super().__init__(dict(type="ImgDataPreprocessor"))
        self.layer = nn.Conv2d(1, 2, 1)

    def forward(self, inputs: Tensor, data_samples: Any = None, mode: str = "tensor") -> Tensor:
        return cast("Tensor", self.layer(-inputs if inputs.mean() > 100 else inputs))


@pytest.mark.parametrize("model", ["AsksForValues", "timm.resnet10t"])
def test_what_can_not_be_exported_says_why(model: str, tmp_path: Path) -> None:
    cfg = Config.fromfile(DIGITS)
    cfg.model = dict(type=model)
    path = tmp_path / "x.pth"
    save_checkpoint({"state_dict": model_of(cfg).state_dict()}, path)
    with pytest.raises(ValueError, match=r"can't be exported( as onnx: \w+|: it is no engine)"):
        export_model(path, tmp_path / "x.onnx", cfg)
    assert not (tmp_path / "x.onnx").exists()


@pytest.mark.slow
def test_without_data_a_shape_is_needed(digits_checkpoint: Path, tmp_path: Path) -> None:
    cfg = open_trained(digits_checkpoint).config()
    cfg.test_dataloader = cfg.val_dataloader = cfg.train_dataloader = None
    with pytest.raises(ValueError, match="shape of an input is not known: --shape 3,224,224 says"):
        export_model(digits_checkpoint, tmp_path / "x.pt2", cfg)
    done = export_model(digits_checkpoint, tmp_path / "x.pt2", cfg, shape=(1, 8, 8))
    assert done.checked_on == "8 random images, since the data can't be read"


@pytest.mark.slow
def test_images_of_any_size(tmp_path: Path) -> None:
    torch.manual_seed(3)
    cfg = Config.fromfile("mmbeta::fcn_r18_digits.py")
    cfg.merge_from_dict(
        {"model.backbone.base_channels": 16, "test_dataloader.dataset.num_images": 4}
    )
    cfg.model.decode_head.in_channels = (16, 32, 64, 128)
    cfg.model.data_preprocessor.pad_size_divisor = 16
    path, out = tmp_path / "x.pth", tmp_path / "x.onnx"
    save_checkpoint({"state_dict": model_of(cfg).state_dict()}, path)
    done = export_model(path, out, cfg, any_size=True)
    assert done.meta["input"]["shape"] == ["N", 1, "H", "W"]
    assert done.meta["outputs"]["logits"]["shape"] == ["N", 11, "H", "W"]
    images = [torch.randint(0, 256, (1, *size), dtype=torch.uint8) for size in ((50, 70), (33, 64))]
    # In a batch of a model an image is padded to the largest; what is exported takes each alone.
    masks = [
        build_inferencer(each, cfg, "cpu")(images, batch_size=number, return_datasamples=True)
        for each, number in ((path, 1), (out, 2))
    ]
    for expected, found in zip(masks[0]["predictions"], masks[1]["predictions"], strict=True):
        same = expected.pred_sem_seg.data == found.pred_sem_seg.data
        assert same.float().mean() > 0.999
