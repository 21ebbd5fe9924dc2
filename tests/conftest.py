"""What the tests of all packages share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

from engine.logging import get_logger
from engine.registry import DefaultScope

# Beside Hypothesis's own choice (its "ci" profile where CI is set): a busy machine is no error.
settings.register_profile("workspace", settings(), deadline=None)
settings.load_profile("workspace")


@pytest.fixture(autouse=True)
def _no_default_scope(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start each test without a default scope, and forget the one that it sets."""
    monkeypatch.setattr(DefaultScope, "_instances", {})
    monkeypatch.setattr(DefaultScope, "newest", None)
    monkeypatch.setattr(DefaultScope, "in_process", None)


@pytest.fixture(autouse=True)
def _logger_as_it_was() -> Iterator[None]:
    """Undo what a run that a test makes does to the logger of the engine."""
    logger = get_logger()
    level, handlers = logger.level, [*logger.handlers]
    yield
    logger.setLevel(level)
    for handler in {*logger.handlers} - {*handlers}:
        logger.removeHandler(handler)
        handler.close()
