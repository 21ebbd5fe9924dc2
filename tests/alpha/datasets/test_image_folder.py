from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest
import torch
from fsspec.implementations.memory import MemoryFileSystem
from PIL import Image
from torch.utils.data import DataLoader

from engine.dataset import default_collate, using_classes
from engine.logging import get_logger
from engine.registry import init_default_scope
from mmalpha.datasets import ImageFolder, LoadImageFromFile, PackClsInputs

PIPELINE = (LoadImageFromFile(), PackClsInputs())


def write(path: Path, value: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (5, 4), (value, 0, 0)).save(path)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for number, name in enumerate(["dog/b.png", "dog/a/c.JPG", "cat/x.png", "cat/y.png"]):
        write(tmp_path / "train" / name, 20 * number)
    (tmp_path / "train" / "cat" / "notes.txt").write_text("no image")
    (tmp_path / "train" / "list.txt").write_text("no folder")
    return tmp_path


def test_the_class_is_the_folder(root: Path) -> None:
    data = ImageFolder(str(root), "train")
    assert data.metainfo["classes"] == ("cat", "dog")
    found = [(info["img_path"], info["gt_label"]) for info in map(data.get_data_info, range(4))]
    folder = root / "train"
    assert found == [
        (str(folder / "cat" / "x.png"), 0),
        (str(folder / "cat" / "y.png"), 0),
        (str(folder / "dog" / "a" / "c.JPG"), 1),
        (str(folder / "dog" / "b.png"), 1),
    ]


def test_the_order_of_the_classes_may_be_given(root: Path) -> None:
    data = ImageFolder(str(root / "train"), metainfo=dict(classes=["dog", "cat"]))
    assert [data.get_data_info(index)["gt_label"] for index in range(4)] == [0, 0, 1, 1]
    assert Path(data.get_data_info(0)["img_path"]).parts[-3:] == ("dog", "a", "c.JPG")


def test_images_are_read_by_workers(root: Path) -> None:
    data = ImageFolder(str(root), "train", pipeline=PIPELINE)
    loader = DataLoader(data, 2, num_workers=2, collate_fn=default_collate)
    batches = list(loader)
    reds = torch.cat([batch["inputs"] for batch in batches])[:, 0, 2, 2]
    assert (reds - torch.tensor([40, 60, 20, 0])).abs().max() <= 3
    samples = [sample for batch in batches for sample in batch["data_samples"]]
    assert [sample.gt_label.tolist() for sample in samples] == [[0], [0], [1], [1]]
    assert samples[1].img_path.endswith("y.png")
    assert samples[1].gt_label.dtype == torch.int64


def test_a_folder_at_a_url(root: Path) -> None:
    url = f"memory://{uuid4().hex}"
    for name in ("cat/x.png", "dog/b.png"):
        MemoryFileSystem().pipe(f"{url}/{name}", (root / "train" / name).read_bytes())
    data = ImageFolder(url, pipeline=PIPELINE)
    assert [data[index]["inputs"].shape for index in range(2)] == [(3, 4, 5)] * 2


def test_a_config_builds_it(root: Path) -> None:
    init_default_scope("mmalpha")
    from mmalpha.registry import DATASETS

    pipeline = [
        dict(type="LoadImageFromFile", color="gray"),
        dict(type="torchvision.Resize", size=(8, 8)),
        dict(type="PackClsInputs"),
    ]
    cfg = dict(type="ImageFolder", data_root=str(root), split="train", pipeline=pipeline)
    assert DATASETS.build(cfg)[3]["inputs"].shape == (1, 8, 8)


def test_what_is_wrong_with_a_folder_is_told(root: Path) -> None:
    with pytest.raises(FileNotFoundError, match=f"there is no folder {root / 'test'}"):
        ImageFolder(str(root), "test")
    with pytest.raises(FileNotFoundError, match="has no folder for kat; did you mean 'cat'"):
        ImageFolder(str(root), "train", metainfo=dict(classes=["kat", "dog"]))
    with pytest.raises(ValueError, match="folders that belong to no class: dog; the classes are c"):
        ImageFolder(str(root), "train", metainfo=dict(classes=["cat"]))
    (root / "empty" / "cat").mkdir(parents=True)
    with pytest.raises(ValueError, match=r"there are no images in .*empty: expected files that en"):
        ImageFolder(str(root), "empty")


def test_a_damaged_image_is_named(root: Path) -> None:
    path = root / "train" / "cat" / "x.png"
    path.write_bytes(b"no image")
    with pytest.raises(ValueError, match=f"{path} is no image"):
        ImageFolder(str(root), "train", pipeline=PIPELINE)[0]


def test_the_names_of_classes_may_be_numbers(tmp_path: Path) -> None:
    for name in ("2019", "2020"):
        (tmp_path / name).mkdir()
        Image.new("L", (2, 2)).save(tmp_path / name / "a.png")
    data = ImageFolder(str(tmp_path), metainfo=dict(classes=[2020, 2019]))
    assert [info["gt_label"] for info in map(data.get_data_info, range(2))] == [0, 1]
    assert [*data.metainfo["classes"]] == ["2020", "2019"]
    with pytest.raises(FileNotFoundError, match="has no folder for 2021"):
        ImageFolder(str(tmp_path), metainfo=dict(classes=[2019, 2020, 2021]))
    with pytest.raises(ValueError, match="have one name twice: '2019'"):
        ImageFolder(str(tmp_path), metainfo=dict(classes=[2019, "2019", 2020]))


def test_files_that_are_no_images_are_told(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    before = len(ImageFolder(str(root), "train"))
    Image.new("L", (2, 2)).save(root / "train" / "cat" / "z.PNG")
    (root / "train" / "cat" / "z.heic").write_bytes(b"")
    (root / "train" / "lost.png").write_bytes(b"")
    get_logger().addHandler(caplog.handler)
    assert len(ImageFolder(str(root), "train")) == before + 1
    assert "4 of 9 files in" in caplog.messages[-1]
    assert "2 files .txt, 1 file .heic, 1 file .png (cat/notes.txt, " in caplog.messages[-1]


def test_classes_of_the_training_data_hold(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    get_logger().addHandler(caplog.handler)
    with using_classes(lambda: ("bird", "cat", "dog")):
        data = ImageFolder(str(root), "train")
    assert data.metainfo["classes"] == ("bird", "cat", "dog")
    assert {data.get_data_info(index)["gt_label"] for index in range(len(data))} == {1, 2}
    assert "has no samples of 1 of the 3 classes of the training data: bird" in caplog.text
    new = "has classes that the training data do not have: dog; those have cat"
    with using_classes(lambda: ("cat",)), pytest.raises(ValueError, match=new):
        ImageFolder(str(root), "train")


def test_labels_are_counted(root: Path) -> None:
    data = ImageFolder(str(root), "train", metainfo=dict(classes=["cat", "dog"]))
    found = data.count_labels(1)
    assert (found.total, found.seen) == (len(data), len(data))
    assert sum(found.counts.values()) == len(data)
    assert not found.faults
    assert data.labels_key(1) is None
