"""What is known about the dataset of a config, which is not built for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from engine.fileio import isfile, list_from_file
from engine.registry import DATASETS, DefaultScope, check_options, scope_of


def dataset_meta_of(
    cfg: Mapping[str, Any], trained: Any = None, scope: str | None = None
) -> Mapping[str, Any]:
    """Return the meta information of the test data.

    Args:
        cfg: The config of a run.
        trained: That of the training data, which counts for what the config does not say.
        scope: Where names are looked up; None means the default scope of the config.

    Raises:
        ValueError: If the config has no `test_dataloader.dataset`.
    """
    dataset = test_dataset_of(cfg)
    kind = dataset["type"]
    known: Any = kind
    if isinstance(kind, str):
        with DefaultScope.overwrite_default_scope(scope_of(cfg) if scope is None else scope):
            known = DATASETS.get_from(dataset)
    check_options(known, dataset)
    metainfo = {
        **getattr(known, "METAINFO", {}),
        **(trained if isinstance(trained, Mapping) else {}),
        **dataset.get("metainfo", {}),
    }
    return {
        key: list_from_file(value) if isinstance(value, str) and isfile(value) else value
        for key, value in metainfo.items()
    }


def test_dataset_of(cfg: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the config of the test dataset; of a wrapper, that of the first dataset within.

    Raises:
        ValueError: If the config has no `test_dataloader.dataset`.
    """
    dataset = (cfg.get("test_dataloader") or {}).get("dataset")
    while isinstance(dataset, Mapping) and not {"pipeline", "metainfo"} & dataset.keys():
        within = dataset.get("dataset") or (dataset.get("datasets") or [None])[0]
        if not isinstance(within, Mapping):
            break
        dataset = within
    if dataset is None:
        raise ValueError("an inferencer needs test_dataloader.dataset, which names the classes")
    return cast("Mapping[str, Any]", dataset)
