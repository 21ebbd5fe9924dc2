"""Reading a user's image."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import numpy.typing as npt
import pytest
import torch
from fsspec.implementations.memory import MemoryFileSystem
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from engine.infer import Color, read_image, read_mask, resize_image, to_rgb


def _pixels(height: int, width: int) -> npt.NDArray[np.uint8]:
    rows, columns = np.mgrid[:height, :width]
    return np.stack([rows, columns, rows + columns], -1).astype(np.uint8)


@pytest.mark.parametrize("color", ["rgb", "gray"])
def test_a_color_that_is_asked_for(tmp_path: Path, color: Color) -> None:
    image = Image.fromarray(_pixels(5, 7))
    image.save(tmp_path / "a.png")
    expected = np.atleast_3d(np.asarray(image.convert({"rgb": "RGB", "gray": "L"}[color])))
    got = read_image(tmp_path / "a.png", color)
    np.testing.assert_array_equal(got.permute(1, 2, 0).numpy(), expected)


def test_a_url(tmp_path: Path) -> None:
    Image.fromarray(_pixels(5, 7)).save(tmp_path / "a.png")
    url = f"memory://{uuid4().hex}.png"
    MemoryFileSystem().pipe(url, (tmp_path / "a.png").read_bytes())
    assert read_image(url).equal(read_image(tmp_path / "a.png"))
    with pytest.raises(FileNotFoundError, match=r"there is no image memory://none\.png"):
        read_image("memory://none.png")


@pytest.mark.parametrize(
    ("min_side", "size"),
    [(None, (96, 128)), (97, (96, 128)), (49, (96, 128)), (48, (48, 64)), (20, (24, 32))],
)
def test_a_jpeg_may_be_decoded_smaller(
    tmp_path: Path, min_side: int | None, size: tuple[int, int]
) -> None:
    Image.fromarray(_pixels(96, 128)).save(tmp_path / "a.jpg", quality=95)
    image = read_image(tmp_path / "a.jpg", min_side=min_side)
    assert image.shape == (3, *size)
    small = np.asarray(Image.fromarray(_pixels(96, 128)).resize(size[::-1], Image.Resampling.BOX))
    assert abs(image.permute(1, 2, 0).numpy().astype(int) - small).mean() < 3


def test_other_formats_keep_their_size(tmp_path: Path) -> None:
    Image.fromarray(_pixels(96, 128)).save(tmp_path / "a.png")
    assert read_image(tmp_path / "a.png", min_side=8).shape == (3, 96, 128)


def test_a_folder_is_no_image(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="there is no image"):
        read_image(tmp_path)


def _saved(path: Path, pixels: npt.NDArray[Any]) -> Path:
    """Write pixels `(H, W, C)` to a file in a format that holds them."""
    if path.suffix == ".npy":
        np.save(path, pixels)
    else:
        Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).save(path)
    return path


def _deep_png(pixels: npt.NDArray[np.uint16]) -> bytes:
    """Encode pixels of 16 bits with 2 to 4 channels; Pillow can't."""
    height, width, channels = pixels.shape
    kind = {2: 4, 3: 2, 4: 6}[channels]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)

    def chunk(name: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + check

    header = struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def _tiff(pixels: npt.NDArray[Any]) -> bytes:
    """Encode pixels `(H, W, C)` as a TIFF, whose channels behind RGB have no meaning."""
    height, width, channels = pixels.shape
    data, place = pixels.tobytes(), 8
    kind = {"u": 1, "i": 2, "f": 3}[pixels.dtype.kind]
    tags: dict[int, tuple[str, list[int]]] = {
        256: ("I", [width]),
        257: ("I", [height]),
        258: ("H", [pixels.dtype.itemsize * 8] * channels),
        259: ("H", [1]),
        262: ("H", [2 if channels >= 3 else 1]),
        273: ("I", [place]),
        277: ("H", [channels]),
        278: ("I", [height]),
        279: ("I", [len(data)]),
        339: ("H", [kind] * channels),
    }
    if channels > 3 or channels == 2:
        tags[338] = ("H", [0] * (channels - (3 if channels > 3 else 1)))
    start = place + len(data)
    entries, further = b"", b""
    for tag, (code, values) in sorted(tags.items()):
        packed = struct.pack(f"<{len(values)}{code}", *values)
        if len(packed) > 4:
            where = start + 2 + 12 * len(tags) + 4 + len(further)
            further += packed
            packed = struct.pack("<I", where)
        number = {"H": 3, "I": 4}[code]
        entries += struct.pack("<HHI", tag, number, len(values)) + packed.ljust(4, b"\0")
    folder = struct.pack("<H", len(tags)) + entries + b"\0" * 4
    return b"II*\0" + struct.pack("<I", start) + data + folder + further


def _values(dtype: str, channels: int) -> npt.NDArray[Any]:
    values: npt.NDArray[Any] = np.arange(4 * 5 * channels).reshape(4, 5, channels) * 163
    if dtype == "uint8":
        values = values % 256
    elif dtype == "float32":
        values = values / 1000
    else:
        values = values + (40000 if dtype == "uint16" else 0)
    made: npt.NDArray[Any] = values.astype(dtype)
    return made


@pytest.mark.parametrize(
    ("suffix", "dtype", "channels"),
    [
        *((suffix, "uint8", count) for suffix in (".png", ".tif") for count in (1, 2, 3, 4)),
        (".png", "uint16", 1),
        *((".tif", dtype, 1) for dtype in ("uint16", "int32", "float32")),
        *((".npy", dtype, 7) for dtype in ("uint8", "int16", "uint16", "int32", "float32")),
    ],
)
def test_an_image_keeps_what_its_file_holds(
    tmp_path: Path, suffix: str, dtype: str, channels: int
) -> None:
    pixels = _values(dtype, channels)
    image = read_image(_saved(tmp_path / f"a{suffix}", pixels))
    assert image.dtype == getattr(torch, dtype)
    np.testing.assert_array_equal(image.permute(1, 2, 0).numpy(), pixels)


@pytest.mark.parametrize(
    ("dtype", "channels", "what"),
    [
        ("uint8", 2, "2 channels"),
        ("uint8", 4, "4 channels"),
        ("uint8", 5, "5 channels"),
        ("uint16", 3, "3 channels of 16 bits"),
        ("uint16", 4, "4 channels"),
        ("int8", 1, "signed integers of 8 bits"),
        ("uint32", 1, "unsigned integers of 32 bits"),
    ],
)
def test_what_pillow_would_lose_is_refused(
    tmp_path: Path, dtype: str, channels: int, what: str
) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(_tiff(np.ones((4, 5, channels), dtype)))
    for read in (read_image, read_mask):
        # Older versions of Pillow do not know two channels for an image.
        lost = (
            rf"has {what}, of which Pillow would lose a p|is no image of a kind that Pillow reads"
        )
        with pytest.raises(ValueError, match=rf"a\.tif ({lost})"):
            read(path)


@pytest.mark.parametrize("channels", [2, 3, 4])
def test_colors_of_16_bits_are_refused(tmp_path: Path, channels: int) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(_deep_png(np.ones((4, 5, channels), np.uint16)))
    with pytest.raises(ValueError, match=r"a\.png has channels of 16 bits, of which Pillow would"):
        read_image(path)
    path = tmp_path / "a.ppm"
    path.write_bytes(b"P6 2 1 65535 " + bytes(12))
    with pytest.raises(ValueError, match=r"a\.ppm has channels of 16 bits"):
        read_image(path)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_image_is_upright(tmp_path: Path, suffix: str, orientation: int) -> None:
    upright = np.zeros((32, 48), np.uint8)
    upright[:16, :16] = 250  # the corner where it begins
    upright[:16, 32:] = 120
    # What the file holds is what the orientation turns into the upright image.
    stored = Image.fromarray(upright)
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    if orientation in undo:
        stored = stored.transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[274] = orientation
    stored.convert("RGB" if suffix == ".webp" else "L").save(tmp_path / f"a{suffix}", exif=exif)
    for image in (
        read_image(tmp_path / f"a{suffix}", "gray")[0].numpy(),
        np.atleast_3d(read_mask(tmp_path / f"a{suffix}"))[..., 0],
    ):
        assert image.shape == (32, 48)
        assert abs(image.astype(int) - upright).mean() < 4


def test_exif_that_is_damaged_does_not_matter(tmp_path: Path) -> None:
    Image.fromarray(_pixels(8, 8)).save(tmp_path / "a.png", exif=b"Exif\0\0no such thing")
    assert read_image(tmp_path / "a.png").shape == (3, 8, 8)


def test_a_palette_is_resolved_in_an_image_and_kept_in_a_mask(tmp_path: Path) -> None:
    indices = np.array([[0, 2], [1, 0]], np.uint8)
    image = Image.fromarray(indices)
    image.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    image.save(tmp_path / "a.png")
    assert read_image(tmp_path / "a.png")[:, 0].tolist() == [[10, 70], [20, 80], [30, 90]]
    assert read_mask(tmp_path / "a.png").tolist() == indices.tolist()
    image.save(tmp_path / "b.png", transparency=2)
    assert read_image(tmp_path / "b.png")[3].tolist() == [[255, 0], [255, 255]]


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32"])
def test_a_mask_keeps_its_labels(tmp_path: Path, dtype: str) -> None:
    for suffix in (".tif", ".npy"):
        labels = _values(dtype, 1)
        mask = read_mask(_saved(tmp_path / f"a{suffix}", labels))
        assert mask.dtype == dtype
        np.testing.assert_array_equal(mask.reshape(4, 5), labels[..., 0])


def test_a_black_and_white_file(tmp_path: Path) -> None:
    Image.fromarray(np.eye(3) > 0).save(tmp_path / "a.png")
    assert read_mask(tmp_path / "a.png").tolist() == np.eye(3).tolist()
    assert read_image(tmp_path / "a.png")[0].tolist() == (255 * np.eye(3)).tolist()


def test_a_mask_holds_integers(tmp_path: Path) -> None:
    _saved(tmp_path / "a.tif", _values("float32", 1))
    np.save(tmp_path / "a.npy", np.zeros((3, 4)))
    for name, kind in (("a.tif", "its pixels are float32"), ("a.npy", "an array of float64")):
        with pytest.raises(ValueError, match=rf"{name} is .*{kind}; expected integers"):
            read_mask(tmp_path / name)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_colors_are_made_without_a_change_of_type(tmp_path: Path, dtype: str) -> None:
    gray = read_image(_saved(tmp_path / "gray.npy", _values(dtype, 1)), "rgb")
    assert gray.shape == (3, 4, 5)
    assert gray[0].equal(gray[2])
    assert gray.dtype == getattr(torch, dtype)
    one = read_image(_saved(tmp_path / "rgb.npy", np.full((2, 2, 3), 97, dtype)), "gray")
    assert one.dtype == getattr(torch, dtype)
    assert one.tolist() == [[[97, 97], [97, 97]]]
    with pytest.raises(ValueError, match=r"a\.npy has 5 channels, of which color='rgb' can't be"):
        read_image(_saved(tmp_path / "a.npy", _values(dtype, 5)), "rgb")


def test_wrong_arrays_are_told(tmp_path: Path) -> None:
    for array, message in (
        (np.zeros((2, 3)), "an array of float64; expected one of uint8, int16, uint16, int32, flo"),
        (np.zeros((1, 2, 3, 4), np.uint8), r"has the shape \(1, 2, 3, 4\); expected \(H, W\) or"),
        (np.array([[{}]], object), r"a\.npy is damaged: Object arrays cannot be loaded"),
    ):
        np.save(tmp_path / "a.npy", array)
        with pytest.raises(ValueError, match=message):
            read_image(tmp_path / "a.npy")
    with pytest.raises(ValueError, match="color of read_image is 'gray', 'rgb' or None; got 'bgr'"):
        read_image(tmp_path / "a.npy", "bgr")  # type: ignore[arg-type]  # that is the mistake


@pytest.mark.parametrize("dtype", [torch.uint8, torch.uint16, torch.int32, torch.float32])
@given(
    value=st.integers(0, 255), channels=st.integers(1, 5), size=st.tuples(*[st.integers(1, 9)] * 2)
)
def test_a_resized_image_keeps_its_type_and_values(
    dtype: torch.dtype, value: int, channels: int, size: tuple[int, int]
) -> None:
    resized = resize_image(torch.full((channels, 4, 6), value).to(dtype), size)
    assert resized.dtype == dtype
    assert resized.shape == (channels, *size)
    assert resized.float().sub(value).abs().max() <= 1e-3


@pytest.mark.parametrize("dtype", [torch.uint8, torch.uint16, torch.float32])
@pytest.mark.parametrize("channels", [1, 2, 3, 6])
def test_any_image_makes_a_picture(dtype: torch.dtype, channels: int) -> None:
    image = torch.arange(channels * 6).reshape(channels, 2, 3).mul(5).to(dtype)
    picture = to_rgb(image)
    assert picture.shape == (2, 3, 3)
    assert picture.dtype == np.uint8
    if dtype != torch.uint8:
        assert (picture.min(), picture.max()) == (0, 255)
    elif channels == 3:
        np.testing.assert_array_equal(picture, image.permute(1, 2, 0).numpy())


@pytest.mark.parametrize("kind", ["png", "jpg", "gif", "bmp", "tiff", "webp", "ppm"])
@pytest.mark.filterwarnings("ignore:Truncated File Read")  # of Pillow, beside its error
def test_a_file_that_was_cut_short_is_named(tmp_path: Path, kind: str) -> None:
    whole, cut = tmp_path / f"whole.{kind}", tmp_path / f"cut.{kind}"
    Image.fromarray(_pixels(24, 20)).save(whole)
    content = whole.read_bytes()
    for size in range(0, len(content) - 24, max(1, len(content) // 80)):
        cut.write_bytes(content[:size])
        with pytest.raises(ValueError, match=rf"cut\.{kind} is (damaged|no image of a kind that)"):
            read_image(cut)
