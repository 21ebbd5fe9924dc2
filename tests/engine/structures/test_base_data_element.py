"""Fields of data and of meta information."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
import torch

from engine.structures import BaseDataElement, InstanceData, PixelData


class Sample(BaseDataElement):
    """A sample with a field that has a type."""

    @property
    def gt_instances(self) -> InstanceData:
        return self._gt_instances  # type: ignore[no-any-return]  # set through set_field

    @gt_instances.setter
    def gt_instances(self, value: InstanceData) -> None:
        self.set_field(value, "_gt_instances", dtype=InstanceData)


@pytest.fixture
def element() -> BaseDataElement:
    """An element with two fields of each kind."""
    return BaseDataElement(
        metainfo={"img_shape": (4, 6), "img_path": "a.png"},
        scores=torch.tensor([0.5]),
        names=["x"],
    )


def test_the_two_kinds_of_fields(element: BaseDataElement) -> None:
    assert element.keys() == ["scores", "names"]
    assert element.metainfo_keys() == ["img_shape", "img_path"]
    assert element.all_keys() == ["img_shape", "img_path", "scores", "names"]
    assert element.values() == [torch.tensor([0.5]), ["x"]]
    assert element.metainfo_values() == [(4, 6), "a.png"]
    assert element.all_values() == [(4, 6), "a.png", torch.tensor([0.5]), ["x"]]
    assert dict(element.items()) == {"scores": torch.tensor([0.5]), "names": ["x"]}
    assert dict(element.metainfo_items()) == element.metainfo
    assert [name for name, _ in element.all_items()] == element.all_keys()
    assert element.img_shape == (4, 6)
    assert "scores" in element
    assert "img_path" in element
    assert "boxes" not in element


def test_setting_and_removing(element: BaseDataElement) -> None:
    element.boxes = torch.zeros(2, 4)
    element.scores = torch.ones(1)
    assert element.keys() == ["scores", "names", "boxes"]
    del element.names
    assert element.keys() == ["scores", "boxes"]
    assert not hasattr(element, "names")
    assert element.pop("img_path") == "a.png"
    assert element.metainfo_keys() == ["img_shape"]
    assert element.pop("img_path", None) is None
    assert element.get("img_path") is None
    assert element.get("img_shape") == (4, 6)
    with pytest.raises(KeyError, match="'img_path' is no field; there are img_shape, scores"):
        element.pop("img_path")
    with pytest.raises(AttributeError, match="names"):
        del element.names


def test_meta_information_is_copied_and_changes_through_set_metainfo_only() -> None:
    shape = [4, 6]
    element = BaseDataElement(metainfo={"img_shape": shape})
    shape.append(3)
    assert element.img_shape == [4, 6]
    with pytest.raises(AttributeError, match="'img_shape' can't be a field of data"):
        element.img_shape = (1, 1)
    element.set_metainfo({"img_shape": (1, 1)})
    assert element.img_shape == (1, 1)
    element.label = 3
    with pytest.raises(AttributeError, match="'label' can't be a field of metainfo"):
        element.set_metainfo({"label": 4})


def test_the_books_are_closed(element: BaseDataElement) -> None:
    with pytest.raises(AttributeError, match="_data_fields"):
        element._data_fields = {}
    with pytest.raises(AttributeError, match="_metainfo_fields"):
        del element._metainfo_fields


def test_set_field_checks() -> None:
    element = BaseDataElement()
    element.set_field(3, "label", dtype=(int, float))
    with pytest.raises(TypeError, match=r"BaseDataElement.label must be a int or float, not a str"):
        element.set_field("3", "label", dtype=(int, float))
    with pytest.raises(ValueError, match="'data' or 'metainfo', not 'meta'"):
        element.set_field(3, "label", field_type="meta")


def test_a_property_gives_a_field_a_type() -> None:
    sample = Sample()
    assert not hasattr(sample, "gt_instances")
    instances = InstanceData(labels=torch.tensor([1, 2]))
    sample.gt_instances = instances
    assert sample.gt_instances is instances
    assert sample.keys() == ["gt_instances"]
    assert "gt_instances" in sample
    assert sample.get("gt_instances") is instances
    assert sample.new().gt_instances is instances
    with pytest.raises(TypeError, match=r"Sample\.gt_instances must be a InstanceData"):
        sample.gt_instances = PixelData()  # type: ignore[assignment]  # the mistake under test
    assert sample.pop("gt_instances") is instances
    assert sample.keys() == []
    sample.set_data({"gt_instances": instances})
    del sample.gt_instances
    assert "gt_instances" not in sample
    assert not hasattr(sample, "_gt_instances")


def test_new_and_update(element: BaseDataElement) -> None:
    same = element.new()
    assert same.to_dict() == element.to_dict()
    assert same.scores is element.scores
    same.names = ["y"]
    assert element.names == ["x"]

    other = element.new(metainfo={"img_shape": (1, 1)}, boxes=[1])
    assert other.to_dict() == {"img_shape": (1, 1), "boxes": [1]}
    assert element.new(boxes=[1]).to_dict() == {**element.metainfo, "boxes": [1]}

    element.update(other)
    assert element.img_shape == (1, 1)
    assert element.keys() == ["scores", "names", "boxes"]


def test_conversions_reach_elements_inside() -> None:
    weight = torch.ones(2, requires_grad=True)
    sample = Sample(metainfo={"scale": torch.ones(1)}, weight=weight * 2, text="x")
    sample.gt_instances = InstanceData(boxes=torch.zeros(3, 4))

    arrays = sample.numpy()
    assert isinstance(arrays.weight, np.ndarray)
    assert isinstance(arrays.gt_instances.boxes, np.ndarray)
    assert isinstance(arrays.scale, torch.Tensor)
    assert arrays.text == "x"
    back = arrays.to_tensor()
    assert torch.equal(back.weight, torch.full((2,), 2.0))
    assert isinstance(back.gt_instances, InstanceData)
    assert torch.equal(back.gt_instances.boxes, torch.zeros(3, 4))

    assert not sample.detach().weight.requires_grad
    assert sample.to(torch.float64).gt_instances.boxes.dtype == torch.float64
    assert sample.cpu().weight.device.type == "cpu"
    assert sample.to("meta").gt_instances.boxes.device.type == "meta"
    assert sample.gt_instances.boxes.device.type == "cpu"


def test_a_clone_shares_nothing_but_gradients() -> None:
    weight = torch.ones(2, requires_grad=True)
    sample = Sample(metainfo={"pad": [0, 0]}, scores=weight * 2, names=["x"], mask=np.zeros(2))
    sample.gt_instances = InstanceData(boxes=torch.zeros(1, 4))
    clone = sample.clone()
    clone.gt_instances.boxes[0] = 7
    clone.names.append("y")
    clone.mask[0] = 7
    clone.pad.append(1)
    assert sample.gt_instances.boxes.sum() == 0
    assert sample.names == ["x"]
    assert sample.mask.sum() == 0
    assert sample.pad == [0, 0]
    clone.scores.sum().backward()
    assert weight.grad is not None
    assert weight.grad.tolist() == [2, 2]


class Boxes:
    """A field of a class of its own, as libraries have them: three methods and a conversion."""

    def __init__(self, rows: list[int], device: str = "cpu") -> None:
        self.rows = rows
        self.device = device

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, item: slice) -> Boxes:
        return Boxes(self.rows[item], self.device)

    @staticmethod
    def cat(parts: list[Boxes]) -> Boxes:
        return Boxes([row for part in parts for row in part.rows], parts[0].device)

    def to(self, device: str) -> Boxes:
        return Boxes(self.rows, device)


def test_what_has_the_method_is_converted_by_it() -> None:
    boxes = Boxes([1, 2])
    element = BaseDataElement(boxes=boxes, text="x", numbers=[1, 2], scores=torch.zeros(2))
    moved = element.to("meta")
    assert (moved.boxes.device, moved.scores.device.type) == ("meta", "meta")
    assert (moved.text, moved.numbers) == ("x", [1, 2])
    assert element.cpu().boxes is element.detach().boxes is element.numpy().boxes is boxes


def test_fields_of_other_classes_are_selected_and_joined() -> None:
    instances = InstanceData(boxes=Boxes([5, 6, 7]), scores=torch.tensor([0.1, 0.9, 0.5]))
    assert instances[instances.scores > 0.3].boxes.rows == [6, 7]
    assert instances[instances.scores.argsort()].boxes.rows == [5, 7, 6]
    assert instances[-1].boxes.rows == [7]
    assert instances[[]].boxes.rows == []
    assert instances[1:].boxes.rows == [6, 7]
    assert InstanceData.cat([instances, instances]).boxes.rows == [5, 6, 7, 5, 6, 7]


def test_to_dict_goes_down() -> None:
    sample = Sample(metainfo={"img_id": 7})
    sample.gt_instances = InstanceData(labels=[1], metainfo={"source": "x"})
    assert sample.to_dict() == {"img_id": 7, "gt_instances": {"source": "x", "labels": [1]}}


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))])  # noqa: S301  # what a worker process sends
def test_copies_are_independent(element: BaseDataElement, copied: Any) -> None:
    other = copied(element)
    other.scores[0] = 0.75
    other.boxes = 1
    assert element.scores.item() == 0.5
    assert element.keys() == ["scores", "names"]
    assert other.metainfo == element.metainfo


def test_repr_is_readable() -> None:
    element = BaseDataElement(
        metainfo={"img_shape": (4, 6)}, mask=torch.zeros(1, 4, 6), label=torch.tensor([3])
    )
    element.inside = InstanceData(boxes=np.zeros((8, 4)))
    lines = repr(element).splitlines()
    assert lines[0] == "<BaseDataElement("
    assert "    img_shape: (4, 6)" in lines
    assert "    mask: tensor of shape (1, 4, 6), torch.float32 on cpu" in lines
    assert "    label: tensor([3])" in lines
    assert "        boxes: array of shape (8, 4), float64" in lines


@pytest.mark.parametrize("method", ["set_metainfo", "set_data", "update"])
def test_what_is_taken_over_has_fields(method: str) -> None:
    with pytest.raises(TypeError, match=r"must be a (Mapping|BaseDataElement), not a int"):
        getattr(BaseDataElement(), method)(3)
