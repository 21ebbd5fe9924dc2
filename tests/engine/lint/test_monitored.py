"""Names of metrics that a config monitors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from engine import lint
from engine.evaluator import BaseMetric
from engine.hooks import CheckpointHook, EarlyStoppingHook


class Known(BaseMetric):
    """A metric that says which values it has."""

    default_prefix = "score"

    def __init__(self, k: Sequence[int] = (1,), prefix: str | None = None) -> None:
        super().__init__(prefix=prefix)

    def process(self, data_batch: Any, data_samples: Sequence[Any]) -> None: ...

    def compute_metrics(self, results: list[Any]) -> dict[str, float]:
        return {}

    @classmethod
    def value_names(cls, k: Sequence[int] = (1,), **options: Any) -> list[str]:
        return [f"top{each}" for each in k]


class Another(Known):
    """A subclass that computes something else, and does not say what."""

    def compute_metrics(self, results: list[Any]) -> dict[str, float]:
        return {"other": 1.0}


def told(evaluator: Any, save_best: Any, **keys: Any) -> list[tuple[str, str]]:
    hooks = {"checkpoint": {"type": CheckpointHook, "save_best": save_best, "rule": "greater"}}
    report = lint.check({"val_evaluator": evaluator, "default_hooks": hooks, **keys})
    return [
        (each.path, each.suggestion or "")
        for each in report.findings
        if "the validation has no metric" in each.message
    ]


PATH = "default_hooks.checkpoint.save_best"
HINT = "did you mean 'score/top1'?"


@pytest.mark.parametrize(
    ("evaluator", "save_best", "expected"),
    [
        ({"type": Known}, "score/topp1", [(PATH, HINT)]),
        ({"type": Known}, "score/top5", [(PATH, HINT)]),
        ([{"type": Known, "k": [1, 5]}], ["score/top5", "score/top2"], [(PATH, "")]),
        ({"metrics": [{"type": Known}]}, "zzz", [(PATH, "")]),
        ({"type": Known, "prefix": "a"}, "score/top1", [(PATH, "did you mean 'a/top1'?")]),
        ({"type": Known}, "score/top1", []),
        ({"type": Known}, "top1", []),
        ({"type": Known}, "auto", []),
        ({"type": Known}, None, []),
        ({"type": Known, "prefix": "a"}, "a/top1", []),
        ({"type": Known, "k": 3}, "a/top1", []),  # that is told elsewhere
        ({"type": Another}, "score/topp1", []),
        ([{"type": Known}, {"type": Another}], "score/topp1", []),
        (None, "score/topp1", []),
    ],
)
def test_save_best(evaluator: Any, save_best: Any, expected: list[tuple[str, str]]) -> None:
    found = [
        (path, hint if expected and expected[0][1] else "")
        for path, hint in told(evaluator, save_best)
    ]
    assert found == expected


def test_other_parts_that_monitor() -> None:
    hook = {"type": EarlyStoppingHook, "monitor": "score/top2", "rule": "greater"}
    scheduler = {"type": "ReduceOnPlateauLR", "monitor": "score/top2"}
    found = told({"type": Known}, None, custom_hooks=[hook], param_scheduler=[scheduler])
    paths = [path for path, _ in found]
    assert paths == ["custom_hooks.0.monitor", "param_scheduler.0.monitor"]
