"""Findings of a check, and the report of all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from engine.config import Config, ConfigError

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a config.

    Attributes:
        kind: The kind, a fixed word: `'unknown-type'`, `'missing-type'`,
            `'missing-library'`, `'broken-library'`, `'unknown-argument'`, `'missing-argument'`,
            `'wrong-value'`, `'unknown-key'`, `'missing-key'`, `'incomplete-group'`,
            `'unused-key'` or `'missing-file'`.
        path: Where it is in the config, `'model.backbone.depth'`.
        site: The file and line that say so, or another origin, where one is known.
        message: What is wrong.
        suggestion: What may have been mismatch.
        severity: `'error'` if the run would fail, else `'warning'`.
    """

    kind: str
    path: str
    site: str | None
    message: str
    suggestion: str | None = None
    severity: Severity = "error"

    def __str__(self) -> str:
        """Return `path (file:line): message; suggestion`."""
        site = f" ({self.site})" if self.site else ""
        suggestion = f"; {self.suggestion}" if self.suggestion else ""
        return f"{self.path}{site}: {self.message}{suggestion}"


@dataclass(frozen=True)
class Report:
    """The findings of a check of a config; true if there are any.

    Attributes:
        findings: The findings, in the order of the config.
    """

    findings: tuple[Finding, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings with which the run would fail."""
        return self._of("error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """The findings with which it would run."""
        return self._of("warning")

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, as `--json` prints it."""
        return {
            "findings": [asdict(finding) for finding in self.findings],
            "errors": len(self.errors),
            "warnings": len(self.warnings),
        }

    def __bool__(self) -> bool:
        """Return whether there are findings."""
        return bool(self.findings)

    def __len__(self) -> int:
        """Return the number of findings."""
        return len(self.findings)

    def __iter__(self) -> Iterator[Finding]:
        """Iterate over the findings."""
        return iter(self.findings)

    def __str__(self) -> str:
        """Return a line for each finding, and one with their number."""
        counts = [
            f"{len(found)} {word}{'s' if len(found) > 1 else ''}"
            for found, word in ((self.errors, "error"), (self.warnings, "warning"))
            if found
        ]
        return "\n".join([*map(str, self.findings), ", ".join(counts) or "no findings"])

    def _of(self, severity: Severity) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity == severity)


def find_site(cfg: Mapping[str, Any], path: str) -> str | None:
    """Return where a value was set, as `file:line`, or None if the config does not know it.

    Args:
        cfg: The whole config.
        path: The keys that lead to the value, joined by dots. For a missing value, a default for
            example, the site of the part around it is returned.
    """
    if not isinstance(cfg, Config) or not path:
        return None
    try:
        site = cfg.provenance(path).site
    except (ConfigError, KeyError):
        return find_site(cfg, path.rpartition(".")[0])
    return None if site is None else str(site)
