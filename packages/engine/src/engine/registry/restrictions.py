"""Restrictions on the options of a part that a config of data may set.

The decorator `needs_trust` names the options of a part that may write outside of the folder of the
run, run a program or a file, or open a connection. The build and the linter refuse them in data;
code and programs may set them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ._build_errors import format_location
from ._errors import UntrustedError
from ._trust import HOW_TO_ALLOW, from_data, is_allowed, path_of, trust_of

T = TypeVar("T")


class Restriction:
    """Which values of one option data may not set.

    Args:
        reason: What the option does: `'it writes outside of the folder of the run'`.
        allows: Returns whether data may set a value; None means that only None is allowed.
        executes: Whether the option runs a file as code, so that a plain dictionary may not set it
            either.
    """

    __slots__ = ("allows", "executes", "reason")

    def __init__(
        self,
        reason: str,
        allows: Callable[[Any], bool] | None = None,
        *,
        executes: bool = False,
    ) -> None:
        self.reason: str = reason
        self.allows: Callable[[Any], bool] = allows or (lambda value: value is None)
        self.executes: bool = executes


def needs_trust(**options: str | Restriction) -> Callable[[T], T]:
    """Return a decorator for a class or function with options that data may not set.

    Args:
        **options: The reason or a `Restriction` by name of the option. `type` is the part itself.
    """
    restrictions = {
        name: each if isinstance(each, Restriction) else Restriction(each)
        for name, each in options.items()
    }

    def decorate(target: T) -> T:
        inherited = getattr(target, "__needs_trust__", {})
        target.__needs_trust__ = {**inherited, **restrictions}  # type: ignore[attr-defined]  # ours
        return target

    return decorate


def refused_options(target: object, cfg: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the options of a config that it may not set, each with an error message.

    Args:
        target: What the config is for.
        cfg: The config.
    """
    restrictions: Mapping[str, Restriction] = getattr(target, "__needs_trust__", {})
    if not restrictions or is_allowed(path_of(target)):
        return []
    label = getattr(target, "__qualname__", str(target))
    refused = []
    for name, restriction in restrictions.items():
        if name not in cfg or (name != "type" and restriction.allows(cfg[name])):
            continue
        trusted = trust_of(cfg, name) if restriction.executes else not from_data(cfg, name)
        if trusted is not True:
            what = (
                f"{label} may not be named by data"
                if name == "type"
                else (f"data may not set {name} of {label}")
            )
            how = HOW_TO_ALLOW.format(path_of(target))
            refused.append((name, f"{what}: {restriction.reason}. {how}"))
    return refused


def check_options(target: object, cfg: Mapping[str, Any]) -> None:
    """Refuse options that data may not set.

    Args:
        target: What the config is for.
        cfg: The config.

    Raises:
        UntrustedError: If there is one; it says where in the config.
    """
    for name, message in refused_options(target, cfg):
        raise UntrustedError(f"{format_location(cfg, name)}{message}")


def is_local(value: Any) -> bool:
    """Return whether no str in a value is a URL."""
    if isinstance(value, str):
        return "://" not in value and "::" not in value
    if isinstance(value, dict):
        return all(map(is_local, value.values()))
    return not isinstance(value, (list, tuple)) or all(map(is_local, value))


def is_within(value: Any) -> bool:
    """Return whether a value is None or a relative path that stays within its folder."""
    if not isinstance(value, str):
        return value is None
    parts = value.replace("\\", "/").split("/")
    return is_local(value) and parts[0] != "" and ".." not in parts and ":" not in parts[0]


def is_template_within(value: Any) -> bool:
    """Return whether a value is a template of paths within a folder, with numbers as fields.

    Other fields of `str.format` can make any path: `{0.__doc__[127]}` is a dot.
    """
    if not isinstance(value, str):
        return value is None
    plain = re.sub(r"\{0?(:0?\d{0,3}d?)?\}", "0", value)
    return "{" not in plain and "}" not in plain and is_within(plain)


def names_checkpoint(value: Any) -> bool:
    """Return whether a value is not a str, a local file, or a URL of a plain scheme."""
    if not isinstance(value, str):
        return True
    scheme, found, _ = value.partition("://")
    return "::" not in value and (not found or scheme in _FETCHED)


