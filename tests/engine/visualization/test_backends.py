"""Where pictures and numbers go."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib.image import imread

from engine.config import Config
from engine.registry import VISUALIZERS
from engine.visualization import (
    BaseVisBackend,
    LocalVisBackend,
    TensorboardVisBackend,
    Visualizer,
)


class Failing(BaseVisBackend):
    """A back end that never works."""

    def add_scalar(self, name: str, value: Any, step: int = 0, **kwargs: Any) -> None:
        raise OSError("the server is away")

    def close(self) -> None:
        raise OSError("the server is away")


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


@pytest.mark.filterwarnings("default::DeprecationWarning")  # tensorboard's own reader
def test_tensorboard_files_can_be_read_back(tmp_path: Path) -> None:
    backend = TensorboardVisBackend(tmp_path)
    backend.add_scalars({"loss": torch.tensor(0.5), "lr": 0.25}, step=3)
    backend.add_image("a", image(), step=4)
    backend.add_config(Config({"depth": 18}))
    backend.close()

    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(tmp_path))
    events.Reload()
    assert [(e.step, e.value) for e in events.Scalars("loss")] == [(3, 0.5)]
    assert [(e.step, e.value) for e in events.Scalars("lr")] == [(3, 0.25)]
    (picture,) = events.Images("a")
    assert (picture.step, picture.width, picture.height) == (4, 6, 4)
    (text,) = events.Tensors("config/text_summary")
    assert b"depth = 18" in text.tensor_proto.string_val[0]


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
    with pytest.raises(KeyError, match="no visual back end 'third'; there are LocalVisBackend, s"):
        visualizer.get_backend("third")
    assert Visualizer.get_instance("two") is visualizer


def test_a_failure_is_logged_once_and_ends_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    visualizer = Visualizer("failing", vis_backends=[Failing(tmp_path), LocalVisBackend(tmp_path)])
    with caplog.at_level(logging.ERROR, logger="engine"):
        visualizer.add_scalars({"loss": 1.0}, step=1)
        visualizer.add_scalar("loss", 2.0, step=2)
        visualizer.close()
    (record,) = caplog.records
    assert "Failing failed in add_scalars" in record.getMessage()
    assert record.exc_info is not None
    assert [line["loss"] for line in lines_of(tmp_path / "scalars.json")] == [1.0, 2.0]


def test_two_back_ends_need_two_names(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="two visual back ends 'LocalVisBackend'"):
        Visualizer(vis_backends=[LocalVisBackend(tmp_path), LocalVisBackend(tmp_path)])
