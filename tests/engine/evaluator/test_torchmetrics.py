"""Metrics of torchmetrics by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchmetrics.functional.classification import multiclass_accuracy, multiclass_f1_score
from torchmetrics.functional.segmentation import mean_iou

from engine.evaluator import Evaluator
from engine.registry import METRICS
from engine.structures import BaseDataElement, PixelData

ACCURACY = dict(type="torchmetrics.classification.MulticlassAccuracy", num_classes=4)


def classified(count: int, seed: int) -> list[BaseDataElement]:
    generator = torch.Generator().manual_seed(seed)
    return [
        BaseDataElement(
            pred_score=torch.rand(4, generator=generator).softmax(0),
            gt_label=torch.randint(4, (1,), generator=generator),
        )
        for _ in range(count)
    ]


@given(st.integers(1, 30), st.integers(0, 2**31), st.integers(1, 8))
def test_values_are_those_of_torchmetrics(count: int, seed: int, chunk_size: int) -> None:
    samples = classified(count, seed)
    evaluator = Evaluator(
        [
            ACCURACY,
            dict(type="torchmetrics.classification.MulticlassF1Score", num_classes=4, prefix="x"),
        ]
    )
    scores = torch.stack([each.pred_score for each in samples])
    labels = torch.cat([each.gt_label for each in samples])
    for _ in range(2):  # nothing is left of a former evaluation
        assert evaluator.offline_evaluate(samples, chunk_size=chunk_size) == {
            "MulticlassAccuracy": pytest.approx(multiclass_accuracy(scores, labels, 4).item()),
            "x/MulticlassF1Score": pytest.approx(multiclass_f1_score(scores, labels, 4).item()),
        }


def test_masks() -> None:
    torch.manual_seed(0)
    truth, prediction = torch.randint(3, (2, 4, 1, 6, 5))
    samples = [
        BaseDataElement(gt_sem_seg=PixelData(data=t), pred_sem_seg=PixelData(data=p))
        for t, p in zip(truth, prediction, strict=True)
    ]
    cfg = dict(
        type="torchmetrics.segmentation.MeanIoU",
        num_classes=3,
        input_format="index",
        per_class=True,
    )
    values = Evaluator(cfg).offline_evaluate(samples)
    expected = mean_iou(prediction[:, 0], truth[:, 0], 3, per_class=True, input_format="index")
    assert values["MeanIoU"] == pytest.approx(expected.mean(0).tolist())


def test_keys_say_where_values_are() -> None:
    samples = [{"out": {"y": torch.tensor(1.0 * n)}, "true": 2.0 * n} for n in range(4)]
    cfg = dict(type="torchmetrics.MeanSquaredError", pred_key="out.y", target_key="true")
    assert Evaluator(cfg).offline_evaluate(samples)["MeanSquaredError"] == pytest.approx(3.5)
    with pytest.raises(
        ValueError,
        match=r"MeanSquaredError finds no out\.x in the outputs of the model, which have",
    ):
        Evaluator(dict(cfg, pred_key="out.x")).offline_evaluate(samples)
    with pytest.raises(ValueError, match="MulticlassAccuracy has seen no samples"):
        Evaluator(ACCURACY).evaluate(0)


def test_wrong_names_and_arguments_are_told() -> None:
    with pytest.raises(KeyError, match=r"did you mean 'classification\.MulticlassAccuracy'"):
        METRICS.build(dict(type="torchmetrics.classification.MulticlasAccuracy"))
    with pytest.raises(ValueError, match="Unexpected keyword arguments: `num_clases`"):
        METRICS.build(dict(ACCURACY, num_clases=3))


@pytest.mark.parametrize("world_size", [2, 3])
def test_processes_count_each_sample_once(together: Callable[..., None], world_size: int) -> None:
    together(Path(__file__).with_name("sharded_metrics.py"), world_size)


SIZES = [(4, 6), (5, 3), (4, 6), (2, 7)]


def masks(dtype: torch.dtype, as_scores: bool, ignored: float = 0.0) -> list[BaseDataElement]:
    """Masks of several sizes, of which a part of the pixels may count for nothing."""
    torch.manual_seed(0)
    samples = []
    for size in SIZES:
        scores = torch.rand(3, *size)
        truth = torch.randint(3, (1, *size))
        truth[torch.rand(1, *size) < ignored] = 255
        prediction = scores if as_scores else scores.argmax(0, keepdim=True)
        samples.append(
            BaseDataElement(
                gt_sem_seg=PixelData(data=truth.to(dtype)),
                pred_sem_seg=PixelData(data=prediction),
            )
        )
    return samples


@pytest.mark.parametrize("as_scores", [False, True])
@pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.int64])
@pytest.mark.parametrize("chunk_size", [1, 3, 4])
def test_masks_of_several_sizes(chunk_size: int, dtype: torch.dtype, as_scores: bool) -> None:
    samples = masks(dtype, as_scores, ignored=0.2)
    evaluator = Evaluator(
        [
            dict(type="torchmetrics.segmentation.MeanIoU", num_classes=3),
            dict(
                type="torchmetrics.segmentation.MeanIoU",
                num_classes=3,
                input_format="index",
                prefix="index",
            ),
            dict(
                type="torchmetrics.classification.MulticlassAccuracy",
                num_classes=3,
                ignore_index=255,
                average="micro",
            ),
        ]
    )
    values = evaluator.offline_evaluate(samples, chunk_size=chunk_size)
    right = count = 0
    of_images = []
    for sample in samples:
        truth, found = sample.gt_sem_seg.data[0].long(), sample.pred_sem_seg.data
        classes = (found.argmax(0) if as_scores else found[0])[truth != 255]
        truth = truth[truth != 255]
        right, count = right + int((classes == truth).sum()), count + truth.numel()
        both = torch.stack([((classes == c) & (truth == c)).sum() for c in range(3)])
        either = torch.stack([((classes == c) | (truth == c)).sum() for c in range(3)])
        of_images.append((both / either).mean())
    iou = torch.stack(of_images).mean().item()
    assert values == {
        "MeanIoU": pytest.approx(iou),
        "index/MeanIoU": pytest.approx(iou),
        "MulticlassAccuracy": pytest.approx(right / count),
    }


def test_two_classes_and_several_at_once() -> None:
    score = torch.tensor([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6]])
    label = torch.tensor([0, 1, 0], dtype=torch.uint8)
    two = [dict(pred_score=s, gt_label=each) for s, each in zip(score, label, strict=True)]
    for cfg in (
        dict(type="torchmetrics.classification.BinaryAccuracy"),
        dict(type="torchmetrics.classification.MulticlassAccuracy", num_classes=2, average="micro"),
    ):
        assert [*Evaluator(cfg).offline_evaluate(two).values()] == [pytest.approx(2 / 3)]
    several = [
        dict(pred_score=s, gt_score=torch.tensor(t, dtype=kind))
        for kind in (torch.float32, torch.uint8, torch.bool)
        for s, t in zip(score, [[1, 0], [1, 1], [0, 0]], strict=True)
    ]
    cfg = dict(type="torchmetrics.classification.MultilabelAccuracy", num_labels=2, average="micro")
    values = Evaluator(cfg).offline_evaluate(several)
    assert values == {"MultilabelAccuracy": pytest.approx(4 / 6)}


def test_a_metric_with_an_argument_that_all_have() -> None:
    wrapper = METRICS.get("torchmetrics.wrappers.ClasswiseWrapper")
    assert [*inspect.signature(wrapper).parameters].count("prefix") == 1
