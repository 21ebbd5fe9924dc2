"""Where a config says what it says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.config import Config, ConfigError


def site_of(cfg: Mapping[str, Any], path: str) -> str | None:
    """Return where a value was set, as `file:line`, or None if the config does not know it.

    Args:
        cfg: The whole config.
        path: The keys that lead to the value, joined by dots. What is not there, a default for
            example, is looked for where it would be.
    """
    if not isinstance(cfg, Config) or not path:
        return None
    try:
        site = cfg.provenance(path).site
    except (ConfigError, KeyError):
        return site_of(cfg, path.rpartition(".")[0])
    return None if site is None else str(site)
