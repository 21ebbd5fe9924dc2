"""Reading an image and its mask."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmbeta.datasets import LoadAnnotations, LoadImageFromFile


@pytest.mark.parametrize("kind", ["png", "jpg", "gif", "bmp", "tiff", "webp"])
@pytest.mark.filterwarnings("ignore:Truncated File Read")  # of Pillow, beside its error
def test_a_file_that_was_cut_short_is_named(tmp_path: Path, kind: str) -> None:
    whole, cut = tmp_path / f"whole.{kind}", tmp_path / f"cut.{kind}"
    Image.fromarray(np.arange(600, dtype=np.uint8).reshape(30, 20)).save(whole)
    content = whole.read_bytes()
    for size in range(0, len(content) - 24, max(1, len(content) // 80)):
        cut.write_bytes(content[:size])
        for load, key in ((LoadImageFromFile(), "img_path"), (LoadAnnotations(), "seg_map_path")):
            with pytest.raises(ValueError, match=rf"cut\.{kind} is (damaged|no (image|mask))"):
                load({key: str(cut)})
