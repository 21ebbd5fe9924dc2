"""The config of a run from the options of a command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.config import Config, ConfigError, Options, parse_options
from engine.runner.run_table import LAUNCHERS


@dataclass(frozen=True)
class Settings:
    """The options of a command that change a config.

    Attributes:
        work_dir: The folder of the run.
        options: Pairs of key and value.
        launcher: What starts the processes of the run.
        device: The device of the model.
        seed: The seed of all randomness.
        data_root: The folder of the datasets.
        resume: Whether to resume from the newest checkpoint.
        amp: Whether to train in mixed precision.
        trust: Whether a text config may import modules and have Python configs as bases.
    """

    work_dir: Path | None = None
    options: Sequence[str] = ()
    launcher: str = "none"
    device: str | None = None
    seed: int | None = None
    data_root: str | None = None
    resume: bool = False
    amp: bool = False
    trust: bool = False


def read_config(name: str, settings: Settings) -> Config:
    """Read a config and apply the options of a command.

    Args:
        name: A file, or `package::file`.
        settings: The options.

    Raises:
        ConfigError: If the config can't be read, or an option does not fit it.
    """
    cfg = Config.fromfile(name, trust=settings.trust)
    cfg.merge_from_dict(parse_options(settings.options))
    if settings.launcher not in LAUNCHERS:
        raise ConfigError(
            f"--launcher must be one of {', '.join(LAUNCHERS)}; got {settings.launcher!r}"
        )
    _set(cfg, "--launcher", launcher=settings.launcher)
    if settings.work_dir is not None:
        _set(cfg, "--work-dir", work_dir=str(settings.work_dir))
    elif "work_dir" not in cfg:
        stem = Path(name.rpartition("::")[2]).stem
        _set(cfg, "the name of the config", work_dir=str(Path("work_dirs") / stem))
    if settings.device is not None:
        _set(cfg, "--device", strategy={"device": settings.device})
    if settings.seed is not None:
        _set(cfg, "--seed", randomness={"seed": settings.seed})
    if settings.data_root is not None:
        set_data_root(cfg, settings.data_root)
    if settings.resume:
        _set(cfg, "--resume", resume=True)
    if settings.amp:
        _enable_amp(cfg)
    return cfg


def _set(cfg: Config, option: str, **values: Any) -> None:
    cfg.merge_from_dict(Options(values, option))


def set_data_root(cfg: Config, data_root: str) -> None:
    """Give all datasets of a config another folder.

    Raises:
        ConfigError: If the config has no data loaders.
    """
    loaders = [key for key in cfg if key.endswith("_dataloader") and cfg[key]]
    if not loaders:
        raise ConfigError("--data-root: the config has no data loaders")
    for key in loaders:
        _set(cfg, "--data-root", **{f"{key}.dataset.data_root": data_root})


def _enable_amp(cfg: Config) -> None:
    kind = cfg.get("optim_wrapper", {}).get("type", "OptimWrapper")
    if kind not in ("OptimWrapper", "AmpOptimWrapper"):
        raise ConfigError(f"--amp replaces OptimWrapper; the config has {kind!r}")
    _set(cfg, "--amp", optim_wrapper={"type": "AmpOptimWrapper"})
