"""Arguments by the names that they had before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine import checkpoint, fileio
from engine.hooks import CheckpointHook
from engine.registry import HOOKS

TAKERS: dict[str, Callable[..., Any]] = {
    "load": fileio.load,
    "list_from_file": fileio.list_from_file,
    "dict_from_file": fileio.dict_from_file,
}


@pytest.mark.parametrize("name", TAKERS)
@pytest.mark.parametrize("args", [{"backend": "disk"}, {"backend": "local"}, {}])
def test_file_client_args_are_backend_args(tmp_path: Path, name: str, args: Any) -> None:
    file = tmp_path / "a.json"
    file.write_text('{"a": 1}')
    with pytest.warns(DeprecationWarning, match="'file_client_args' of .* write 'backend_args'"):
        given = TAKERS[name](file, file_client_args=args)
    assert given == TAKERS[name](file)
    with pytest.raises(TypeError, match="both 'backend_args' and its old name"):
        TAKERS[name](file, file_client_args=args, backend_args=args)


def test_file_client_args_where_files_are_written(tmp_path: Path) -> None:
    writers: dict[str, Any] = {"dump": fileio.dump, "save_checkpoint": checkpoint.save_checkpoint}
    for name, write in writers.items():
        with pytest.warns(DeprecationWarning, match=f"'file_client_args' of {name}"):
            write({}, tmp_path / f"{name}.json", file_client_args={"backend": "disk"})
        assert (tmp_path / f"{name}.json").is_file()


def test_file_client_args_of_the_checkpoint_hook() -> None:
    cfg = {"type": "CheckpointHook", "file_client_args": {"backend": "disk"}}
    with pytest.warns(DeprecationWarning, match="'file_client_args'"):
        hook = HOOKS.build(cfg)
    assert isinstance(hook, CheckpointHook)
    assert hook.backend_args == {"backend": "disk"}
