"""Check a whole config."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.registry import DefaultScope

from ._report import Report
from ._top_level import check_run, get_scope
from ._visitor import Visitor


def check(cfg: Mapping[str, Any]) -> Report:
    """Check the config of a run, without building anything.

    Each `type` is looked up as the build does it, which imports the libraries that it names; the
    arguments are compared with the signatures, and plain values with the annotations. The default
    scope of the process stays as it is.

    Args:
        cfg: What `Runner.from_cfg` takes. One that was read from a folder `_base_` need not be
            complete.
    """
    from engine.runner import missing_files  # deferred: it needs torch

    visitor = Visitor(cfg)
    scope = get_scope(cfg)
    # A scope that is not a str is among the findings, and sets nothing.
    with DefaultScope.overwrite_default_scope(scope if isinstance(scope, str) else None):
        check_run(cfg, visitor)
    for key, message in missing_files(cfg):
        visitor.add("missing-file", key, message)
    return Report(tuple(visitor.findings))
