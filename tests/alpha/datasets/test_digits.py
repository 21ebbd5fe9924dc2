from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import torch
from sklearn.datasets import load_digits

from mmalpha.datasets import Digits, PackClsInputs


def scans(data: Digits) -> list[tuple[bytes, int]]:
    infos = [data.get_data_info(index) for index in range(len(data))]
    return [(info["img"].numpy().tobytes(), info["gt_label"]) for info in infos]


def test_the_splits_are_all_the_scans() -> None:
    pixels, labels = load_digits(return_X_y=True)
    images = torch.from_numpy(pixels * (255 / 16)).round().byte().numpy()
    expected = Counter(zip(map(bytes, images), labels.tolist(), strict=True))
    train, test = Digits("train"), Digits("test")
    assert (len(train), len(test)) == (1437, 360)
    assert Counter(scans(train)) + Counter(scans(test)) == expected


def test_the_test_has_a_fifth_of_each_class() -> None:
    train = Counter(label for _, label in scans(Digits("train")))
    test = Counter(label for _, label in scans(Digits("test")))
    assert sorted(test) == list(range(10))
    for label, count in test.items():
        assert count == pytest.approx((count + train[label]) / 5, abs=1)


def test_each_run_sees_the_same() -> None:
    assert scans(Digits("test")) == scans(Digits("test"))


def test_a_sample_is_an_image_and_its_label() -> None:
    item: Any = Digits("train", pipeline=[PackClsInputs()], indices=5)[3]
    assert item["inputs"].shape == (1, 8, 8)
    assert item["inputs"].dtype == torch.uint8
    assert item["data_samples"].gt_label.shape == (1,)
    assert item["data_samples"].metainfo == {"sample_idx": 3}


def test_the_data_set_knows_its_classes() -> None:
    assert Digits("test", indices=1).metainfo["classes"] == tuple("0123456789")


def test_there_is_no_other_split() -> None:
    with pytest.raises(ValueError, match="split of Digits is 'train' or 'test'; got 'val'"):
        Digits("val")  # type: ignore[arg-type]  # that is the mistake
