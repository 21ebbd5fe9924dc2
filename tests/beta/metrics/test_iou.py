from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    fbeta_score,
    jaccard_score,
    precision_score,
    recall_score,
)
from torch import Tensor
from torchmetrics.functional.classification import multiclass_jaccard_index

from mmbeta.metrics import IoUMetric

NAMES = ("background", "cat", "dog", "bird")


def values(truths: Sequence[Tensor], predictions: Sequence[Tensor], **options: Any) -> Any:
    metric = IoUMetric(**options)
    metric.dataset_meta = {"classes": NAMES}
    for truth, prediction in zip(truths, predictions, strict=True):
        sample = {"gt_sem_seg": {"data": truth[None]}, "pred_sem_seg": {"data": prediction[None]}}
        metric.process(None, [sample])
    return metric.evaluate(len(truths))


@given(st.integers(0, 2**31), st.integers(1, 5), st.integers(1, 6))
def test_scikit_learn_says_the_same(seed: int, count: int, side: int) -> None:
    rng = torch.Generator().manual_seed(seed)
    truths = torch.randint(4, (count, side, side + 1), generator=rng)
    predictions = torch.randint(4, (count, side, side + 1), generator=rng)
    got = values(list(truths.byte()), list(predictions))
    y, p = truths.flatten().numpy(), predictions.flatten().numpy()
    seen = sorted(set(y.tolist()) | set(p.tolist()))
    true = sorted(set(y.tolist()))
    assert got["mIoU"] == pytest.approx(jaccard_score(y, p, labels=seen, average="macro"))
    assert got["mAcc"] == pytest.approx(recall_score(y, p, labels=true, average="macro"))
    assert got["aAcc"] == pytest.approx(accuracy_score(y, p))


def test_known_values() -> None:
    truth = torch.tensor([[0, 0, 0], [1, 1, 2]])
    prediction = torch.tensor([[0, 0, 1], [1, 1, 1]])
    assert values([truth], [prediction]) == {
        "mIoU": pytest.approx((2 / 3 + 2 / 4 + 0 / 1) / 3),
        "mAcc": pytest.approx((2 / 3 + 2 / 2 + 0 / 1) / 3),
        "aAcc": pytest.approx(4 / 6),
    }


def test_ignored_pixels_do_not_count() -> None:
    truth = torch.tensor([[0, 255], [1, 255]])
    perfect = {"mIoU": 1.0, "mAcc": 1.0, "aAcc": 1.0}
    assert values([truth], [torch.tensor([[0, 3], [1, 1]])]) == perfect
    truth[truth == 255] = 9
    assert values([truth], [torch.tensor([[0, 3], [1, 1]])], ignore_index=9) == perfect


def test_a_prefix_goes_before_the_names() -> None:
    mask = torch.zeros(2, 2, dtype=torch.uint8)
    assert set(values([mask], [mask], prefix="seg")) == {"seg/mIoU", "seg/mAcc", "seg/aAcc"}


def test_the_log_has_a_line_for_each_class(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        values([torch.tensor([[0, 1], [1, 3]])], [torch.tensor([[0, 1], [2, 3]])])
    assert caplog.messages[-1].splitlines() == [
        "class          IoU     Acc",
        "background  1.0000  1.0000",
        "cat         0.5000  0.5000",
        "dog         0.0000     nan",
        "bird        1.0000  1.0000",
    ]


def test_wrong_labels_are_told() -> None:
    zeros, fours = torch.zeros(2, 2), torch.full((2, 2), 4)
    with pytest.raises(ValueError, match="a true mask has labels from 4 to 4; expected 0 to 3"):
        values([fours], [zeros])
    with pytest.raises(ValueError, match="a predicted mask has labels from 4 to 4"):
        values([zeros], [fours])
    with pytest.raises(ValueError, match="IoUMetric needs the names of the classes"):
        IoUMetric().process(
            None, [{"gt_sem_seg": {"data": zeros}, "pred_sem_seg": {"data": zeros}}]
        )


@given(st.integers(0, 2**31), st.floats(0.5, 2))
def test_dice_and_f_score_are_those_of_scikit_learn(seed: int, beta: float) -> None:
    rng = torch.Generator().manual_seed(seed)
    truth = torch.randint(4, (5, 6), generator=rng)
    prediction = torch.randint(4, (5, 6), generator=rng)
    truth[0, :4] = prediction[1, :4] = torch.arange(4)
    got = values([truth], [prediction], iou_metrics=["mDice", "mFscore"], beta=beta)
    y, p = truth.flatten(), prediction.flatten()
    assert got["mDice"] == pytest.approx(f1_score(y, p, average="macro"))
    assert got["mFscore"] == pytest.approx(fbeta_score(y, p, beta=beta, average="macro"))
    assert got["mPrecision"] == pytest.approx(precision_score(y, p, average="macro"))
    assert got["mRecall"] == pytest.approx(recall_score(y, p, average="macro"))
    assert "mIoU" not in got


@given(st.integers(0, 2**31))
def test_torchmetrics_says_the_same(seed: int) -> None:
    rng = torch.Generator().manual_seed(seed)
    truth = torch.randint(4, (2, 7, 6), generator=rng)
    prediction = torch.randint(4, (2, 7, 6), generator=rng)
    truth[:, 0, :4] = prediction[:, 1, :4] = torch.arange(4)
    theirs = multiclass_jaccard_index(prediction, truth, 4)
    assert values([*truth], [*prediction])["mIoU"] == pytest.approx(theirs.item())


def test_what_is_not_defined_counts_as_one_says() -> None:
    truth = prediction = torch.tensor([[0, 0], [1, 1]])
    assert values([truth], [prediction])["mIoU"] == 1
    assert values([truth], [prediction], nan_to_num=0.0)["mIoU"] == 0.5


def test_other_measures_are_told() -> None:
    with pytest.raises(ValueError, match="iou_metrics is a list of mIoU, mDice, mFscore; got"):
        IoUMetric(iou_metrics=["IoU"])
