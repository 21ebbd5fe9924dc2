"""Registries with names of every kind."""

from __future__ import annotations

from typing import Any

from engine.registry import PackageSource, Registry

HOSTILE = "</script><script>document.title = 'broken'</script><!-- <img src=x onerror=alert(1)>"
MANY = 5000


class Loss:
    """A loss that weighs `all` samples.

    Args:
        weight: How much it <b>counts</b>.
        classes: Which classes.
    """

    def __init__(self, weight: float = 1.0, *, classes: list[int]) -> None:
        self.weight, self.classes = weight, classes


class OtherLoss(Loss):
    """The loss of the library."""


def hostile(text: str = HOSTILE) -> str:
    return text


hostile.__doc__ = HOSTILE


def part(size: int = 1) -> int:
    """Return one of many parts."""
    return size


def make_roots() -> dict[str, Registry[Any]]:
    """Return two trees: one with what is special, the other with thousands of names."""
    losses: Registry[Any] = Registry("loss", scope="core")
    library: Registry[Any] = Registry("loss", parent=losses, scope="library")
    losses.register_module(name="Loss", module=Loss)
    losses.register_module(name=HOSTILE.replace(".", ""), module=hostile)
    library.register_module(name="Loss", module=OtherLoss)
    zoo = PackageSource(
        "hypothesis", lambda: ["Loss", "Broken"], {"Loss": OtherLoss}.__getitem__, "zoo[all]"
    )
    losses.attach_source("zoo", zoo)
    parts: Registry[Any] = Registry("part", scope="core")
    for number in range(MANY):
        parts.register_module(name=f"Part{number:04}", module=part)
    return {"LOSSES": losses, "PARTS": parts}
