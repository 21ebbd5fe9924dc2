"""Names of pictures and numbers where they become names of files, or keys of a tracker."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.visualization import BaseVisBackend, LocalVisBackend

NAMES = st.text(max_size=12) | st.text("a/.-x2F", max_size=12)
PICTURE = np.zeros((1, 1, 3), np.uint8)


def _meant(file: str) -> str:
    return re.sub("-x([0-9A-F]+)-", lambda found: chr(int(found[1], 16)), file)


@given(names=st.sets(NAMES, min_size=1, max_size=8), step=st.integers(0, 3))
@settings(max_examples=50)
def test_each_picture_is_a_file_of_its_own_in_the_folder(names: set[str], step: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        backend = LocalVisBackend(Path(folder, "run"))
        for name in names:
            backend.add_image(name, PICTURE, step)
        pictures = Path(folder, "run", "vis_image")
        found = [path for path in Path(folder).rglob("*") if path.is_file()]
        meant = [_meant(path.relative_to(pictures).as_posix()) for path in found]
        assert sorted(meant) == sorted(f"{name}_{step}.png" for name in names)


def test_usual_names_are_not_changed(tmp_path: Path) -> None:
    for name in ("cat.jpg", "val/confusion_matrix", "Größe-x", "a b/c.d-e"):
        LocalVisBackend(tmp_path).add_image(name, PICTURE, 7)
        assert (tmp_path / "vis_image" / f"{name}_7.png").is_file()


class _Picky(BaseVisBackend):
    """A backend that refuses some names."""

    def __init__(self) -> None:
        super().__init__("")
        self.kept: dict[str, float] = {}

    def add_scalar(self, name: str, value: Any, step: int = 0, **kwargs: Any) -> None:
        if "@" in name:
            raise ValueError(f"no {name}")
        self.kept[name] = float(value)


def test_a_number_that_is_refused_is_no_loss_to_the_others() -> None:
    backend = _Picky()
    with pytest.raises(ValueError, match="no @b"):
        backend.add_scalars({"a": 1, "@b": 2, "c": 3})
    with pytest.raises(ExceptionGroup, match="2 failed") as caught:
        backend.add_scalars({"@d": 4, "@e": 5, "f": 6})
    assert [str(each) for each in caught.value.exceptions] == ["no @d", "no @e"]
    assert backend.kept == {"a": 1, "c": 3, "f": 6}
