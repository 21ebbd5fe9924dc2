"""The check of a whole config."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.registry import DefaultScope

from ._files import check_files
from ._report import Report
from ._run import check_run, scope_of
from ._walk import Walk


def check(cfg: Mapping[str, Any]) -> Report:
    """Say what is wrong with the config of a run, without building anything.

    Each `type` is looked up as the build would do it, which imports the libraries that it names;
    the arguments are held against the signatures, and plain values against annotations. The default
    scope of the process stays as it is.

    Args:
        cfg: What `Runner.from_cfg` takes. One that was read from a folder `_base_` need not be
            whole.
    """
    walk = Walk(cfg)
    scope = scope_of(cfg)
    # A scope that is no text is among the findings, and chooses nothing.
    with DefaultScope.overwrite_default_scope(scope if isinstance(scope, str) else None):
        check_run(cfg, walk)
    check_files(cfg, walk)
    return Report(tuple(walk.findings))
