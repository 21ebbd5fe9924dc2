from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from mmalpha import DataSample
from mmalpha.models import BatchAugments, CrossEntropyLoss, CutMix, ImageClassifier, Mixup
from mmalpha.models.losses import one_hot_of
from mmalpha.registry import MODELS

seeds = st.integers(0, 2**31)


def flat_images(count: int, height: int = 6, width: int = 8) -> tuple[Tensor, Tensor]:
    """Images of which each is one value, its number, and their one-hot targets."""
    numbers = torch.arange(count)
    images = numbers.float().reshape(-1, 1, 1, 1).expand(-1, 2, height, width)
    return images.contiguous(), functional.one_hot(numbers, count).float()


@given(seeds, st.integers(1, 5))
def test_mixup_adds_up_images_as_it_does_targets(seed: int, count: int) -> None:
    torch.manual_seed(seed)
    images, target = flat_images(count)
    mixed, soft = Mixup(alpha=0.5)(images, target)
    torch.testing.assert_close(soft.sum(1), torch.ones(count))
    expected = soft @ torch.arange(count).float()
    torch.testing.assert_close(mixed, expected.reshape(-1, 1, 1, 1).expand_as(mixed))


@given(seeds, st.integers(2, 5), st.integers(1, 9), st.integers(1, 9))
def test_cutmix_mixes_targets_by_area(seed: int, count: int, height: int, width: int) -> None:
    torch.manual_seed(seed)
    images, target = flat_images(count, height, width)
    kept = images.clone()
    mixed, soft = CutMix()(images, target)
    for number in range(count):
        values, pixels = mixed[number, 0].unique(return_counts=True)
        shares = torch.zeros(count)
        shares[values.long()] = pixels / (height * width)
        torch.testing.assert_close(soft[number], shares)
        own = mixed[number] == number
        assert torch.equal(own[0], own[1])
    assert torch.equal(images, kept)


def test_cutmix_cuts_boxes_of_the_drawn_area() -> None:
    torch.manual_seed(0)
    images, target = flat_images(2, 64, 64)
    shares = torch.tensor([CutMix(alpha=1.0)(images, target)[1][0, 0] for _ in range(300)])
    assert shares.min() < 0.2
    assert shares.max() > 0.9
    assert shares.mean().item() == pytest.approx(0.63, abs=0.06)  # boxes are cut off at the edges


def test_one_of_several_is_applied() -> None:
    torch.manual_seed(0)
    images, target = flat_images(4, 16, 16)
    augments = [dict(type="mmalpha.Mixup"), dict(type="mmalpha.CutMix")]
    kinds = []
    for _ in range(600):
        mixed, soft = BatchAugments(augments, probs=[0.5, 0.25])(images, target)
        if mixed is images:
            assert soft is target
            kinds.append("none")
        else:
            kinds.append("cut" if mixed[1].unique().numel() == 2 else "mix")
    assert kinds.count("none") / 600 == pytest.approx(0.25, abs=0.06)
    assert kinds.count("cut") / 600 == pytest.approx(0.25, abs=0.07)
    always = BatchAugments(augments[0])
    assert all(always(images, target)[0] is not images for _ in range(20))


def test_the_same_state_of_the_generator_gives_the_same() -> None:
    images, target = flat_images(4)
    augment = BatchAugments([dict(type="mmalpha.Mixup"), dict(type="mmalpha.CutMix")])
    torch.manual_seed(3)
    state = torch.get_rng_state()
    first = [augment(images, target) for _ in range(5)]
    torch.set_rng_state(state)
    for (image, soft), (again, soft_again) in zip(
        first, [augment(images, target) for _ in range(5)], strict=True
    ):
        assert torch.equal(image, again)
        assert torch.equal(soft, soft_again)


@pytest.fixture
def model() -> ImageClassifier:
    """A classifier that does the same in training and in evaluation, but for its mixing."""
    model = MODELS.build(
        dict(
            type="ImageClassifier",
            backbone=dict(
                type="ConvNeXt",
                arch=dict(depths=[1], channels=[4]),
                stem_stride=1,
                out_indices=[0],
            ),
            neck=dict(type="GlobalAveragePooling"),
            head=dict(type="LinearClsHead", num_classes=3, in_channels=4),
            batch_augments=dict(augments=dict(type="Mixup")),
        )
    )
    assert isinstance(model, ImageClassifier)
    return model


@pytest.mark.parametrize("is_soft", [False, True])
def test_a_training_mixes(model: ImageClassifier, is_soft: bool) -> None:
    images, samples = torch.randn(3, 3, 4, 4), [DataSample() for _ in range(3)]
    for label, sample in enumerate(samples):
        if is_soft:
            sample.set_gt_score(torch.eye(3)[label])
        else:
            sample.set_gt_label(label)
    torch.manual_seed(0)
    torch.rand(())  # by which the augmentation is chosen
    mixed, soft = Mixup()(images, torch.eye(3))
    expected = functional.cross_entropy(model(mixed), soft)
    torch.manual_seed(0)
    loss = model.train()(images, samples, mode="loss")["loss"]
    torch.testing.assert_close(loss, expected)
    assert [sample.keys() for sample in samples] == [["gt_score" if is_soft else "gt_label"]] * 3


def test_a_validation_does_not_mix(model: ImageClassifier) -> None:
    images = torch.randn(3, 3, 4, 4)
    samples = [DataSample().set_gt_label(label) for label in range(3)]
    loss = model.eval()(images, samples, mode="loss")["loss"]
    torch.testing.assert_close(loss, functional.cross_entropy(model(images), torch.arange(3)))


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(ValueError, match="alpha of CutMix is greater than 0; got 0"):
        CutMix(alpha=0)
    with pytest.raises(ValueError, match="augments of a batch has at least one config"):
        BatchAugments([])
    for probs in ([0.5], [0.7, 0.7], [-0.1, 0.5]):
        with pytest.raises(ValueError, match=r"probs has a probability for each of the 2 augments"):
            BatchAugments([dict(type="mmalpha.Mixup"), dict(type="mmalpha.CutMix")], probs)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_ignored_labels_add_nothing_to_a_mixed_batch(smoothing: float) -> None:
    target = one_hot_of(torch.tensor([1, -100, 2, -100]), 3, ignore_index=-100)
    assert target.tolist() == [[0, 1, 0], [0, 0, 0], [0, 0, 1], [0, 0, 0]]
    logits = torch.randn(4, 3)
    loss = CrossEntropyLoss(label_smoothing=smoothing, reduction="none")
    values = loss(logits, target)
    assert values[1] == values[3] == 0
    labels = loss(logits, torch.tensor([1, -100, 2, -100]))
    torch.testing.assert_close(values, labels)


def test_a_classifier_mixes_images_with_ignored_labels() -> None:
    model: Any = MODELS.build(
        dict(
            type="ImageClassifier",
            backbone=dict(type="ResNet", depth=18, base_channels=4, stem="cifar"),
            neck=dict(type="GlobalAveragePooling"),
            head=dict(type="LinearClsHead", num_classes=3, in_channels=32),
            batch_augments=dict(augments=[dict(type="Mixup")]),
        )
    )
    samples = [DataSample().set_gt_label(label) for label in (0, -100, 2)]
    assert model(torch.randn(3, 3, 8, 8), samples, mode="loss")["loss"].isfinite()
