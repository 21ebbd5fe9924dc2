"""Where images and numbers go."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.image import imread

from engine.config import Config
from engine.registry import VISBACKENDS, VISUALIZERS
from engine.visualization import BaseVisBackend, LocalVisBackend, Visualizer, vis_backend

NAMES = st.text(max_size=12) | st.text("a/.-x2F", max_size=12)
PICTURE = np.zeros((1, 1, 3), np.uint8)


def image() -> Any:
    return np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_numbers_become_json_lines_at_once(tmp_path: Path) -> None:
    backend = LocalVisBackend(tmp_path)
    backend.add_scalars({"loss": torch.tensor(0.5), "lr": np.float64(0.1), "iter": 3}, step=3)
    backend.add_scalar("accuracy", 1, step=4)
    assert lines_of(tmp_path / "scalars.json") == [
        {"step": 3, "loss": 0.5, "lr": 0.1, "iter": 3},
        {"step": 4, "accuracy": 1},
    ]
    backend.close()
    backend.add_scalars({"loss": 2.0}, step=5, file_path="other.json")
    backend.close()
    assert len(lines_of(tmp_path / "scalars.json")) == 3
    assert lines_of(tmp_path / "other.json") == [{"step": 5, "loss": 2.0}]
    assert backend.experiment is backend


def test_pictures_and_the_config_become_files(tmp_path: Path) -> None:
    backend = LocalVisBackend(tmp_path / "run", img_save_dir="images", config_save_file="c.py")
    backend.add_image("val/a", image(), step=7)
    pixels = imread(tmp_path / "run" / "images" / "val" / "a_7.png")[..., :3]
    assert np.array_equal((pixels * 255).round().astype(np.uint8), image())
    backend.add_config(Config({"model": {"depth": 18}}))
    assert Config.fromfile(tmp_path / "run" / "c.py").model.depth == 18


def test_a_run_that_is_killed_leaves_whole_lines(tmp_path: Path) -> None:
    program = f"""
import itertools
from engine.visualization import LocalVisBackend

backend = LocalVisBackend({str(tmp_path)!r})
for step in itertools.count(1):
    backend.add_scalars({{f"number {{n}}": n / 7 for n in range(1000)}}, step)
    if step == 20:
        print("begun", flush=True)
"""
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"begun\n"
    process.kill()
    process.communicate()
    text = (tmp_path / "scalars.json").read_text()
    assert text.endswith("\n")
    lines = lines_of(tmp_path / "scalars.json")
    assert [line["step"] for line in lines] == list(range(1, len(lines) + 1))
    assert len(lines) >= 20
    assert all(len(line) == 1001 for line in lines)


def test_a_visualizer_tells_all_back_ends(tmp_path: Path) -> None:
    visualizer = VISUALIZERS.build(
        {
            "type": "Visualizer",
            "name": "two",
            "vis_backends": [
                {"type": "LocalVisBackend"},
                {"type": "LocalVisBackend", "name": "second", "scalar_save_file": "b.json"},
            ],
            "save_dir": tmp_path,
        }
    )
    visualizer.add_scalars({"loss": 1.0}, step=1)
    visualizer.add_scalar("loss", 2.0, step=2)
    visualizer.add_image("a", image())
    visualizer.add_config(Config({"a": 1}))
    visualizer.close()
    folder = tmp_path / "vis_data"
    assert lines_of(folder / "scalars.json") == lines_of(folder / "b.json")
    assert (folder / "vis_image" / "a_0.png").is_file()
    assert (folder / "config.py").is_file()
    assert isinstance(visualizer.get_backend("second"), LocalVisBackend)
    with pytest.raises(KeyError, match="no visual backend 'third'; there are LocalVisBackend, s"):
        visualizer.get_backend("third")
    assert Visualizer.get_instance("two") is visualizer


def test_two_back_ends_need_two_names(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="two visual backends 'LocalVisBackend'"):
        Visualizer(vis_backends=[LocalVisBackend(tmp_path), LocalVisBackend(tmp_path)])


def test_a_back_end_of_ones_own(tmp_path: Path) -> None:
    class Rows(BaseVisBackend):
        """A backend as MMEngine's guide makes one."""

        def _init_env(self) -> None:
            self.opened = [f"opened {self.save_dir}"]

        @property
        @vis_backend.force_init_env
        def experiment(self) -> list[str]:
            return self.opened

        @vis_backend.force_init_env
        def add_scalar(self, name: str, value: Any, step: int = 0, **kwargs: Any) -> None:
            self.experiment.append(f"{name} {value} {step} {kwargs}")

    visualizer = Visualizer(vis_backends=[{"type": Rows}], save_dir=tmp_path)
    backend = visualizer.get_backend("Rows")
    assert not hasattr(backend, "opened")
    visualizer.add_scalars({"a": 1, "b": 2}, step=3, color="red")
    visualizer.add_graph(torch.nn.Linear(1, 1), None)
    folder = tmp_path / "vis_data"
    assert backend.experiment == [
        f"opened {folder}",
        "a 1 3 {'color': 'red'}",
        "b 2 3 {'color': 'red'}",
    ]
    assert backend.state_dict() == {}
    assert BaseVisBackend(folder).experiment is not None
    assert not folder.exists()


def test_all_back_ends_are_registered() -> None:
    names = {name for name in vis_backend.__all__ if name.endswith("VisBackend")}
    assert names - {"BaseVisBackend"} <= set(VISBACKENDS)


def test_back_ends_without_a_folder_are_left_out(caplog: pytest.LogCaptureFixture) -> None:
    visualizer = Visualizer(vis_backends=[{"type": "LocalVisBackend"}])
    assert "LocalVisBackend is left out: the visualizer has no save_dir" in caplog.text
    visualizer.add_scalar("loss", 1.0)
    visualizer.close()


def test_a_back_end_may_have_only_some_of_the_methods(caplog: pytest.LogCaptureFixture) -> None:
    class Numbers:
        """Of a library that knows nothing of trackers and resumed runs."""

        def __init__(self) -> None:
            self.seen: list[tuple[str, float, int]] = []

        def add_scalar(self, name: str, value: float, step: int = 0) -> None:
            self.seen.append((name, value, step))

    numbers = Numbers()
    visualizer = Visualizer(vis_backends=[numbers])  # type: ignore[list-item]  # on purpose
    visualizer.check_installed()
    visualizer.add_scalar("loss", 1.0, 2)
    visualizer.add_image("a", image())
    visualizer.load_state_dict({"Numbers": {}})
    assert visualizer.state_dict() == {}
    visualizer.close()
    assert numbers.seen == [("loss", 1.0, 2)]
    assert not caplog.records


def test_a_base_class_finds_what_was_made_of_a_subclass() -> None:
    class Own(Visualizer):
        pass

    own = Own.get_instance("own")
    assert Visualizer.get_current_instance() is own
    assert Visualizer.get_instance("own") is own


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
