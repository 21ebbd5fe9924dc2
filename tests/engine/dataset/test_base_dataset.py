"""A dataset that is described by a list of dictionaries."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import DataLoader

from engine.dataset import BaseDataset, Compose, force_full_init
from engine.registry import DATASETS

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=5)
    | st.binary(max_size=5)
)
PLAIN = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=3)
    ),
    max_leaves=6,
)
RECORDS = st.lists(st.dictionaries(st.text(min_size=1, max_size=5), PLAIN, max_size=3), max_size=5)


class Listed(BaseDataset):
    """A dataset of given records."""

    METAINFO: ClassVar[dict[str, Any]] = {"classes": ["a", "b"], "task": "test"}

    def __init__(self, records: list[dict[str, Any]], **kwargs: Any) -> None:
        self.records = records
        self.reads = 0
        super().__init__(**kwargs)

    def load_data_list(self) -> list[dict[str, Any]]:
        self.reads += 1
        return copy.deepcopy(self.records)


def numbered(size: int, **kwargs: Any) -> Listed:
    return Listed([{"number": n} for n in range(size)], **kwargs)


def numbers_of(dataset: BaseDataset) -> list[int]:
    return [dataset[i]["number"] for i in range(len(dataset))]


@pytest.fixture
def annotated(tmp_path: Path) -> Path:
    """A root folder with an annotation file."""
    content = {
        "metainfo": {"classes": ["cat", "dog"], "palette": [1, 2]},
        "data_list": [{"img_path": "a.png", "gt_label": 0}, {"img_path": "b.png", "gt_label": 1}],
    }
    (tmp_path / "train.json").write_text(json.dumps(content))
    return tmp_path


def test_an_annotation_file_is_read_below_the_root(annotated: Path) -> None:
    cfg = {
        "type": "BaseDataset",
        "ann_file": "train.json",
        "data_root": str(annotated),
        "data_prefix": {"img_path": "images"},
        "metainfo": {"classes": ["x", "y"]},
    }
    dataset = DATASETS.build(cfg)
    assert len(dataset) == 2
    assert dataset[1] == {
        "img_path": str(annotated / "images" / "b.png"),
        "gt_label": 1,
        "sample_idx": 1,
    }
    assert dataset.metainfo == {"classes": ["x", "y"], "palette": [1, 2]}


def test_absolute_names_stay_as_they_are(annotated: Path) -> None:
    dataset = BaseDataset(
        ann_file=str(annotated / "train.json"),
        data_root="elsewhere",
        data_prefix={"img_path": "s3://bucket/images"},
    )
    assert dataset[0]["img_path"] == "s3://bucket/images/a.png"


def test_meta_information_has_an_order_and_is_a_copy(tmp_path: Path) -> None:
    (tmp_path / "classes.txt").write_text("x\ny\n")
    dataset = numbered(1, metainfo={"classes": str(tmp_path / "classes.txt"), "extra": [1]})
    assert dataset.metainfo == {"classes": ["x", "y"], "task": "test", "extra": [1]}
    dataset.metainfo["extra"].append(2)
    assert dataset.metainfo["extra"] == [1]
    assert Listed.METAINFO["classes"] == ["a", "b"]


def test_reading_can_be_put_off() -> None:
    dataset = numbered(3, lazy_init=True)
    assert dataset.reads == 0
    assert len(dataset) == 3
    assert numbers_of(dataset) == [0, 1, 2]
    dataset.full_init()
    assert dataset.reads == 1


def test_force_full_init_reads_first() -> None:
    class Counted(Listed):
        @force_full_init
        def twice(self, factor: int) -> int:
            return factor * len(self.data_list)

    assert Counted([{}, {}], lazy_init=True).twice(2) == 4


@given(records=RECORDS, serialize_data=st.booleans())
def test_samples_are_what_was_listed(records: list[dict[str, Any]], serialize_data: bool) -> None:
    dataset = Listed(records, serialize_data=serialize_data)
    assert len(dataset) == len(records)
    for position, record in enumerate(records):
        expected = {**record, "sample_idx": position}
        assert dataset[position] == expected
        assert repr(dataset[position - len(records)]) == repr(expected)


@pytest.mark.parametrize("serialize_data", [True, False])
def test_a_sample_may_be_changed(serialize_data: bool) -> None:
    record = {"box": np.arange(4.0), "map": torch.zeros(2, 3), "names": ["x"], "pair": (1, [2])}
    dataset = Listed([record], serialize_data=serialize_data)
    sample = dataset[0]
    sample["box"] += 1
    sample["map"][0] = 1
    sample["names"].append("y")
    fresh = dataset[0]
    assert np.array_equal(fresh["box"], record["box"])  # type: ignore[arg-type]  # an array
    assert fresh["box"].dtype == np.float64
    assert torch.equal(fresh["map"], torch.zeros(2, 3))
    assert fresh["names"] == ["x"]
    assert fresh["pair"] == (1, [2])


def test_numpy_scalars_and_empty_arrays_are_packed() -> None:
    dataset = Listed([{"score": np.float32(0.5), "boxes": np.zeros((0, 4), dtype=np.float32)}])
    assert dataset[0]["score"] == 0.5
    assert dataset[0]["boxes"].shape == (0, 4)


def test_what_can_not_be_packed_is_an_error() -> None:
    with pytest.raises(TypeError, match=r"sample 1 .*Path is not plain data.*serialize_data=False"):
        Listed([{"a": 1}, {"path": {"inside": [Path("x")]}}])
    assert Listed([{"path": Path("x")}], serialize_data=False)[0]["path"] == Path("x")


@pytest.mark.parametrize("serialize_data", [True, False])
@pytest.mark.parametrize(
    ("indices", "expected"), [(2, [0, 1]), (-2, [3, 4]), ([4, 0, -1], [4, 0, 4]), (0, [])]
)
def test_subsets(indices: Any, expected: list[int], serialize_data: bool) -> None:
    whole = numbered(5, serialize_data=serialize_data)
    assert numbers_of(whole.get_subset(indices)) == expected
    assert numbers_of(whole) == [0, 1, 2, 3, 4]
    whole.get_subset_(indices)
    assert numbers_of(whole) == expected
    assert numbers_of(numbered(5, indices=indices, serialize_data=serialize_data)) == expected


def test_bad_indices_are_errors() -> None:
    with pytest.raises(TypeError, match="an integer or a sequence of them, not a str"):
        numbered(3).get_subset("12")  # type: ignore[arg-type]  # the mistake under test
    with pytest.raises(IndexError):
        numbered(3)[3]


def test_filter_data_and_filter_cfg() -> None:
    class Filtered(Listed):
        def filter_data(self) -> list[dict[str, Any]]:
            assert self.filter_cfg is not None
            return [info for info in self.data_list if info["number"] >= self.filter_cfg["least"]]

    dataset = Filtered([{"number": n} for n in range(4)], filter_cfg={"least": 2})
    assert numbers_of(dataset) == [2, 3]


def test_an_entry_can_be_several_samples(tmp_path: Path) -> None:
    class Split(BaseDataset):
        def parse_data_info(self, raw_data_info: dict[str, Any]) -> list[dict[str, Any]]:
            return [{"number": n} for n in raw_data_info["numbers"]]

    path = tmp_path / "a.json"
    path.write_text(
        json.dumps({"metainfo": {}, "data_list": [{"numbers": [1, 2]}, {"numbers": [3]}]})
    )
    assert numbers_of(Split(ann_file=str(path))) == [1, 2, 3]


def test_a_given_up_sample_is_replaced_in_training_only() -> None:
    def drop_odd(info: dict[str, Any]) -> dict[str, Any] | None:
        return None if info["number"] % 2 else info

    dataset = numbered(50, pipeline=[drop_odd])
    first = [dataset[i]["number"] for i in range(50)]
    assert all(number % 2 == 0 for number in first)
    assert first[::2] == list(range(0, 50, 2))
    assert len(set(first[1::2])) > 5
    assert [dataset[i]["number"] for i in range(50)] == first
    with pytest.raises(RuntimeError, match="gave up sample 1 of a dataset in test mode"):
        numbered(2, pipeline=[drop_odd], test_mode=True)[1]
    with pytest.raises(RuntimeError, match="gave up sample 0 and 3 others"):
        numbered(2, pipeline=[lambda info: None], max_refetch=3)[0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"metainfo": {}, "data_list": [', r"train\.json is malformed"),
        ("[]", r"train\.json: an annotation file holds .*'data_list', not a list"),
        ('{"metainfo": {}}', "not one with metainfo"),
        ('{"metainfo": {}, "data_list": [1]}', r"train\.json: entry 0 of data_list must be a dict"),
        (
            '{"metainfo": {}, "data_list": [{"img_path": "a"}, {"path": "b"}]}',
            r"train\.json: entry 1 of data_list lacks 'img_path'; it has path",
        ),
    ],
)
def test_a_bad_annotation_file_is_named(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "train.json").write_text(content)
    with pytest.raises(ValueError, match=message):
        BaseDataset(ann_file="train.json", data_root=str(tmp_path))


def test_a_missing_annotation_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"none\.json"):
        BaseDataset(ann_file="none.json", data_root=str(tmp_path))
    with pytest.raises(ValueError, match="BaseDataset needs an ann_file"):
        BaseDataset()


def test_workers_read_the_shared_records() -> None:
    loader = DataLoader(numbered(6), batch_size=2, num_workers=2)
    assert [batch["number"].tolist() for batch in loader] == [[0, 1], [2, 3], [4, 5]]


def test_a_subclass_may_have_a_constructor_of_its_own() -> None:
    class Bare(BaseDataset):
        """Does not call the constructor of its base."""

        def __init__(self) -> None:
            self._metainfo = {"classes": ("a",)}
            self.pipeline = Compose([])

        def load_data_list(self) -> list[dict[str, Any]]:
            return [{"number": n} for n in range(3)]

    bare = Bare()
    assert len(bare) == 3
    assert bare[2] == {"number": 2, "sample_idx": 2}
    assert bare.metainfo == {"classes": ("a",)}
