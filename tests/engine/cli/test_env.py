"""`engine env`: what a report of a bug needs."""

from __future__ import annotations

import json
from importlib import metadata

import pytest
import torch

from engine.cli import main


@pytest.mark.parametrize("as_json", [False, True])
def test_the_libraries_are_there_too(capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["env", *(["--json"] if as_json else [])])
    assert caught.value.code == 0
    out = capsys.readouterr().out
    if as_json:
        facts = json.loads(out)
    else:
        facts = dict(line.split("  ", 1) for line in out.splitlines())
        facts = {name: fact.strip() for name, fact in facts.items()}
    assert facts["PyTorch"] == torch.__version__
    assert facts["scope mmalpha"] == f"mmalpha {metadata.version('mmalpha')}"
    assert facts["scope mmbeta"] == f"mmbeta {metadata.version('mmbeta')}"
