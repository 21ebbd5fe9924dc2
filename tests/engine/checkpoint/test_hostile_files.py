"""Whatever is in a file, it is a checkpoint or a `CheckpointError`, in little memory and time."""

from __future__ import annotations

import io
import pickle
import random
import resource
import subprocess
import sys
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.checkpoint import CheckpointError, read_checkpoint

START, END = b"\x80\x02}X\x01\x00\x00\x00a", b"s."  # {"a": ...}
BILLION = b"J\x00\x00\x00\x70"
HISTORY = b"cmmengine.logging.history_buffer\nHistoryBuffer\n)\x81"
DTYPE = b"cnumpy\ndtype\nX\x02\x00\x00\x00O8\x89\x88\x87R"


def archive(content: bytes, path: Path, compression: int = zipfile.ZIP_STORED) -> Path:
    """Write a file as torch does, around any pickle."""
    with zipfile.ZipFile(path, "w", compression) as file:
        file.writestr("x/data.pkl", content)
        file.writestr("x/version", "3\n")
        file.writestr("x/byteorder", "little")
    return path


def array_of(shape: bytes, dtype: bytes, raw: bytes) -> bytes:
    return (
        b"cnumpy._core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85U\x01btR"
        b"(K\x01" + shape + dtype + b"\x89" + raw + b"tb"
    )


BAD = {
    "a text": b"hello",
    "nothing": b"",
    "an instruction alone": b".",
    "a list in itself": b"]q\x00h\x00a",
    "a dictionary in itself": b"}q\x00X\x01\x00\x00\x00bh\x00s",
    "a bytearray": b"cbuiltins\nbytearray\n" + BILLION + b"\x85R",
    "a bytearray by another name": b"c__builtin__\nbytearray\n" + BILLION + b"\x85R",
    "a bytearray by a third": b"cexceptions\nbytearray\n" + BILLION + b"\x85R",
    "a bytearray in disguise": b"ctorch._tensor\n_rebuild_from_type_v2\n"
    b"(cbuiltins\nbytearray\nctorch\nTensor\n" + BILLION + b"\x85}tR",
    "a tensor": b"ctorch\nFloatTensor\n" + BILLION + b"\x85R",
    "a tensor in disguise": b"ctorch._tensor\n_rebuild_from_type_v2\n"
    b"(ctorch\nFloatTensor\nctorch\nTensor\n" + BILLION + b"\x85}tR",
    "a storage": b"ctorch.storage\nUntypedStorage\n" + BILLION + b"\x85R",
    "a scalar of object": b"cnumpy._core.multiarray\nscalar\n" + DTYPE + b"K\x01\x86R",
    "an array of object": array_of(b"K\x01\x85", DTYPE, b"](K\x01e"),
    "an array of a pebibyte": array_of(
        b"\x8a\x07\x00\x00\x00\x00\x00\x00\x04\x85",
        b"cnumpy\ndtype\nX\x02\x00\x00\x00i1\x89\x88\x87R",
        b"U\x01x",
    ),
    "an array without values": b"cnumpy\nndarray\n" + BILLION + b"\x85R",
    "deep lists": b"]" * 1000 + b"a" * 999,
    "a deep key": b"})" + b"\x85" * 1_000_000 + b"K\x01s",
    "a key of 2^90 values": b"})" + b"q\x00h\x00\x86" * 90 + b"K\x01s",
    "2^90 values": b"]" + b"q\x00h\x00\x86" * 90,
    "a text of no code": b"c_codecs\nencode\nX\x01\x00\x00\x00aX\x03\x00\x00\x00hex\x86R",
    "a negative position in memory": b"r\xff\xff\xff\xff",
}


