"""A look at data: pages of samples, and what is wrong with them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import IterableDataset, Subset

from engine.config import Config
from engine.dataset import BaseDataset, ConcatDataset, RepeatDataset, classes_for, origin_of
from engine.registry import TRANSFORMS
from engine.report import browse, build_datasets, check_datasets
from engine.structures import BaseDataElement, InstanceData, LabelData, PixelData

CLASSES = ("background", "road", "car")


class Samples:
    """A dataset of one's own, of samples as they are given."""

    ignore_index = 255

    def __init__(self, *samples: Any) -> None:
        self.samples = samples
        self.metainfo = {"classes": CLASSES}

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> Any:
        sample = self.samples[index]
        return sample() if callable(sample) else sample


class Boxes(BaseDataset):
    """A dataset with a pipeline, whose images are in memory."""

    def load_data_list(self) -> list[dict[str, Any]]:
        return [{"img": np.full((4, 6, 3), 10 * n, np.uint8), "gt_label": n} for n in range(3)]


def masked(mask: Any, path: str = "m.png") -> dict[str, Any]:
    image = torch.randint(256, (3, 4, 4), dtype=torch.uint8)
    return {"img": image, "gt_seg_map": torch.as_tensor(mask), "seg_map_path": path}


def test_empty_masks_and_labels_out_of_range_are_found() -> None:
    mixed = torch.tensor([[0, 1], [2, 255]]).repeat(2, 2)
    bad = mixed.clone()
    bad[0, 0], bad[1, 1] = 3, -1
    data = Samples(
        masked(mixed),
        masked(torch.full((4, 4), 255), "ignored.png"),
        masked(torch.zeros(4, 4, dtype=torch.int64), "empty.png"),
        masked(torch.ones(4, 4, dtype=torch.int64), "road.png"),
        masked(bad, "bad.png"),
    )
    view = browse(data)
    assert [str(each) for each in view.findings] == [
        "train: ignored.png is empty: all its pixels are 255, which is ignored",
        "train: empty.png is empty: all its pixels are background",
        "train: bad.png has the labels -1, 3, out of range: labels are 0 to 2",
    ]
    [scan] = view.scans
    assert scan.to_dict()["counts"] == {
        "-1": 1,
        "background": 4 + 16 + 3,
        "road": 4 + 16 + 4,
        "car": 8,
        "3": 1,
        "255 (ignored)": 4 + 16 + 3,
    }


@pytest.mark.parametrize(
    ("annotation", "unit", "counts"),
    [
        ({"gt_label": LabelData(label=torch.tensor([1, 2]))}, "images", {"road": 1, "car": 1}),
        ({"gt_score": torch.tensor([0.0, 1.0, 0.0])}, "images", {"road": 1}),
        (
            {"gt_sem_seg": PixelData(data=torch.ones(1, 4, 4, dtype=torch.int64))},
            "pixels",
            {"road": 16},
        ),
        (
            {
                "gt_instances": InstanceData(
                    bboxes=torch.tensor([[0.0, 0, 2, 2], [1, 1, 3, 3]]), labels=torch.tensor([2, 2])
                )
            },
            "boxes",
            {"car": 2},
        ),
        ({"gt_value": torch.tensor([0.5])}, "images", {}),
    ],
)
def test_annotations_of_a_data_sample_are_counted_and_drawn(
    annotation: dict[str, Any], unit: str, counts: dict[str, int]
) -> None:
    plain = browse(Samples({"inputs": torch.full((1, 4, 4), 90, dtype=torch.uint8)}))
    sample = BaseDataElement(**annotation)
    image = torch.full((1, 4, 4), 90, dtype=torch.uint8)
    view = browse(Samples({"inputs": image, "data_samples": sample}))
    assert not view.findings
    facts = view.scans[0].to_dict()
    assert (facts["unit"], facts["counts"]) == (unit, counts)
    assert (view.image.shape == plain.image.shape and (view.image == plain.image).all()) == (
        not counts
    )


def test_annotations_of_a_dictionary() -> None:
    boxes = {"gt_bboxes": np.array([[0, 0, 2, 2]]), "gt_bboxes_labels": np.array([1])}
    image = {"img": np.zeros((4, 4), np.uint8)}
    wrong = {"gt_bboxes": np.zeros((2, 4)), "gt_bboxes_labels": np.array([1])}
    heights = {"gt_seg_map": np.full((4, 4), 0.5)}
    view = browse(Samples(image | boxes, image | wrong, image | heights))
    assert view.scans[0].to_dict()["counts"] == {"road": 1}
    assert [str(each) for each in view.findings] == [
        "train: sample 1 can't be used: there are 2 boxes and 1 labels of boxes"
    ]
    floats = browse(Samples(image | {"gt_seg_map": torch.ones(1, 4, 4)}))
    assert floats.scans[0].to_dict()["counts"] == {"road": 16}


