"""The version of engine."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version

import pytest

import engine

Probe = Callable[[str], str]


def test_it_is_that_of_the_distribution() -> None:
    assert engine.__version__ == version("engine")


@pytest.mark.parametrize("package", ["engine", "mmalpha", "mmbeta"])
def test_there_is_one_where_only_the_sources_are_on_the_path(package: str, probe: Probe) -> None:
    without_metadata = (
        "from importlib.metadata import MetadataPathFinder\n"
        "MetadataPathFinder.find_distributions = classmethod(lambda *args, **kwargs: iter(()))\n"
    )
    told = probe(f"{without_metadata}import {package}; print({package}.__version__)")
    assert told == "0+unknown\n"
