"""Grad-CAM of the models of mmalpha, mmbeta and timm, held against the package by hand."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.image import show_cam_on_image
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor, nn

from engine.cli import main
from engine.infer import BaseInferencer, explain
from engine.runner import save_checkpoint
from mmalpha import ClsInferencer
from mmbeta import SegInferencer

CONFIG = "mmbeta::fcn_r18_digits.py"
CLASSES = [*"abc"]
RESNET = dict(type="ResNet", depth=18, base_channels=16)
TOKENS = dict(
    type="VisionTransformer",
    arch=dict(embed_dims=32, num_layers=3, num_heads=2),
    img_size=32,
    patch_size=8,
)


def classifier(backbone: dict[str, Any], pools: bool) -> BaseInferencer:
    """A classifier of images of 32×32 pixels with its first weights."""
    torch.manual_seed(0)
    neck = {"neck": dict(type="GlobalAveragePooling")} if pools else {}
    head: dict[str, Any] = dict(type="LinearClsHead", num_classes=3)
    if backbone["type"] == "VisionTransformer":
        head["in_channels"] = 32
    preprocessor = dict(type="ImgDataPreprocessor")
    model = dict(
        type="ImageClassifier",
        backbone=backbone,
        head=head,
        data_preprocessor=preprocessor,
        **neck,
    )
    dataset = dict(type="ImageFolder", metainfo=dict(classes=CLASSES))
    cfg = dict(default_scope="mmalpha", model=model, test_dataloader=dict(dataset=dataset))
    return ClsInferencer(cfg, device="cpu", pipeline=[])


@pytest.fixture
def image() -> Tensor:
    return torch.randint(256, (3, 32, 48), generator=torch.Generator().manual_seed(0)).byte()


class _Logits(nn.Module):
    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> Any:
        return self.model(images)


def by_hand(
    inferencer: BaseInferencer, image: Tensor, layer: nn.Module, label: int, reshape: Any = None
) -> np.ndarray[Any, Any]:
    """The picture of the package, for a model that takes images as they are."""
    given = image[None].float().requires_grad_()
    cam = GradCAM(_Logits(inferencer.model), [layer], reshape_transform=reshape)
    heat = cam(given, targets=[ClassifierOutputTarget(label)])[0]
    pixels = image.permute(1, 2, 0).numpy().astype(np.float32) / 255
    picture: np.ndarray[Any, Any] = show_cam_on_image(pixels, heat, use_rgb=True)
    return picture


@pytest.fixture
def without_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an inferencer show explanations without a text below."""
    monkeypatch.setattr(ClsInferencer, "draw_explained", BaseInferencer.draw_explained)


@pytest.mark.usefixtures("without_text")
@pytest.mark.parametrize("target", [None, *CLASSES])
def test_a_network_of_maps_is_explained_by_its_last_map(target: str | None, image: Tensor) -> None:
    inferencer = classifier(RESNET, pools=True)
    (made,) = explain(inferencer, [image], target=target)
    logits = inferencer.model(image[None].float())
    label = int(logits.argmax()) if target is None else CLASSES.index(target)
    layer = inferencer.model.get_submodule("backbone.layer4")
    np.testing.assert_array_equal(made, by_hand(inferencer, image, layer, label))


@pytest.mark.usefixtures("without_text")
def test_a_layer_may_be_named(image: Tensor) -> None:
    inferencer = classifier(RESNET, pools=True)
    (made,) = explain(inferencer, [image], "backbone.layer2", "b")
    layer = inferencer.model.get_submodule("backbone.layer2")
    np.testing.assert_array_equal(made, by_hand(inferencer, image, layer, 1))