def test_small_images_are_enlarged_without_smoothing() -> None:
    pixels = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [9, 9, 9]]], np.uint8)
    page = browse(Samples({"img": pixels})).image
    for color in pixels.reshape(-1, 3):
        rows, columns = np.nonzero((page == color).all(2))
        assert len(rows) == (np.ptp(rows) + 1) * (np.ptp(columns) + 1) >= 100 * 100


def _red(view: Any) -> int:
    return int((view.image == [250, 100, 0]).all(2).sum())


def test_a_normalization_is_undone_if_it_is_known() -> None:
    pixels = torch.tensor([250, 100, 0], dtype=torch.uint8).view(3, 1, 1).expand(3, 4, 4)
    cfgs: list[dict[str, Any]] = [
        {"type": "torchvision.ToDtype", "dtype": "float32", "scale": True},
        {"type": "torchvision.Normalize", "mean": [0.5, 0.4, 0.3], "std": [0.2, 0.2, 0.3]},
    ]
    steps = [TRANSFORMS.build(cfg) for cfg in cfgs]

    class Red(BaseDataset):
        def load_data_list(self) -> list[dict[str, Any]]:
            return [{"img": pixels}]

    normalized = Red(pipeline=steps)
    view = browse(normalized)
    assert view.notes == ["a normalization is undone"]
    assert _red(view) > 1000
    staged = browse(normalized, stages=True)
    assert sorted(staged.notes) == [
        "a normalization is undone",
        "values are spread over their range",  # before it, where the scale is not known
    ]
    unknown = browse(Samples(normalized[0]))
    assert unknown.notes == ["values are spread over their range"]
    norm = {"mean": [0.5, 0.4, 0.3], "std": [0.2, 0.2, 0.3]}
    told = browse(Samples({**normalized[0], "img_norm_cfg": norm}))
    assert told.notes == ["a normalization is undone"]
    assert _red(told) == _red(view)


def test_channels_of_bgr_are_turned() -> None:
    blue_first = np.full((4, 4, 3), [0, 100, 250], np.uint8)
    assert _red(browse(Samples({"img": blue_first}), is_bgr=True)) > 1000
    assert _red(browse(Samples({"img": blue_first}))) == 0


def test_random_transforms_follow_the_seed_and_leave_the_generators_alone() -> None:
    def noise() -> dict[str, Any]:
        gray = torch.randint(256, (1, 4, 4), dtype=torch.uint8)
        return {"img": gray + random.randrange(9) + int(np.random.randint(9))}

    torch.manual_seed(1)
    state = torch.get_rng_state()
    first = browse(Samples(noise, noise), seed=4)
    assert torch.equal(torch.get_rng_state(), state)
    assert (browse(Samples(noise, noise), seed=4).image == first.image).all()
    assert (browse(Samples(noise, noise), seed=5).image != first.image).any()


def _fails() -> Any:
    raise RuntimeError("the disk\nis gone")


def test_a_sample_that_fails_is_a_finding_and_the_others_are_shown() -> None:
    good = {"img": np.zeros((4, 4), np.uint8)}
    view = browse(Samples(good, _fails))
    assert [str(each) for each in view.findings] == [
        "train: sample 1 can't be used: the disk is gone"
    ]
    assert len(view.draw_tiles()) == 2


def test_a_transform_that_fails_ends_its_row() -> None:
    def fail(results: Any) -> Any:
        raise ValueError("no $x$ \x00 here")

    def drop(results: Any) -> None:
        return None

    for step in (fail, drop):
        view = browse(Boxes(pipeline=[step]), stages=True)
        red = (view.image[..., 0] > 150) & (view.image[..., 1:] < 60).all(2)
        assert red.sum() > 20  # the text


@pytest.mark.parametrize(
    "wrap",
    [
        lambda data: RepeatDataset(data, 2),
        lambda data: ConcatDataset([data, data]),
        lambda data: Subset(data, [2, 1]),
        lambda data: Subset(RepeatDataset(data, 3), [5, 7]),
    ],
)
def test_what_is_wrapped_is_seen_as_it_is_loaded(wrap: Callable[[Any], Any]) -> None:
    data = Boxes(metainfo={"classes": ["a", "b", "c"]}, pipeline=[lambda results: {**results}])
    wrapped = wrap(data)
    view = browse(wrapped, stages=True)
    assert len(view.draw_tiles()) == len(wrapped)
    assert view.scans[0].classes == ["a", "b", "c"]
    assert sum(view.scans[0].counts.values()) == len(wrapped)
    for index in range(len(wrapped)):
        inner, place = origin_of(wrapped, index)
        assert inner is data
        assert inner[place]["gt_label"] == wrapped[index]["gt_label"]


