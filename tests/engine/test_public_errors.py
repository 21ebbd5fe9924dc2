"""Errors are shown, and pickled, under the name that users import."""

from __future__ import annotations

import pickle
from importlib import import_module
from pathlib import Path

import pytest

import engine

SOURCE = Path(engine.__file__).parent


def _public_errors() -> dict[str, type[Exception]]:
    """Return the exceptions among all public names, by these names."""
    found = {}
    for stub in sorted(SOURCE.rglob("__init__.pyi")):
        package = ".".join(["engine", *stub.parent.relative_to(SOURCE).parts])
        for name in import_module(package).__all__:
            value = getattr(import_module(package), name)
            if isinstance(value, type) and issubclass(value, Exception):
                found[f"{package}.{name}"] = value
    return found


ERRORS = _public_errors()


def test_there_are_some() -> None:
    assert {"engine.config.ConfigError", "engine.registry.NotRegisteredError"} <= ERRORS.keys()


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_is_shown_under_a_public_name(name: str) -> None:
    error = ERRORS[name]
    package = import_module(error.__module__)
    assert "._" not in error.__module__
    assert getattr(package, error.__name__) is error
    assert error.__name__ in package.__all__


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_is_pickled(name: str) -> None:
    error = pickle.loads(pickle.dumps(ERRORS[name]("text")))  # noqa: S301  # our own
    assert type(error) is ERRORS[name]
    assert str(error) == "text"
