"""Checkpoint folders: what is written is read; a kill or a stranger does no harm."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import re
import shutil
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.distributed.checkpoint import state_dict_saver as dcp

from engine.checkpoint import (
    CheckpointError,
    CheckpointLoader,
    FolderSave,
    describe_checkpoint,
    merge_folder,
    open_folder,
    read_checkpoint,
    remove_abandoned_folders,
    remove_folder,
)

Probe = Callable[[str], str]

DTYPES = (torch.float32, torch.float64, torch.bfloat16, torch.int64, torch.bool, torch.complex64)


def save(checkpoint: dict[str, Any], folder: Path, **process: Any) -> Path:
    FolderSave(checkpoint, process, str(folder)).write()
    return folder


def small(number: int = 1) -> dict[str, Any]:
    return {
        "meta": {"epoch": number, "iter": 3 * number},
        "state_dict": {"a.weight": torch.arange(6.0).view(2, 3) + number},
        "optimizer": {"state": {0: {"step": torch.tensor(2.0)}}, "param_groups": [{"lr": 0.1}]},
        "message_hub": {},
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return save(small(), tmp_path / "epoch_1", place=3)


tensors = st.builds(
    lambda shape, dtype, by: (
        (torch.arange(2 * max(1, torch.Size(shape).numel())) + by)[::2][: torch.Size(shape).numel()]
        .to(dtype)
        .view(shape)
    ),
    st.lists(st.integers(0, 3), max_size=3),
    st.sampled_from(DTYPES),
    st.integers(0, 9),
)
contents = st.dictionaries(
    st.one_of(st.text(max_size=4), st.integers(0, 3), st.sampled_from(["a.b", "a", "b"])),
    st.recursive(
        st.one_of(st.none(), st.integers(), st.text(max_size=3), tensors),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.tuples(inner),
            st.dictionaries(st.one_of(st.integers(0, 3), st.just("b"), st.just("a.b")), inner),
        ),
        max_leaves=6,
    ),
    max_size=4,
)


@settings(max_examples=40, deadline=None)
@given(state_dict=contents, optimizer=contents, more=contents)
def test_what_is_read_is_what_was_saved(
    tmp_path_factory: pytest.TempPathFactory, state_dict: Any, optimizer: Any, more: Any
) -> None:
    checkpoint = {"meta": {}, "state_dict": state_dict, "optimizer": optimizer, "more": more}
    name = save(checkpoint, tmp_path_factory.mktemp("run") / "x", place=1)
    for mmap in (False, True):
        found = read_checkpoint(name, mmap=mmap)
        assert found.pop("processes") == [{"place": 1}]
        same(found, checkpoint)


def same(found: Any, expected: Any) -> None:
    assert type(found) is type(expected)
    if isinstance(expected, torch.Tensor):
        assert found.dtype == expected.dtype
        assert torch.equal(found, expected)
    elif isinstance(expected, dict):
        assert [*found] == [*expected]
        for key, each in expected.items():
            same(found[key], each)
    elif isinstance(expected, (list, tuple)):
        for ours, theirs in zip(found, expected, strict=True):
            same(ours, theirs)
    else:
        assert found == expected


def test_weights_that_are_shared_or_transposed_and_versions_of_modules(tmp_path: Path) -> None:
    weight = torch.arange(6.0).view(2, 3)
    state = OrderedDict(a=weight, b=weight, c=weight.T, d=weight.expand(2, 2, 3))
    state._metadata = {"": {"version": 2}}  # type: ignore[attr-defined]  # as torch keeps them
    found = read_checkpoint(save({"meta": {}, "state_dict": state}, tmp_path / "x"))
    same(found["state_dict"], state)
    assert found["state_dict"]._metadata == {"": {"version": 2}}
    assert {each.name for each in (tmp_path / "x").iterdir()} == {
        *("manifest.json", "model", "process_00000.pth", "state.pth")
    }


def test_what_the_training_changes_after_the_call_is_not_written(tmp_path: Path) -> None:
    checkpoint = small()
    begun = FolderSave(checkpoint, {"draws": [1]}, str(tmp_path / "x"))
    checkpoint["state_dict"]["a.weight"].zero_()
    checkpoint["optimizer"]["param_groups"][0]["lr"] = 0
    checkpoint["meta"]["epoch"] = 9
    begun.write()
    found = read_checkpoint(tmp_path / "x")
    assert found.pop("processes") == [{"draws": [1]}]
    same(found, small())


KILLED = """
import itertools, os, sys, torch, warnings
from pathlib import Path
sys.path.insert(0, {here!r})
from test_folder import save, small
from engine.checkpoint import read_checkpoint

