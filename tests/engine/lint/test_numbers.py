"""Numbers that can't be meant, and texts in place of numbers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import lint
from engine.model import BaseModel
from engine.optim import OptimWrapper


class Head(BaseModel):
    """A class that is only ever named."""

    def __init__(  # type: ignore[no-untyped-def]  # as many classes are
        self,
        num_classes: int = 10,
        num_points: int = 5,
        in_channels: Any = 3,
        frozen_channels: int = -1,
        drop_rate=0.0,
        dropout: float = 0.0,
        prob: float = 0.5,
        scale=1.0,
        mode="auto",
    ) -> None:
        super().__init__()


def told(**options: Any) -> list[str]:
    """Return the problems of a part with options."""
    report = lint.check({"model": {"type": Head, **options}})
    return [each.message for each in report.findings if each.kind == "wrong-value"]


@pytest.mark.parametrize(
    ("option", "value", "problem"),
    [
        ("num_classes", -3, "num_classes of Head must be a number from 0 on; got -3"),
        ("num_classes", -1, "num_classes of Head must be a number from 0 on; got -1"),
        ("num_points", -2, "num_points of Head must be a number from 0 on; got -2"),
        ("in_channels", -3, "in_channels of Head must be a number from 0 on; got -3"),
        ("drop_rate", 1.5, "drop_rate of Head must be from 0 to 1; got 1.5"),
        ("dropout", -0.1, "dropout of Head must be from 0 to 1; got -0.1"),
        ("prob", 50, "prob of Head must be from 0 to 1; got 50"),
        ("scale", "0.5x", "scale of Head must be a number, as its default 1.0; got '0.5x'"),
        ("num_points", -1, None),  # all
        ("frozen_channels", -1, None),  # as its default
        ("frozen_channels", -2, None),
        ("num_classes", 0, None),
        ("prob", 1, None),
        ("scale", "auto", None),
        ("mode", "2x", None),
    ],
)
def test_by_what_the_name_says(option: str, value: Any, problem: str | None) -> None:
    assert told(**{option: value}) == ([] if problem is None else [problem])


@given(st.text("ab1e-.", max_size=8))
def test_a_rate_that_may_be_a_tensor_is_no_text(text: str) -> None:
    optimizer = {"type": "SGD", "lr": text}
    cfg = {"model": {"type": Head}, "optim_wrapper": {"type": OptimWrapper, "optimizer": optimizer}}
    [found] = [each for each in lint.check(cfg).findings if each.path.endswith(".lr")]
    assert found.message == f"lr of SGD must be float; got {text!r}"


@pytest.mark.parametrize("text", ["1e-3", "0.1", "1"])
def test_a_number_in_quotes_is_suggested(text: str) -> None:
    cfg = {"model": {"type": Head}, "optim_wrapper": {"optimizer": {"type": "SGD", "lr": text}}}
    [found] = [each for each in lint.check(cfg).findings if each.path.endswith(".lr")]
    assert (
        found.suggestion
        == f"write {float(text) if '.' in text or 'e' in text else int(text)}, a number"
    )


def test_of_loaders_and_loops() -> None:
    cfg = {
        "model": {"type": Head},
        "train_dataloader": {"batch_size": -2, "num_workers": -4},
        "train_cfg": {"max_epochs": -1},
    }
    found = {each.path for each in lint.check(cfg).findings if each.kind == "wrong-value"}
    keys = ("train_dataloader.batch_size", "train_dataloader.num_workers", "train_cfg.max_epochs")
    assert found >= {*keys}
