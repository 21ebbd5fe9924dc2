"""What the tests of all packages share."""

from __future__ import annotations

import pytest
from hypothesis import settings

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