@pytest.mark.parametrize("name", BAD)
def test_what_no_checkpoint_holds(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x.pth"
    plain = START + BAD[name] + END
    for content in (BAD[name], plain, START.replace(b"a", b"m") + BAD[name] + END):
        for mmap in (False, True):
            with pytest.raises(CheckpointError, match=r"x\.pth "):
                read_checkpoint(archive(content, path), mmap=mmap)
            path.write_bytes(content)
            with pytest.raises(CheckpointError, match=r"x\.pth "):
                read_checkpoint(path, mmap=mmap)


def test_a_history_without_values(tmp_path: Path) -> None:
    text = b"X\x10\x00\x00\x00mmengine_version"
    content = (
        b"\x80\x02}(X\x04\x00\x00\x00meta}" + text + b"K\x01sX\x01\x00\x00\x00a" + HISTORY + b"u."
    )
    path = archive(content, tmp_path / "x.pth")
    with pytest.raises(CheckpointError, match=r"x\.pth ") as caught:
        read_checkpoint(path)
    assert isinstance(caught.value.__cause__, AttributeError)


def test_a_storage_that_claims_more_than_the_file(tmp_path: Path) -> None:
    path, old = tmp_path / "x.pth", tmp_path / "old.pth"
    torch.save({"a": torch.arange(6.0)}, path)
    torch.save({"a": torch.arange(6.0)}, old, _use_new_zipfile_serialization=False)
    assert read_checkpoint(old)["a"].tolist() == [0, 1, 2, 3, 4, 5]
    for file in (path, old):
        whole = file.read_bytes()
        assert whole.count(b"K\x06") > 0
        file.write_bytes(whole.replace(b"K\x06", b"J\x00\x00\x00\x70"[:2], 1))
        with pytest.raises(CheckpointError):
            read_checkpoint(file)
    content = START + (
        b"ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\n"
        b"X\x01\x00\x00\x000X\x03\x00\x00\x00cpu" + BILLION + b"tQK\x00K\x06\x85K\x01\x85\x89"
        b"ccollections\nOrderedDict\n)RtR"
    )
    for mmap in (False, True):
        with pytest.raises(CheckpointError, match="its tensors are larger than the file"):
            read_checkpoint(archive(content + END, path), mmap=mmap)


def test_a_tensor_of_one_number_that_a_copy_would_write_out(tmp_path: Path) -> None:
    path = tmp_path / "x.pth"
    torch.save({"a": torch.zeros(1).expand(2**40)}, path)
    with pytest.raises(CheckpointError, match="a few bytes of it stand for very many"):
        read_checkpoint(path)
    torch.save({"a": torch.zeros(1).expand(3, 4)}, path)
    assert read_checkpoint(path)["a"].shape == (3, 4)


_LIMITED = """
import resource, sys
from engine.checkpoint import CheckpointError, read_checkpoint
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    read_checkpoint(sys.argv[1])
except CheckpointError as error:
    print(error)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_a_compressed_record_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "x.pth"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file,
        file.open("x/data.pkl", "w") as record,
    ):
        record.write(START + b"X" + (300 * 2**20).to_bytes(4, "little"))
        for _ in range(300):
            record.write(bytes(2**20))
        record.write(END)
    assert path.stat().st_size < 4 * 2**20
    done = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(path)], capture_output=True, text=True, check=True
    )
    told, kilobytes = done.stdout.strip().splitlines()
    assert told == f"{path} is not a checkpoint: its records are compressed"
    assert int(kilobytes) < 100 * 2**10


def written(content: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    torch.save(content, file, **options)
    return file.getvalue()


CONTENT = {
    "meta": {"epoch": 1, "iter": 8, "cfg": "x = 1", "seed": 0, "size": (1, 2.5)},
    "state_dict": OrderedDict(w=torch.rand(3, 2), n=torch.nn.Parameter(torch.rand(2))),
    "message_hub": {"log_scalars": {"a": [torch.zeros(2), torch.ones(2)]}},
    "processes": [{"random": {"numpy": np.arange(5), "set": {1, 2}, "x": np.float32(1)}}],
}
FILES = [written(CONTENT), written(CONTENT, _use_new_zipfile_serialization=False)]


def test_the_files_that_are_mutated_are_checkpoints(tmp_path: Path) -> None:
    path = tmp_path / "x.pth"
    for whole in FILES:
        path.write_bytes(whole)
        back = read_checkpoint(path)
        assert back["meta"] == CONTENT["meta"]
        random_state = back["processes"][0]["random"]
        assert type(random_state["numpy"]) is np.ndarray
        assert random_state["numpy"].tolist() == [0, 1, 2, 3, 4]
        assert random_state["set"] == {1, 2}
        assert random_state["x"] == np.float32(1)
        assert type(random_state["x"]) is np.float32
        pickle.dumps(back)


@given(st.integers(0, 2**32), st.sampled_from(FILES), st.booleans(), st.booleans())
def test_a_mutated_file(
    tmp_path_factory: pytest.TempPathFactory, seed: int, whole: bytes, inside: bool, mmap: bool
) -> None:
    """Bytes are changed, taken out, doubled and put elsewhere, in the pickle or anywhere."""
    chance = random.Random(seed)
    path = tmp_path_factory.getbasetemp() / "mutated.pth"
    if inside and whole.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(whole)) as file:
            archive(mutated(file.read("archive/data.pkl"), chance), path)
    else:
        path.write_bytes(mutated(whole, chance))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        content = read_checkpoint(path, mmap=mmap)
    except CheckpointError:
        content = {}
    assert isinstance(content, dict)
    del content
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 2**10


def mutated(whole: bytes, chance: random.Random) -> bytes:
    new = bytearray(whole)
    for _ in range(chance.randint(1, 5)):
        at, to = sorted(chance.randrange(len(new)) for _ in range(2))
        change = chance.randrange(5)
        if change == 0:
            new[at] = chance.randrange(256)
        elif change == 1:
            new[at : at + 4] = chance.choice(
                [b"\xff\xff\xff\x7f", b"R", b"cos\nsystem\n", b"q\x00"]
            )
        elif change == 2:
            del new[at : min(to, at + 20)]
        elif change == 3:
            new[at:at] = new[at : min(to, at + 200)]
        else:
            new[at] ^= 1 << chance.randrange(8)
        if not new:
            return b"\x80"
    return bytes(new)
