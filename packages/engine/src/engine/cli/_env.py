"""`engine env`: report the environment."""

from __future__ import annotations

import json
from importlib import metadata

import typer

from engine.registry import announced_packages

from ._arguments import JsonOption


def env(as_json: JsonOption = False) -> None:
    """Print the machine, the versions of Python and torch, and the libraries with their scopes."""
    from engine.utils.dl_utils import collect_env  # deferred: it imports torch

    facts = collect_env()
    for scope, package in announced_packages().items():
        facts[f"scope {scope}"] = _format_version(package)
    if as_json:
        typer.echo(json.dumps(facts, indent=2))
    else:
        width = max(map(len, facts))
        typer.echo("\n".join(f"{name:{width}}  {fact}" for name, fact in facts.items()))


def _format_version(package: str) -> str:
    try:
        return f"{package} {metadata.version(package)}"
    except metadata.PackageNotFoundError:  # the distribution has another name
        return package
