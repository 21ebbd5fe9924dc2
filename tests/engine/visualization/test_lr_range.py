"""Image of a learning rate range test."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from engine.visualization import plot_lr_range

RATES = [10.0**exponent for exponent in range(-6, 0)]
LOSSES = [3.0, 2.5, 2.0, 1.5, 2.0, 4.0]


def _draw(path: Path, losses: list[float], **marks: float) -> bytes:
    plot_lr_range(RATES, losses, losses, marks, path)
    with Image.open(path) as image:
        assert image.format == "PNG"
        return image.convert("RGB").tobytes()


def test_marks_are_drawn_and_a_folder_is_made(tmp_path: Path) -> None:
    plain = _draw(tmp_path / "new" / "plain.png", LOSSES)
    assert _draw(tmp_path / "marked.png", LOSSES, steepest=1e-4) != plain
    assert _draw(tmp_path / "again.png", LOSSES) == plain


def test_a_loss_that_diverges_does_not_press_the_curve_flat(tmp_path: Path) -> None:
    far, farther = (_draw(tmp_path / f"{last:g}.png", [*LOSSES[:5], last]) for last in (1e9, 1e12))
    assert far == farther
