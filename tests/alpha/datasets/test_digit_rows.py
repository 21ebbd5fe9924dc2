from __future__ import annotations

import pytest
import torch

from mmalpha.datasets import DigitRows, Digits, PackClsInputs


def test_an_image_is_three_scans_and_its_scores_say_which() -> None:
    digits = Digits("test")
    known = {
        info["img"].numpy().tobytes(): info["gt_label"]
        for info in map(digits.get_data_info, range(len(digits)))
    }
    rows = DigitRows("test", num_images=50)
    assert len(rows) == 50
    for index in range(50):
        info = rows.get_data_info(index)
        assert info["img"].shape == (1, 8, 24)
        there = {known[part.contiguous().numpy().tobytes()] for part in info["img"].split(8, 2)}
        assert set(info["gt_score"].nonzero()[:, 0].tolist()) == there


def test_each_run_sees_the_same_and_another_seed_others() -> None:
    def images(seed: int) -> torch.Tensor:
        data = DigitRows("train", num_images=5, seed=seed, pipeline=[PackClsInputs()])
        return torch.stack([data[index]["inputs"] for index in range(5)])

    assert torch.equal(images(0), images(0))
    assert not torch.equal(images(0), images(1))


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(ValueError, match="split of DigitRows is 'train' or 'test'; got 'val'"):
        DigitRows("val")  # type: ignore[arg-type]  # that is the mistake
    with pytest.raises(ValueError, match="num_images of DigitRows is at least 1; got 0"):
        DigitRows("test", num_images=0)
