"""Parameters and files of a run in trackers."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.config import leaves

if TYPE_CHECKING:
    from engine.config import Config

# Folders to which trackers write.
_OF_TRACKERS = frozenset({".aim", ".neptune", "dvclive", "mlflow", "mlruns", "wandb"})


def parameters(config: Config, keys: Collection[str] | None = None) -> dict[str, Any]:
    """Return the values of a config by their paths, `model.depth` and the like.

    Args:
        config: The config.
        keys: The keys of the top level that count; None means all.
    """
    plain = config.to_dict()
    return dict(leaves({key: plain[key] for key in plain if keys is None or key in keys}))


def files_of_run(
    config: Config | None, save_dir: str, suffix: str | Sequence[str]
) -> Iterator[tuple[Path, str]]:
    """Iterate over the files of a run that a tracker keeps; what trackers wrote is none of them.

    Args:
        config: The config of the run, which names its work directory.
        save_dir: The folder that counts where there is no config, or none with a `work_dir`.
        suffix: How their names end.

    Yields:
        A file, and in which folder of the run it is, with slashes; empty for the run's own.
    """
    root = Path(save_dir if config is None else config.get("work_dir", save_dir)).absolute()
    ends = (suffix,) if isinstance(suffix, str) else tuple(suffix)
    for folder, names, files in os.walk(root):
        names[:] = sorted(set(names) - _OF_TRACKERS)
        inside = Path(folder).relative_to(root).as_posix()
        for name in sorted(files):
            if name.endswith(ends):
                yield Path(folder, name), "" if inside == "." else inside
