"""Model cards: what a model is and how it was trained, for the Hugging Face Hub."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from engine.config import Config
from engine.registry import MODELS, DefaultScope, RegistryError, scope_of

from ._dataset_meta import test_dataset_of

_MOST_CLASSES = 20


def card_of(
    name: str,
    cfg: Config,
    meta: Mapping[str, Any],
    metrics: Mapping[str, float],
    license: str | None = None,
) -> str:
    """Return a model card in Markdown, which begins with metadata in YAML.

    Args:
        name: The name of the model.
        cfg: The config of its training.
        meta: What is known of it: `classes`, `epoch`, `iter`, `experiment_name`, `engine_version`.
        metrics: The quality, by the name of the metric.
        license: Its license, by the identifier on the Hub.
    """
    task, dataset = _task_of(cfg), _dataset_of(cfg)
    libraries = [*dict.fromkeys(("engine", scope_of(cfg)))]
    head: dict[str, Any] = {"library_name": "engine", "license": license, "pipeline_tag": task}
    head["tags"] = libraries
    if metrics:
        head["model-index"] = [{"name": name, "results": [_result(task, dataset, metrics)]}]
    front = yaml.safe_dump({k: v for k, v in head.items() if v is not None}, sort_keys=False)
    sections = [
        f"---\n{front}---",
        f"# {name}",
        f"{_of_type(cfg['model'])}, trained with `{'` and `'.join(libraries)}`.",
        *_table("Quality", "metric", {key: f"{value:.4f}" for key, value in metrics.items()}),
        *_table("Training", "what", _training(cfg, meta, dataset)),
        *_classes(meta.get("classes")),
        "## Use",
        "```\n"
        "from engine.infer import build_inferencer\n\n"
        f'infer = build_inferencer("user/{name}")  # or the folder\n'
        'infer("image.png")\n'
        "```",
        "`config.json` is the whole config of the training. It is read as data: nothing in this "
        "repository is executed.",
    ]
    return "\n\n".join(sections) + "\n"


def _task_of(cfg: Config) -> str | None:
    """Return the task by its name on the Hub, where the class of the model says it."""
    try:
        with DefaultScope.overwrite_default_scope(scope_of(cfg)):
            kind = MODELS.get_from(cfg["model"])
    except RegistryError:
        return None
    return getattr(kind, "hub_task", None)


def _dataset_of(cfg: Config) -> str:
    try:
        return str(test_dataset_of(cfg).get("type", "unknown"))
    except ValueError:
        return "unknown"


def _result(task: str | None, dataset: str, metrics: Mapping[str, float]) -> dict[str, Any]:
    return {
        "task": {"type": task or "other"},
        "dataset": {"name": dataset, "type": dataset.lower()},
        "metrics": [
            {"type": key.partition("/")[0].lower(), "name": key, "value": round(value, 6)}
            for key, value in metrics.items()
        ],
    }


def _training(cfg: Config, meta: Mapping[str, Any], dataset: str) -> dict[str, str]:
    wrapper = cfg.get("optim_wrapper") or {}
    optimizer = wrapper.get("optimizer") or {} if isinstance(wrapper, Mapping) else {}
    known = {
        "data": dataset,
        "backbone": _of_type((cfg["model"] or {}).get("backbone")),
        "epochs": meta.get("epoch"),
        "iterations": meta.get("iter"),
        "optimizer": optimizer.get("type"),
        "learning rate": optimizer.get("lr"),
        "seed": (cfg.get("randomness") or {}).get("seed"),
        "run": meta.get("experiment_name"),
        "engine": meta.get("engine_version"),
    }
    return {key: str(value) for key, value in known.items() if value is not None}


def _table(title: str, column: str, rows: Mapping[str, str]) -> list[str]:
    if not rows:
        return []
    lines = [f"| {column} | value |", "|---|---|"]
    lines += [f"| {key} | {_in_cell(value)} |" for key, value in rows.items()]
    return [f"## {title}", "\n".join(lines)]


def _classes(classes: Sequence[Any] | None) -> list[str]:
    if not classes:
        return []
    shown = ", ".join(str(each) for each in classes[:_MOST_CLASSES])
    more = len(classes) - _MOST_CLASSES
    return ["## Classes", f"{shown}{f', and {more} more' if more > 0 else ''}"]


def _of_type(part: Any) -> str | None:
    return str(part["type"]) if isinstance(part, Mapping) and "type" in part else None


def _in_cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