changes = {{"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.truncate"}}

def attempt(root, name, last):
    seen = itertools.count(1)
    def watch(event, arguments):
        if event in changes and str(arguments[0]).startswith(str(root)) and next(seen) == last:
            os._exit(9)
    sys.addaudithook(watch)
    save(small(2), root / name)
    os._exit(0)

for name in ("epoch_1", "epoch_2"):
    for last in itertools.count(1):
        root = Path({root!r}) / f"{{name}}_{{last}}"
        save(small(1), root / "epoch_1")
        child = os.fork()
        if not child:
            attempt(root, name, last)
        if not os.waitpid(child, 0)[1]:
            break
    print(name, last)
"""


@pytest.mark.slow
def test_a_kill_at_any_moment_leaves_a_whole_checkpoint(
    probe_with_torch: Probe, tmp_path: Path
) -> None:
    printed = probe_with_torch(
        KILLED.format(here=str(Path(__file__).parent), root=str(tmp_path))
    ).split()
    assert min(int(printed[1]), int(printed[3])) > 15  # so many moments were tried
    numbers = set()
    for root in sorted(tmp_path.iterdir()):
        for _ in range(2):  # before what was left is removed, and after that
            found = read_checkpoint(root / "epoch_1")
            number = found["meta"]["epoch"]
            same({key: found[key] for key in small()}, small(number))
            numbers.add((root.name.rpartition("_")[0], number))
            remove_abandoned_folders(root)
        assert {each.name for each in root.iterdir()} <= {"epoch_1", "epoch_2"}
        if (root / "epoch_2").exists():
            same(read_checkpoint(root / "epoch_2")["meta"], small(2)["meta"])
    assert numbers == {("epoch_1", 1), ("epoch_1", 2), ("epoch_2", 1)}


def test_what_a_user_has_in_a_folder_stays(tmp_path: Path) -> None:
    mine = tmp_path / "mine.partial" / "notes.txt"
    mine.parent.mkdir()
    mine.touch()
    (tmp_path / "link.partial").symlink_to(mine.parent)
    (tmp_path / "begun.partial").mkdir()
    assert remove_abandoned_folders(tmp_path) == ["begun.partial"]
    save(small(), tmp_path / "x")
    (tmp_path / "x" / "notes.txt").touch()
    with pytest.raises(OSError, match="x is not removed: it holds more than a checkpoint"):
        remove_folder(str(tmp_path / "x"))
    assert mine.exists()
    assert (tmp_path / "x" / "notes.txt").exists()


def test_each_file_is_held_against_the_manifest(folder: Path) -> None:
    files = [each for each in folder.rglob("*.*") if each.name != "manifest.json"]
    assert len(files) == 4
    for file in files:
        name = file.relative_to(folder).as_posix()
        content = file.read_bytes()
        for changed, problem in (
            (content[:-1], f"has {len(content) - 1} bytes, and {len(content)} were written"),
            (content[:-1] + bytes([content[-1] ^ 1]), "is not what was written: its SHA-256"),
            (None, "is missing"),
        ):
            file.unlink()
            if changed is not None:
                file.write_bytes(changed)
            with pytest.raises(
                CheckpointError, match=re.escape(f"{folder} can't be read: {name} in it {problem}")
            ):
                read_checkpoint(folder)
            file.write_bytes(content)
    read_checkpoint(folder)


@pytest.mark.parametrize(
    "name", ["../secret.pth", "/etc/passwd", "model/../../x.safetensors", "a\\b.pth", ".x", ""]
)
def test_a_manifest_names_no_file_elsewhere(folder: Path, name: str) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"][name] = manifest["files"]["state.pth"]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(CheckpointError, match=r"manifest.json can't be used: it names .* no file"):
        read_checkpoint(folder)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"version": 2}, "written by a newer engine .*: layout 2"),
        ({"version": "1"}, "is no manifest"),
        ({"files": {}}, "names no state.pth"),
        ({"files": [1]}, "files can't be used"),
        ({"world_size": 2}, "names no process_00001.pth, and 2 processes wrote it"),
        ({"world_size": 10**9}, "names no process_00001.pth"),
    ],
)
def test_a_manifest_that_cannot_be_used(
    folder: Path, changes: dict[str, Any], problem: str
) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, **changes}))
    with pytest.raises(CheckpointError, match=rf"manifest.json can't be used: it.* {problem}"):
        read_checkpoint(folder)


def test_links_and_files_that_were_added_are_refused(folder: Path, tmp_path: Path) -> None:
    state = folder / "state.pth"
    state.rename(tmp_path / "elsewhere.pth")
    state.symlink_to(tmp_path / "elsewhere.pth")
    with pytest.raises(CheckpointError, match=r"state\.pth in it is a link that leads out"):
        read_checkpoint(folder)
    state.unlink()
    (tmp_path / "elsewhere.pth").rename(state)
    added = folder / "model" / "more.safetensors"
    added.write_bytes(next((folder / "model").iterdir()).read_bytes())
    with pytest.raises(
        CheckpointError, match=r"model/more\.safetensors in it is not in its manifest"
    ):
        read_checkpoint(folder)


def rewritten(folder: Path, name: str, content: bytes) -> Path:
    """Replace a file, with a manifest that fits."""
    (folder / name).write_bytes(content)
    manifest = json.loads((folder / "manifest.json").read_text())
    facts = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    manifest["files"][name] = facts
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


class Harm:
    def __reduce__(self) -> Any:
        return os.mkdir, ("harmed",)


def test_nothing_in_a_file_is_executed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"content": {"a": Harm()}, "tensors": {}}, tmp_path / "harm.pth")
    rewritten(folder, "state.pth", (tmp_path / "harm.pth").read_bytes())
    with pytest.raises(CheckpointError, match=r"state.pth holds .*mkdir; .* nothing else is read"):
        read_checkpoint(folder)
    assert not Path("harmed").exists()


@pytest.mark.parametrize(
    ("tensors", "problem"),
    [
        ({"model": {"a.weight": {}}}, "does not say where"),
        ({"model": {"a.weight": ["state_dict", "x"]}}, "does not say where"),
        ({"elsewhere": {"a": {"path": ["x"], "shape": [1], "dtype": "int8"}}}, "no file"),
        (
            {"model": {"a.weight": {"path": ["meta", "x"], "shape": [2, 3], "dtype": "float32"}}},
            "no place",
        ),
        (
            {"model": {"a.weight": {"path": ["x"], "shape": [10**9], "dtype": "float32"}}},
            "has not all of",
        ),
        ({"model": {"b": {"path": ["x"], "shape": [1], "dtype": "float32"}}}, "no tensor 'b'"),
        ({"model": {"b": {"path": ["x"], "shape": [-1], "dtype": "float32"}}}, "does not say"),
        ({"model": {"b": {"path": ["x"], "shape": [1], "dtype": "nn"}}}, "does not say where"),
        ({"model": {"b": {"path": ["x"], "shape": [2**99], "dtype": "int8"}}}, "does not say"),
    ],
)
def test_plain_data_that_do_not_fit_the_tensors(
    folder: Path, tmp_path: Path, tensors: Any, problem: str
) -> None:
    torch.save({"content": {"meta": {}}, "tensors": tensors}, tmp_path / "state.pth")
    rewritten(folder, "state.pth", (tmp_path / "state.pth").read_bytes())
    with pytest.raises(CheckpointError, match=rf"{folder} can't be read: .*{problem}"):
        read_checkpoint(folder)


places = st.floats(0, 1, exclude_max=True)
changed = st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=6)


def with_changes(content: bytes, changes: list[tuple[float, int]], most: int = 400) -> bytes:
    """Change bytes at places that are shares of the length, or of its beginning."""
    result = bytearray(content)
    for place, value in changes:
        result[int(place * min(len(result), most))] = value
    return bytes(result)


def read_or_refuse(folder: Path) -> str:
    """Return the error that names a folder, or nothing if it is a checkpoint."""
    try:
        read_checkpoint(folder)
    except CheckpointError as error:
        return str(error)
    return str(folder)


@settings(max_examples=60, deadline=None)
@given(place=places, changes=changed)
def test_whatever_is_in_the_files_it_is_an_error_or_a_checkpoint(
    tmp_path_factory: pytest.TempPathFactory, place: float, changes: list[tuple[float, int]]
) -> None:
    folder = save(small(), tmp_path_factory.mktemp("run") / "x")
    names = sorted(json.loads((folder / "manifest.json").read_text())["files"])
    name = names[int(place * len(names))]
    rewritten(folder, name, with_changes((folder / name).read_bytes(), changes))
    assert str(folder) in read_or_refuse(folder)


def test_a_folder_is_a_checkpoint_wherever_a_file_is(folder: Path, tmp_path: Path) -> None:
    assert CheckpointLoader.load_checkpoint(folder)["meta"] == {"epoch": 1, "iter": 3}
    with pytest.raises(CheckpointError, match=r"there is no checkpoint .*no manifest\.json"):
        read_checkpoint(tmp_path)
    assert open_folder(tmp_path / "missing") is None


@pytest.mark.parametrize("name", ["out.pth", "out.safetensors"])
def test_a_folder_becomes_a_file(folder: Path, tmp_path: Path, name: str) -> None:
    merge_folder(folder, tmp_path / name)
    whole, merged = read_checkpoint(folder), read_checkpoint(tmp_path / name)
    assert set(merged) == ({"state_dict", "meta"} if name == "out.safetensors" else set(whole))
    for key in merged:
        same(merged[key], whole[key])
    with pytest.raises(ValueError, match=rf"{name} is a file already"):
        merge_folder(tmp_path / name, tmp_path / "other.pth")


def test_what_is_inside(folder: Path, tmp_path: Path) -> None:
    facts = describe_checkpoint(folder)
    merge_folder(folder, tmp_path / "x.pth")
    of_file = describe_checkpoint(tmp_path / "x.pth")
    assert facts["size"] == sum(facts["files"].values())
    assert {"layout": facts["layout"], "other": of_file["layout"]} == {
        "layout": "folder",
        "other": "file",
    }
    for each in (facts, of_file):
        told = {key: each[key] for key in ("epoch", "iter", "weights", "values", "optimizer")}
        assert told == {"epoch": 1, "iter": 3, "weights": 1, "values": 6, "optimizer": True}


# -- Folders of torch.distributed.checkpoint ----------------------------------------------------


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    model = nn.Linear(3, 2)
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    content = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3}
    with pytest.warns(UserWarning, match="single process"):
        dcp.save(content, checkpoint_id=tmp_path / "dcp", no_dist=True)
    torch.save(content, tmp_path / "expected.pth")
    return tmp_path / "dcp"


def test_a_folder_of_torch_is_read(foreign: Path, tmp_path: Path) -> None:
    expected = torch.load(tmp_path / "expected.pth", weights_only=True)
    found = read_checkpoint(foreign)
    assert found["epoch"] == 3
    same(found["state_dict"], dict(expected["model"]))
    assert found["optimizer"]["param_groups"][0]["lr"] == 0.001
    same(found["optimizer"]["state"]["0"]["exp_avg"], expected["optimizer"]["state"][0]["exp_avg"])
    merge_folder(foreign, tmp_path / "w.safetensors")
    merged = read_checkpoint(tmp_path / "w.safetensors")["state_dict"]
    same({key: merged[key] for key in expected["model"]}, dict(expected["model"]))


def test_nothing_in_the_metadata_of_torch_is_executed(
    foreign: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (foreign / ".metadata").write_bytes(pickle.dumps(Harm()))
    with pytest.raises(CheckpointError, match=r"\.metadata can't be read: it holds posix.mkdir"):
        read_checkpoint(foreign)
    assert not Path("harmed").exists()


def test_the_metadata_of_torch_lead_nowhere_else(foreign: Path, tmp_path: Path) -> None:
    metadata = pickle.loads((foreign / ".metadata").read_bytes())  # noqa: S301  # of this test
    for info in metadata.storage_data.values():
        info.relative_path = "../expected.pth"
    (foreign / ".metadata").write_bytes(pickle.dumps(metadata))
    with pytest.raises(CheckpointError, match=r"'\.\./expected.pth', which is outside"):
        read_checkpoint(foreign)


def test_byte_items_of_torch_are_not_executed(
    foreign: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.warns(UserWarning, match="single process"):
        dcp.save({"a": Harm()}, checkpoint_id=tmp_path / "harm", no_dist=True)
    with pytest.raises(CheckpointError, match=r"\(__0_0.distcp, a\) holds .*mkdir"):
        read_checkpoint(tmp_path / "harm")
    assert not Path("harmed").exists()


@pytest.fixture(scope="module")
def metadata(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("dcp")
    with pytest.warns(UserWarning, match="single process"):
        dcp.save({"a": torch.ones(3), "b": 1}, checkpoint_id=root / "x", no_dist=True)
    return root / "x"


@settings(max_examples=100, deadline=None)
@given(changes=changed)
def test_whatever_is_in_the_metadata_of_torch(
    metadata: Path, tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[float, int]]
) -> None:
    folder = Path(shutil.copytree(metadata, tmp_path_factory.mktemp("dcp") / "x"))
    content = (metadata / ".metadata").read_bytes()
    (folder / ".metadata").write_bytes(with_changes(content, changes, len(content)))
    assert str(folder) in read_or_refuse(folder)