def check_fetched_plainly(name: Any) -> None:
    """Refuse a file name from a list of samples unless it is local or a URL of a plain scheme.

    Other URLs chain storages, which may write elsewhere or render templates.

    Raises:
        UntrustedError: If the name is refused.
    """
    if not names_checkpoint(name):
        raise UntrustedError(
            f"{name}: {NAMES_CHECKPOINT.reason}. To allow it, trust the config (trust=True, "
            "--trust on the command line) or write it in Python"
        )


_FETCHED = ("http", "https", "s3", "gs", "az", "abfs", "torchvision", "open-mmlab", "openmmlab")


def _starts_workers_plainly(value: Any) -> bool:
    return value in (None, "fork", "spawn", "forkserver")


def _sets_process_plainly(env_cfg: Any) -> bool:
    """Return whether `env_cfg` of a runner holds only what is listed here."""
    if not isinstance(env_cfg, dict):
        return env_cfg is None
    mp_cfg, dist_cfg = env_cfg.get("mp_cfg") or {}, env_cfg.get("dist_cfg") or {}
    stop = env_cfg.get("stop") or {}
    return (
        all(isinstance(each, dict) for each in (mp_cfg, dist_cfg, stop))
        and env_cfg.keys() <= {"cudnn_benchmark", "mp_cfg", "dist_cfg", "resource_limit", "stop"}
        and mp_cfg.keys() <= {"mp_start_method", "opencv_num_threads"}
        and _starts_workers_plainly(mp_cfg.get("mp_start_method"))
        and dist_cfg.keys() <= {"backend", "timeout"}
        and dist_cfg.get("backend") in (None, "gloo", "nccl")
        and stop.get("requeue") is None
    )


READS_LOCAL_FILES = Restriction("data may name local files only, no URL", is_local)
NAMES_FILE_OF_RUN = Restriction("data may name files in the folder of the run only", is_within)
NAMES_FILES_OF_RUN = Restriction(
    "data may name files in the folder of the run only, with fields such as {} or {:03d}",
    is_template_within,
)
NAMES_CHECKPOINT = Restriction(
    f"data may name a local file or one at {', '.join(_FETCHED)}", names_checkpoint
)
WRITES_ELSEWHERE = Restriction("it may write outside of the folder of the run")
SETS_STORAGE = Restriction(
    "its options may open connections",
    lambda value: value is None or value == {"backend": "local"},
)
SETS_PROCESS = Restriction(
    "data may set cudnn_benchmark, resource_limit, mp_cfg (mp_start_method fork, spawn or "
    "forkserver; opencv_num_threads), dist_cfg (backend gloo or nccl; timeout) and stop (without "
    "requeue)",
    _sets_process_plainly,
)
STARTS_PROCESSES = Restriction(
    "it may run programs of a cluster", lambda value: value in (None, "none", "pytorch")
)
STARTS_WORKERS = Restriction("it is fork, spawn or forkserver in data", _starts_workers_plainly)
COMPILES = Restriction("it runs a compiler", lambda value: value is None or value is False)

# Options of other packages, and of the parts that pass their options on to these.
_LOADS = Restriction("it may load files or code from elsewhere")
TIMM_OPTIONS = {
    **dict.fromkeys(
        ("cache_dir", "checkpoint_path", "pretrained_cfg", "pretrained_cfg_overlay"), _LOADS
    ),
    "pretrained": NAMES_CHECKPOINT,
}
TORCHVISION_OPTIONS = {"pretrained": NAMES_CHECKPOINT, "weights": NAMES_CHECKPOINT}
TERRATORCH_OPTIONS = TIMM_OPTIONS | dict.fromkeys(("ckpt_data", "ckpt_path"), _LOADS)
TRANSFORMERS_OPTIONS = dict.fromkeys(
    (
        "_attn_implementation",
        "_name_or_path",
        "attn_implementation",
        "auto_map",
        "backbone",
        "backbone_config",
        "quantization_config",
        "trust_remote_code",
    ),
    _LOADS,
)
TORCHMETRICS_OPTIONS = dict.fromkeys(
    ("baseline_path", "baseline_url", "feature_extractor_weights_path", "model_name_or_path"),
    _LOADS,
)
