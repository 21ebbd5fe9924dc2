"""The page on registries of Lightning Flash, block by block, with names translated."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from engine import FlashRegistry, Task


class MyImageClassifier(Task):
    backbones = FlashRegistry("backbones")

    def __init__(self, backbone: str = "resnet18", pretrained: bool = True) -> None:
        super().__init__()
        self.backbone, self.num_features = self.backbones.get(backbone)(pretrained=pretrained)


def fn(backbone: str, pretrained: bool = True) -> tuple[Any, Any]:
    return None, None


MyImageClassifier.backbones(
    fn=partial(fn, backbone="my_backbone"), name="username/partial_backbone"
)


@MyImageClassifier.backbones(name="username/decorated_backbone")
def decorated(pretrained: bool = True) -> tuple[Any, Any]:
    return None, None


def test_accessing_registered_functions(capsys: pytest.CaptureFixture[str]) -> None:
    print(MyImageClassifier.available_backbones())
    model = MyImageClassifier(backbone="username/decorated_backbone")
    assert capsys.readouterr().out == (
        "['username/decorated_backbone', 'username/partial_backbone']\n"
    )
    assert (model.backbone, model.num_features) == (None, None)


def test_a_constructor_that_makes_nothing_else_works_as_on_the_page() -> None:
    class Bare(Task):
        backbones = MyImageClassifier.backbones

        def __init__(self, backbone: str, pretrained: bool = True) -> None:
            self.backbone, self.num_features = self.backbones.get(backbone)(pretrained=pretrained)

    assert Bare("username/partial_backbone").backbone is None


def test_pre_registered_backbones() -> None:
    from mmalpha.models import IMAGE_CLASSIFIER_BACKBONES, OBJ_DETECTION_BACKBONES

    keys = IMAGE_CLASSIFIER_BACKBONES.available_keys()
    assert keys == sorted(keys)
    assert len(keys) > 1000
    assert {"cspdarknet53", "inception_v3", "resnet18", "xception71"} <= set(keys)
    assert {"resnet18", "resnet50"} <= set(OBJ_DETECTION_BACKBONES.available_keys())


@pytest.mark.parametrize(
    ("former", "name"),
    [
        ("adv_inception_v3", "inception_v3.tf_adv_in1k"),
        ("cspdarknet53_iabn", "cspdarknet53"),
    ],
)
def test_names_of_the_page_that_timm_has_changed(former: str, name: str) -> None:
    from mmalpha.models import IMAGE_CLASSIFIER_BACKBONES

    assert former in IMAGE_CLASSIFIER_BACKBONES
    assert former not in IMAGE_CLASSIFIER_BACKBONES.available_keys()
    with pytest.warns(FutureWarning, match=f"timm calls {former} {name} now"):
        backbone, num_features = IMAGE_CLASSIFIER_BACKBONES.get(former, provider="timm")()
    assert num_features == backbone.num_features
