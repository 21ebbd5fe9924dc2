from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmalpha.datasets import ImageList, PackClsInputs

CLASSES = dict(classes=["cat", "dog", "fox"])
ENTRIES = [{"img_path": "a.png", "gt_label": "dog"}, {"img_path": "b.png", "gt_label": "cat"}]
TEXTS = {
    "list.csv": "img_path,gt_label\na.png,dog\nb.png,cat\n",
    "list.tsv": "\ufeffimg_path\tgt_label\r\na.png\tdog\r\nb.png\tcat\r\n",
    "list.json": json.dumps(ENTRIES),
    "mm.json": json.dumps({"metainfo": {"classes": ["cat", "dog"]}, "data_list": ENTRIES}),
    "list.jsonl": "\n".join(map(json.dumps, ENTRIES)) + "\n\n",
}


def labels(data: ImageList) -> list[Any]:
    infos = map(data.get_data_info, range(len(data)))
    return [info["gt_score"].tolist() if "gt_score" in info else info["gt_label"] for info in infos]


def listed(folder: Path, name: str, text: str, **arguments: Any) -> ImageList:
    (folder / name).write_text(text, encoding="utf-8", newline="")
    return ImageList(name, data_root=str(folder), **arguments)


@pytest.mark.parametrize("name", list(TEXTS))
def test_all_kinds_of_lists_are_read(tmp_path: Path, name: str) -> None:
    data = listed(tmp_path, name, TEXTS[name], data_prefix=dict(img_path="images"))
    assert labels(data) == [1, 0]
    assert tuple(data.metainfo["classes"]) == ("cat", "dog")
    assert data.get_data_info(0)["img_path"] == str(tmp_path / "images" / "a.png")


def test_labels_are_names_or_numbers(tmp_path: Path) -> None:
    text = "img_path,gt_label\na.png,2\nb.png,cat\n"
    assert labels(listed(tmp_path, "a.csv", text, metainfo=CLASSES)) == [2, 0]
    entries = [{"img_path": "a.png", "gt_label": 2}]
    assert labels(listed(tmp_path, "a.json", json.dumps(entries), metainfo=CLASSES)) == [2]


@given(
    classes=st.lists(
        st.integers(0, 12) | st.text("ab1.", min_size=1, max_size=3), min_size=1, max_size=5
    )
)
def test_a_label_means_one_class_or_is_an_error(classes: list[int | str]) -> None:
    names = [str(name) for name in classes]
    with tempfile.TemporaryDirectory() as folder:
        for label in [*range(7), *names, "c"]:
            meant = {
                number
                for number, name in enumerate(names)
                if str(label) == name or str(label) == str(number)
            }
            for suffix, entry in (("jsonl", label), ("csv", str(label)), ("json", str(label))):
                text = json.dumps({"img_path": "a.png", "gt_label": entry})
                content = {"json": f"[{text}]", "jsonl": text}
                content["csv"] = f"img_path,gt_label\na.png,{label}\n"
                options = dict(metainfo=dict(classes=classes))
                if len(set(names)) == len(names) and len(meant) == 1:
                    data = listed(Path(folder), f"a.{suffix}", content[suffix], **options)
                    assert labels(data) == [*meant]
                    assert [*data.metainfo["classes"]] == names
                else:
                    said = "one name twice|is no class|is the name of class . and the number|, and"
                    with pytest.raises(ValueError, match=said):
                        listed(Path(folder), f"a.{suffix}", content[suffix], **options)


def test_a_label_that_fits_two_classes_is_told(tmp_path: Path) -> None:
    text = "img_path,gt_label\na.png,1\nb.png,0\n"
    said = r"a\.csv:2: '1' is the name of class 0, and the number of class 1, '0'; give the classes"
    with pytest.raises(ValueError, match=said):
        listed(tmp_path, "a.csv", text, metainfo=dict(classes=[1, 0]))
    with pytest.raises(TypeError, match="are a list of names; got 'cat'"):
        listed(tmp_path, "a.csv", text, metainfo=dict(classes="cat"))


def test_the_columns_may_have_other_names(tmp_path: Path) -> None:
    text = 'name,kind,note\n"a, b.png",fox,"several\nlines"\n'
    data = listed(tmp_path, "a.csv", text, image_key="name", label_key="kind", metainfo=CLASSES)
    assert labels(data) == [2]
    assert data.get_data_info(0)["img_path"] == str(tmp_path / "a, b.png")


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_images_of_several_classes(tmp_path: Path, name: str) -> None:
    rows: list[list[str]] = [["cat", "fox"], [], ["dog"]]
    if name == "a.csv":
        lines = [f"{number}.png,{' | '.join(row)}" for number, row in enumerate(rows)]
        text = "\n".join(["img_path,gt_label", *lines])
    else:
        lines = [json.dumps({"img_path": "0.png", "gt_label": row}) for row in rows]
        text = "\n".join(lines)
    data = listed(tmp_path, name, text, multi_label=True)
    assert labels(data) == [[1, 0, 1], [0, 0, 0], [0, 1, 0]]
    info = data.get_data_info(0)
    packed = PackClsInputs()({**info, "img": _image()})["data_samples"]
    assert packed.gt_score.tolist() == [1.0, 0.0, 1.0]
    assert "gt_label" not in packed


