"""Reading a user's image."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import numpy as np
import numpy.typing as npt
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from PIL import Image

from engine.infer import read_image


def _pixels(height: int, width: int) -> npt.NDArray[np.uint8]:
    rows, columns = np.mgrid[:height, :width]
    return np.stack([rows, columns, rows + columns], -1).astype(np.uint8)


@pytest.mark.parametrize("color", ["rgb", "gray"])
def test_the_pixels_are_those_of_the_file(tmp_path: Path, color: str) -> None:
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
