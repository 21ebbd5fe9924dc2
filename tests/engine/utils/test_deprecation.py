"""Names and functions that are on their way out."""

from __future__ import annotations

import re
import warnings
from typing import Any

import pytest

from engine.utils import deprecated_api_warning, deprecated_function


class Scaler:
    """Has a method with a new name for a keyword."""

    @deprecated_api_warning({"size": "scale", "inter": "interpolation"}, cls_name="Scaler")
    def resize(self, image: str, scale: int = 1, interpolation: str = "bilinear") -> Any:
        return image, scale, interpolation


def test_an_old_keyword_still_works() -> None:
    with pytest.warns(DeprecationWarning, match=r"'size' of Scaler\.resize .*; write 'scale'") as w:
        assert Scaler().resize("cat", size=3) == ("cat", 3, "bilinear")  # type: ignore[call-arg]  # the old name
    assert w[0].filename == __file__


def test_a_new_keyword_gives_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Scaler().resize("cat", scale=3) == ("cat", 3, "bilinear")
        assert Scaler().resize("cat", 2, "nearest") == ("cat", 2, "nearest")


def test_both_names_are_an_error() -> None:
    with pytest.raises(TypeError, match=r"Scaler\.resize got both 'scale' and its old name 'size'"):
        Scaler().resize("cat", scale=1, size=1)  # type: ignore[call-arg]  # the old name


def test_an_old_function_says_so() -> None:
    @deprecated_function("0.1.0", "1.0.0", "call `new` instead.")
    def old(x: int) -> int:
        """Add one."""
        return x + 1

    told = "old is deprecated since 0.1.0 and will be removed in 1.0.0: call `new` instead."
    with pytest.warns(DeprecationWarning, match=f"^{re.escape(told)}$") as caught:
        assert old(1) == 2
    assert caught[0].filename == __file__
    assert old.__doc__ == f"Add one.\n\nDeprecated: {told}\n"