def _image() -> Any:
    import torch

    return torch.zeros(3, 2, 2)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "img_path,gt_label\na.png,cat\nb.png,kat\n", "a.csv:3: 'kat' is no class; did y"),
        ("a.csv", "img_path,gt_label\na.png,3\n", "a.csv:2: '3' is no class; there are cat, dog"),
        ("a.csv", "path,gt_label\na.png,cat\n", "a.csv:2 has no 'img_path'; it has path, gt_label"),
        ("a.csv", "img_path,gt_label\na.png\n", "a.csv:2 has no 'gt_label'"),
        ("a.csv", 'img_path,gt_label\n"a.png,cat\n', "a.csv:2 is no line of a table"),
        ("a.csv", "img_path,gt_label\n", "a.csv lists no images"),
        ("a.csv", "img_path,gt_label\na.png,\n", "a.csv:2 has an empty 'gt_label'"),
        ("a.csv", "img_path,gt_label\n,cat\n", "a.csv:2 has an empty 'img_path'"),
        ("a.csv", "img_path,gt_label\na.png,cat\na,b.png,cat\n", r"a.csv:3 has 3 values for th"),
        ("a.tsv", "img_path\tgt_label\na.png\tcat\t\n", r"a.tsv:2 has 3 values for the 2 names"),
        ("a.csv", "img_path,gt_label\na.png, cat\n", "a.csv:2: ' cat' begins or ends with wh"),
        ("a.csv", "img_path,gt_label\na.png ,cat\n", "a.csv:2: 'a.png ' begins or ends with"),
        ("a.csv", "img_path, gt_label\na.png,cat\n", "a.csv:1: ' gt_label' begins or ends wi"),
        ("a.csv", "img_path,gt_label,gt_label\n", "a.csv:1 has the name 'gt_label' twice"),
        ("a.csv", f"img_path,gt_label\na.png,{'9' * 5000}\n", "a.csv:2: '9999.* is no class"),
        ("a.jsonl", '\n{"img_path": "a", "gt_label": ""}', "a.jsonl:2 has an empty 'gt_label'"),
        ("a.jsonl", '{"img_path": "a", "gt_label": "cat "}', "a.jsonl:1: 'cat ' begins or ends"),
        ("a.json", "[{]", "a.json is no JSON"),
        ("a.json", '{"a": 1}', "a.json holds no list of images"),
        ("a.json", "[3]", "a.json: entry 0: expected a dictionary; got 3"),
        ("a.json", '[{"img_path": "a", "gt_label": true}]', "entry 0: a label is a name or a numb"),
        ("a.jsonl", '{"img_path": "a", "gt_label": 0}\n{', "a.jsonl:2 is no JSON"),
        (
            "a.txt",
            "a.png cat",
            "the name of a list ends in .csv, .tsv, .json, .jsonl; got",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        listed(tmp_path, name, text, metainfo=CLASSES)


def test_numbers_need_the_names_of_the_classes(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"has numbers for labels; say .*classes=\[...\]"):
        listed(tmp_path, "a.csv", "img_path,gt_label\na.png,0\n")


@pytest.mark.parametrize("character", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c"])
def test_a_line_of_json_ends_with_a_line_feed_only(tmp_path: Path, character: str) -> None:
    name = f"a{character}b.png"
    text = "\r\n".join(
        json.dumps({**each, "img_path": name}, ensure_ascii=False) for each in ENTRIES
    )
    data = listed(tmp_path, "a.jsonl", text)
    assert labels(data) == [1, 0]
    assert data.get_data_info(1)["img_path"] == str(tmp_path / name)


@pytest.mark.parametrize("name", list(TEXTS))
def test_a_byte_order_mark_is_no_text(tmp_path: Path, name: str) -> None:
    text = "\ufeff" + TEXTS[name].removeprefix("\ufeff")
    assert labels(listed(tmp_path, name, text)) == [1, 0]


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.json", "a.jsonl"])
def test_a_list_in_another_encoding_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes("img_path,gt_label\né.png,cat\n".encode("latin-1"))
    with pytest.raises(ValueError, match=rf"{name}:2: this is no text in UTF-8 \(byte 0xe9\)"):
        ImageList(name, data_root=str(tmp_path))


def test_a_missing_list_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"none\.csv"):
        ImageList("none.csv", data_root=str(tmp_path))


def test_labels_of_several_classes_are_counted(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("img_path,gt_label\na.png,cat|dog\nb.png,dog\nc.png,\n")
    found = ImageList(str(file), multi_label=True).count_labels(1)
    assert (found.seen, found.counts) == (3, {0: 1, 1: 2})


def test_a_label_outside_the_classes_is_a_fault(tmp_path: Path) -> None:
    class Wrong(ImageList):
        def load_data_list(self) -> list[dict[str, Any]]:
            return [{**each, "gt_label": 5} for each in super().load_data_list()]

    file = tmp_path / "list.csv"
    file.write_text("img_path,gt_label\na.png,cat\n")
    found = Wrong(str(file)).count_labels(1)
    assert found.counts == {}
    assert found.faults == ["a.png has the label 5; the dataset has 1 classes"]
