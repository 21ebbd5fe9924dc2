"""`engine plot`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from matplotlib.image import imread

from engine.cli import main


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs in the current folder."""
    monkeypatch.chdir(tmp_path)
    for name in "ab":
        folder = Path("work_dirs", name, "20260101_000000", "vis_data")
        folder.mkdir(parents=True)
        lines = [{"step": step, "loss": 1 / step, "grad_norm": 1, "iter": step} for step in (1, 2)]
        (folder / "scalars.json").write_text("".join(json.dumps(line) + "\n" for line in lines))


def _shown(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit) as end:
        main(["plot", *words])
    output = capsys.readouterr()
    assert end.value.code == (2 if output.err else 0)
    return output.err or output.out


@pytest.mark.usefixtures("runs")
def test_runs_become_a_picture(capsys: pytest.CaptureFixture[str]) -> None:
    assert _shown(capsys, "work_dirs/a") == "Wrote curves.png\n"
    one = imread("curves.png")
    _shown(capsys, "work_dirs/a", "--keys", "loss", "grad*", "--out", "new/two.png")
    two = imread("new/two.png")
    assert two.std() > 0.01
    assert two.shape[1] > one.shape[1]  # two panels
    _shown(capsys, "work_dirs/a", "work_dirs/b", "--keys", "loss", "--out", "several.png")
    several = imread("several.png")
    assert several.shape[0] > one.shape[0]  # the legend
    _shown(capsys, "work_dirs/a", "--keys=loss", "--keys=grad_norm", "--out", "same.png")
    assert (imread("same.png") == two).all()


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["work_dirs"], "name runs in it: work_dirs/a, work_dirs/b"),
        (["work_dirs/c"], "there is no file or folder work_dirs/c"),
        (["work_dirs/a", "--keys", "los"], "no number is called 'los'; did you mean 'loss'?"),
        ([], "Missing argument"),
    ],
)
def test_a_users_mistake(
    capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    assert message in _shown(capsys, *words)
    assert not Path("curves.png").exists()


@pytest.mark.usefixtures("runs")
def test_without_matplotlib_the_error_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    message = 'Error: drawing needs matplotlib: pip install "engine[vis]"\n'
    assert _shown(capsys, "work_dirs/a") == message