def test_duplicates_are_found_before_random_transforms() -> None:
    def shift(results: dict[str, Any]) -> dict[str, Any]:
        return {**results, "img": results["img"] + np.uint8(random.randrange(9))}

    data, other = Boxes(pipeline=[shift]), Boxes(pipeline=[shift], indices=[1])
    _, scan = check_datasets({"train": data, "test": other})
    assert [str(each) for each in scan.findings] == [
        "test: sample 0 has the same pixels as sample 1 of train"
    ]


class _Stream(IterableDataset[Any]):
    def __iter__(self) -> Iterator[Any]:
        yield {"img": np.zeros((4, 4), np.uint8)}

    def __len__(self) -> int:
        return 2


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (_Stream(), "train: _Stream can't be looked into"),
        (Samples(), "train: Samples has no samples"),
        (Samples((1, 2)), "sample 0 of train has no image.*it has a tuple"),
        (Samples({"inputs": torch.zeros(4)}), "sample 0 of train has no image.*it has inputs"),
    ],
)
def test_what_has_no_images_is_an_error(data: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        browse(data)
    with pytest.raises(ValueError, match="there is no split 'val'; there are train"):
        browse({"train": data}, split="val")


def test_what_can_not_be_shown() -> None:
    with pytest.raises(ValueError, match="count must be at least 1; got 0"):
        browse(Boxes(), count=0)
    with pytest.raises(ValueError, match="Boxes has no pipeline, whose steps could be shown"):
        browse(Boxes(), stages=True)


def test_a_step_without_an_image_has_an_empty_place_unless_there_is_none_at_all() -> None:
    def hide(results: dict[str, Any]) -> dict[str, Any]:
        return {"hidden": results["img"]}

    def show(results: dict[str, Any]) -> dict[str, Any]:
        return {"img": results["hidden"]}

    whole = browse(Boxes(pipeline=[hide, show]), stages=True)
    assert whole.image.shape[1] > browse(Boxes(pipeline=[hide]), stages=True).image.shape[1]
    without = Hidden(pipeline=[lambda results: results])
    with pytest.raises(ValueError, match="sample 0 of train has no image"):
        browse(without, stages=True)


class Hidden(BaseDataset):
    """A dataset whose samples have no image."""

    def load_data_list(self) -> list[dict[str, Any]]:
        return [{"hidden": 1}]


class Inferring(Boxes):
    """A dataset whose classes are those of its samples, or of the training data."""

    def __init__(self, names: list[str], **kwargs: Any) -> None:
        self.names = names
        super().__init__(**kwargs)

    def load_data_list(self) -> list[dict[str, Any]]:
        self._metainfo["classes"] = classes_for(self.names, "the data")
        return super().load_data_list()


def _loaders(**datasets: Any) -> Config:
    return Config({f"{split}_dataloader": {"dataset": each} for split, each in datasets.items()})


def test_datasets_are_built_as_a_run_does() -> None:
    first = {"type": Inferring, "names": ["a", "b"]}
    built = build_datasets(
        _loaders(
            train=first, val={"type": Inferring, "names": ["b"], "lazy_init": True}, test=first
        )
    )
    assert [*built] == ["train", "val", "test"]
    assert built["test"] is built["train"]
    assert built["val"].metainfo["classes"] == ("a", "b")
    given = Samples()
    assert build_datasets(_loaders(val=given)) == {"val": given}


def test_a_dataset_that_is_wrong_is_left_out_or_an_error() -> None:
    cfg = _loaders(
        train={"type": Inferring, "names": ["a"]}, val={"type": Inferring, "names": ["b"]}
    )
    told: list[str] = []
    built = build_datasets(cfg, lambda split, error: told.append(f"{split}: {error}"))
    assert [*built] == ["train"]
    assert told == ["val: the data has classes that the training data do not have: b; those have a"]
    with pytest.raises(ValueError, match="has classes that the training data do not have"):
        build_datasets(cfg)
    with pytest.raises(ValueError, match="the config has no dataset: none of train_dataloader, "):
        build_datasets(Config({}))