@pytest.mark.usefixtures("without_text")
def test_a_transformer_is_explained_by_the_last_normalized_patches() -> None:
    inferencer = classifier(TOKENS, pools=False)
    square = torch.randint(256, (3, 32, 32), generator=torch.Generator().manual_seed(1)).byte()
    (made,) = explain(inferencer, [square], target="c")
    layer = inferencer.model.get_submodule("backbone.blocks.2.norm1")

    def reshape(tokens: Tensor) -> Tensor:
        return tokens[:, 1:].reshape(1, 4, 4, -1).permute(0, 3, 1, 2)

    np.testing.assert_array_equal(made, by_hand(inferencer, square, layer, 2, reshape))


@pytest.mark.parametrize(
    "name", ["timm.resnet18", "timm.convnext_atto", "timm.swin_tiny_patch4_window7_224"]
)
def test_networks_of_timm_are_explained(name: str) -> None:
    inferencer = classifier(dict(type=name, pretrained=False), pools=False)
    side = 224 if "224" in name else 64
    picture = torch.randint(256, (3, side, side), generator=torch.Generator().manual_seed(2))
    (made,) = explain(inferencer, [picture.byte()])
    assert made.shape[2] == 3
    assert made.shape[1] >= 224


def test_a_model_is_left_as_it_was(image: Tensor) -> None:
    inferencer = classifier(RESNET, pools=True)
    model = inferencer.model
    model.backbone.requires_grad_(False)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    modes = [module.training for module in model.modules()]
    explain(inferencer, [image])
    assert [module.training for module in model.modules()] == modes
    assert all(parameter.grad is None for parameter in model.parameters())
    assert not any(module._forward_hooks for module in model.modules())
    after = model.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())


def test_mistakes(image: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    inferencer = classifier(RESNET, pools=True)
    with pytest.raises(ValueError, match=r"no layer 'backbone.layer9'; did you mean 'backbone.la"):
        explain(inferencer, [image], "backbone.layer9")
    with pytest.raises(ValueError, match=r"the layer 'head.fc' gives no feature map"):
        explain(inferencer, [image], "head.fc")
    with pytest.raises(ValueError, match=r"there is no class 'd'"):
        explain(inferencer, [image], target="d")
    monkeypatch.setitem(sys.modules, "pytorch_grad_cam", None)
    with pytest.raises(ImportError, match=r"package grad-cam: pip install 'engine\[explain\]'"):
        explain(inferencer, [image])


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A segmentor with its first weights."""
    model = SegInferencer(CONFIG, device="cpu", color="gray").model
    save_checkpoint({"state_dict": model.state_dict()}, tmp_path / "first.pth")
    return tmp_path / "first.pth"


def test_a_segmentation_is_explained_from_the_command_line(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.fromarray(np.arange(64 * 64, dtype=np.uint8).reshape(64, 64)).save(tmp_path / "in.png")

    def predict(*words: object) -> int | str | None:
        given = (checkpoint, tmp_path / "in.png", "--config", CONFIG, "--device", "cpu", *words)
        with pytest.raises(SystemExit) as end:
            main(["predict", *map(str, given)])
        return end.value.code

    pictures = []
    for name in "37":
        out = tmp_path / f"{name}.png"
        assert predict("--explain", "--explain-class", name, "--out", out) == 0
        assert capsys.readouterr().out.splitlines()[-1] == f"Wrote {out}"
        pictures.append(np.asarray(Image.open(out)))
    assert pictures[0].shape[0] > 192
    assert (pictures[0] != pictures[1]).any()
    assert predict("--explain") == 2
    assert "--explain makes images; --out says where to write them" in capsys.readouterr().err
    assert predict("--explain-class", "3") == 2
    assert "--explain-layer and --explain-class go with --explain" in capsys.readouterr().err


def test_background_is_explained_only_where_there_is_nothing_else() -> None:
    inferencer = SegInferencer(CONFIG, device="cpu", color="gray")
    logits = torch.zeros(11, 4, 4)
    logits[0] = 1
    assert inferencer.explained(logits, None).name == "background"
    logits[5, 0, 0] = 2
    found = inferencer.explained(logits, None)
    assert (found.name, found.score(logits).item()) == ("4", 2)
    assert inferencer.explained(logits, "9").score(logits).item() == 0
