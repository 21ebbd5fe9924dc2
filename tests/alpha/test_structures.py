from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmalpha import DataSample


@given(st.integers(0, 10_000))
def test_a_label_is_a_vector_of_one_integer(label: int) -> None:
    for value in (label, torch.tensor(label), torch.tensor([label])):
        sample = DataSample().set_gt_label(value).set_pred_label(value)
        assert sample.gt_label.tolist() == sample.pred_label.tolist() == [label]
        assert sample.gt_label.dtype == torch.int64


@pytest.mark.parametrize("label", [torch.tensor([1, 2]), torch.tensor(0.5), torch.tensor(True)])
def test_anything_else_is_no_label(label: torch.Tensor) -> None:
    with pytest.raises(ValueError, match="gt_label is the index of one class"):
        DataSample().set_gt_label(label)


def test_scores_are_a_vector() -> None:
    assert DataSample().set_pred_score(torch.ones(3)).pred_score.shape == (3,)
    assert DataSample().set_gt_score(torch.ones(3)).gt_score.shape == (3,)
    with pytest.raises(ValueError, match=r"gt_score has the shape \(C,\), not \(\)"):
        DataSample().set_gt_score(torch.tensor(1.0))
    with pytest.raises(ValueError, match=r"pred_score has the shape \(C,\), not \(1, 3\)"):
        DataSample().set_pred_score(torch.ones(1, 3))


def test_a_metric_sees_plain_fields() -> None:
    sample = DataSample(metainfo={"sample_idx": 4}).set_gt_label(2)
    assert sample.to_dict() == {"sample_idx": 4, "gt_label": torch.tensor([2])}


@pytest.mark.parametrize(
    "again",
    [copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))],  # noqa: S301
)
def test_a_pickle_or_copy_has_the_same_fields(again: Callable[[DataSample], DataSample]) -> None:
    scores = torch.rand(5000)  # too many for an array beside the fields
    sample = DataSample(metainfo={"img_path": "a.png"}).set_gt_label(3).set_pred_score(scores)
    sample.feature = torch.ones(2, dtype=torch.bfloat16)
    sample.note = "text"
    copied = again(sample)
    assert type(copied) is DataSample
    assert copied.keys() == sample.keys()
    assert copied.metainfo == {"img_path": "a.png"}
    assert copied.note == "text"
    for name in ("gt_label", "pred_score", "feature"):
        value: Any = copied.get(name)
        assert torch.equal(value, sample.get(name))
        assert value.dtype == sample.get(name).dtype
    copied.gt_label[0] = 4
    assert sample.gt_label.tolist() == [3]
