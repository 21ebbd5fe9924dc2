from __future__ import annotations

from typing import Any

import pytest
import torch
from sklearn.datasets import load_digits

from mmbeta.datasets import DigitsCanvas, PackSegInputs


def infos(data: DigitsCanvas) -> list[dict[str, Any]]:
    return [data.get_data_info(index) for index in range(len(data))]


def used(data: DigitsCanvas) -> set[int]:
    return {scan for info in infos(data) for scan in info["scans"]}


@pytest.fixture(scope="module")
def train() -> DigitsCanvas:
    return DigitsCanvas("train")


def test_the_splits_have_their_sizes(train: DigitsCanvas) -> None:
    assert (len(train), len(DigitsCanvas("test")), len(DigitsCanvas("test", 7))) == (1200, 300, 7)


def test_train_and_test_share_no_scan(train: DigitsCanvas) -> None:
    test = DigitsCanvas("test")
    assert used(train).isdisjoint(used(test))
    assert len(used(train)) > 1350
    assert len(used(test)) > 300


@pytest.mark.parametrize("split", ["train", "test"])
def test_each_run_sees_the_same(split: Any) -> None:
    for first, second in zip(
        infos(DigitsCanvas(split, 9)), infos(DigitsCanvas(split, 9)), strict=True
    ):
        assert torch.equal(first["img"], second["img"])
        assert torch.equal(first["gt_seg_map"], second["gt_seg_map"])
        assert first["scans"] == second["scans"]


def test_another_seed_makes_other_images() -> None:
    first, second = (DigitsCanvas("test", 1, seed).get_data_info(0) for seed in (0, 1))
    assert not torch.equal(first["img"], second["img"])


def test_fewer_images_are_the_first_ones(train: DigitsCanvas) -> None:
    for index, info in enumerate(infos(DigitsCanvas("train", num_images=4))):
        assert torch.equal(info["img"], train.get_data_info(index)["img"])


def test_the_mask_says_which_digits_are_there(train: DigitsCanvas) -> None:
    labels = load_digits(return_X_y=True)[1]
    for info in infos(train)[:200]:
        image, mask = info["img"], info["gt_seg_map"]
        assert image.dtype == mask.dtype == torch.uint8
        assert image.shape == (1, 64, 64)
        assert 1 <= len(info["scans"]) <= 6
        digits = {int(labels[scan]) + 1 for scan in info["scans"]}
        assert set(mask.unique().tolist()) == digits | {0}
        assert torch.equal(mask > 0, image[0] >= 96)


def test_a_sample_is_an_image_and_its_mask() -> None:
    data = DigitsCanvas("test", num_images=2, pipeline=[PackSegInputs()])
    item: Any = data[1]
    info = data.get_data_info(1)
    assert torch.equal(item["inputs"], info["img"])
    sample = item["data_samples"]
    assert torch.equal(sample.gt_sem_seg.data, info["gt_seg_map"][None])
    assert sample.metainfo == {"sample_idx": 1, "img_shape": (64, 64)}


def test_an_image_without_a_mask_is_packed_too() -> None:
    packed = PackSegInputs(meta_keys=["name"])({"img": torch.zeros(3, 4, 5), "name": "a"})
    assert packed["data_samples"].keys() == []
    assert packed["data_samples"].metainfo == {"name": "a", "img_shape": (4, 5)}


def test_each_class_has_a_name_and_a_color() -> None:
    metainfo = DigitsCanvas("test", num_images=1).metainfo
    assert metainfo["classes"] == ("background", *"0123456789")
    assert len(set(metainfo["palette"])) == 11


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(ValueError, match="split of DigitsCanvas is 'train' or 'test'; got 'val'"):
        DigitsCanvas("val")  # type: ignore[arg-type]  # that is the mistake
    with pytest.raises(ValueError, match="num_images of DigitsCanvas is at least 1; got 0"):
        DigitsCanvas("test", num_images=0)
