"""Modules of the name `mmengine` in the process of a test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.compat import install, uninstall


@pytest.fixture
def mmengine() -> Iterator[None]:
    """Make `import mmengine` mean engine during a test."""
    install()
    yield
    uninstall()
