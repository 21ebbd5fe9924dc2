"""The shipped configs with backbones of other packages, by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from engine.config import Config
from engine.registry import MODELS
from engine.runner import Runner

NODES = ["layer1", "layer2", "layer3", "layer4"]
GRAY = dict(type="torchvision.Grayscale", num_output_channels=3)
# By the name of a backbone: its other arguments, the channels of its last map or features, and
# whether it takes gray images.
CLASSIFIERS: dict[str, tuple[dict[str, Any], int, bool]] = {
    "timm.resnet18": (dict(in_chans=1, features_only=True), 512, True),
    "timm.mobilenetv3_small_050": (dict(in_chans=1, num_classes=0), 1024, True),
    "torchvision.resnet18": (dict(return_nodes=["layer4"]), 512, False),
    "torchvision.mobilenet_v3_small": (dict(num_classes=64), 64, False),
}
SEGMENTORS: dict[str, dict[str, Any]] = {
    "timm.resnet18": dict(in_chans=1, features_only=True, out_indices=(1, 2, 3, 4)),
    "torchvision.resnet18": dict(return_nodes=NODES),
}


def _trained(cfg: Config, folder: Path, loaders: dict[str, Any], gray: bool) -> dict[str, Any]:
    changes: dict[str, Any] = {
        "work_dir": str(folder),
        "train_cfg": dict(_delete_=True, by_epoch=True, max_epochs=1),
        "param_scheduler": None,
        "custom_hooks": [],
        "strategy": dict(type="SingleDeviceStrategy", device="cpu"),
    }
    for name in ("train_dataloader", "val_dataloader", "test_dataloader"):
        changes |= {f"{name}.{key}": value for key, value in loaders.items()}
        if not gray:
            pipeline = [*cfg[name].dataset.pipeline]
            changes[f"{name}.dataset.pipeline"] = [*pipeline[:-1], GRAY, pipeline[-1]]
    cfg.merge_from_dict(changes)
    runner = Runner.from_cfg(cfg)
    runner.train()
    metrics: dict[str, Any] = runner.test()
    return metrics


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_classifier_trains(name: str, tmp_path: Path) -> None:
    options, channels, gray = CLASSIFIERS[name]
    cfg = Config.fromfile("mmalpha::resnet18_digits.py")
    has_maps = {"features_only", "return_nodes"} & options.keys()
    cfg.merge_from_dict(
        {
            "model.backbone": dict(_delete_=True, type=name, **options),
            "model.neck": dict(type="GlobalAveragePooling") if has_maps else None,
            "model.head.in_channels": channels,
        }
    )
    loaders = {"batch_size": 8, "dataset.indices": 16}
    assert 0 <= _trained(cfg, tmp_path, loaders, gray)["accuracy/top1"] <= 1


@pytest.mark.parametrize("name", SEGMENTORS)
def test_a_segmentor_trains(name: str, tmp_path: Path) -> None:
    cfg = Config.fromfile("mmbeta::fcn_r18_digits.py")
    cfg.merge_from_dict(
        {
            "model.backbone": dict(_delete_=True, type=name, **SEGMENTORS[name]),
            "model.decode_head.in_channels": (64, 128, 256, 512),
        }
    )
    loaders = {"batch_size": 4, "dataset.num_images": 8}
    metrics = _trained(cfg, tmp_path, loaders, name.startswith("timm"))
    assert 0 <= metrics["mIoU"] <= 1


SLOW = pytest.mark.slow  # the import of transformers
IMAGES = torch.zeros(2, 3, 64, 64)


def _classifier(neck: bool, channels: int, backbone: dict[str, Any]) -> Any:
    return MODELS.build(
        dict(
            type="mmalpha.ImageClassifier",
            backbone=backbone,
            neck=dict(type="mmalpha.GlobalAveragePooling") if neck else None,
            head=dict(type="mmalpha.LinearClsHead", in_channels=channels, num_classes=10),
        )
    ).eval()


@pytest.mark.parametrize(
    ("name", "maps", "vectors"),
    [
        ("timm.resnet18", 512, 512),
        ("timm.mobilenetv3_small_050", 288, 1024),
        ("timm.swin_tiny_patch4_window7_224", 768, 768),
        ("torchvision.resnet18", 512, 512),
        ("torchvision.mobilenet_v3_small", 576, 1024),
        ("torchvision.densenet121", 1024, 1024),
        pytest.param("transformers.resnet", 2048, None, marks=SLOW),
        pytest.param("transformers.convnext", 768, None, marks=SLOW),
    ],
)
def test_a_model_of_a_source_gives_a_classifier_what_it_needs(
    name: str, maps: int, vectors: int | None
) -> None:
    images = torch.zeros(2, 3, 224, 224) if "224" in name else IMAGES
    assert _classifier(True, maps, {"type": name})(images).shape == (2, 10)
    if vectors is not None:
        assert _classifier(False, vectors, {"type": name})(images).shape == (2, 10)
    else:
        with pytest.raises(ValueError, match=r"gives \(2, .*; neck=.*GlobalAveragePooling"):
            _classifier(False, maps, {"type": name})(images)


def test_what_a_config_asks_for_holds() -> None:
    scores = {"type": "timm.resnet18", "num_classes": 7}
    assert _classifier(False, 7, scores)(IMAGES).shape == (2, 10)
    with pytest.raises(ValueError, match=r"takes maps \(N, C, H, W\); the backbone gives \(2, 7\)"):
        _classifier(True, 7, scores)(IMAGES)


@pytest.mark.parametrize(
    ("name", "channels"),
    [
        ("timm.resnet18", [64, 64, 128, 256, 512]),
        ("torchvision.resnet18", [64, 64, 128, 256, 512]),
        ("torchvision.mobilenet_v3_small", [16, 72, 96, 288, 576]),
        pytest.param("transformers.resnet", [256, 512, 1024, 2048], marks=SLOW),
    ],
)
def test_a_model_of_a_source_gives_a_segmentor_maps(name: str, channels: list[int]) -> None:
    model: Any = MODELS.build(
        dict(
            type="mmbeta.EncoderDecoder",
            backbone=dict(type=name),
            decode_head=dict(type="mmbeta.FCNHead", channels=8, num_classes=3),
        )
    ).eval()
    assert [each.shape[1] for each in model.extract_feat(IMAGES)] == channels
    assert model(IMAGES).shape == (2, 3, 64, 64)


def test_a_model_without_maps_is_refused() -> None:
    cfg = dict(
        type="mmbeta.EncoderDecoder",
        backbone=dict(type="torchvision.vit_b_16"),
        decode_head=dict(type="mmbeta.FCNHead", channels=8, num_classes=3),
    )
    with pytest.raises(ValueError, match=r"vit_b_16 makes no feature maps .* of several sizes"):
        MODELS.build(cfg)
