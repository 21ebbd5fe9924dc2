"""The members of a runner that hooks use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import logging
    from collections.abc import Mapping

    from torch.utils.data import DataLoader

    from engine.logging import MessageHub
    from engine.visualization import Visualizer


class RunnerLike(Protocol):
    """What a hook may ask of its runner; `engine.runner.Runner` documents each member."""

    cfg: Any
    experiment_name: str
    model: Any
    strategy: Any
    logger: logging.Logger
    log_dir: str
    log_processor: Any
    message_hub: MessageHub
    param_schedulers: list[Any]
    seed: int
    train_loop: Any
    visualizer: Visualizer
    work_dir: str

    @property
    def hooks(self) -> list[Any]: ...
    @property
    def optim_wrapper(self) -> Any: ...
    @property
    def epoch(self) -> int: ...
    @property
    def iter(self) -> int: ...
    @property
    def max_epochs(self) -> int: ...
    @property
    def max_iters(self) -> int: ...
    @property
    def train_dataloader(self) -> DataLoader[Any]: ...
    @property
    def val_dataloader(self) -> DataLoader[Any]: ...
    @property
    def test_dataloader(self) -> DataLoader[Any]: ...
    @property
    def rank(self) -> int: ...
    @property
    def world_size(self) -> int: ...

    def counts_epochs(self, by_epoch: bool | None = None, owner: str = "") -> bool: ...

    def load_checkpoint(self, filename: str) -> dict[str, Any]: ...

    def register_hook(self, hook: Any, priority: str | int | None = None) -> None: ...

    def save_checkpoint(
        self,
        out_dir: str,
        filename: str,
        save_optimizer: bool = True,
        save_param_scheduler: bool = True,
        meta: Mapping[str, Any] | None = None,
        by_epoch: bool | None = True,
        backend_args: Mapping[str, Any] | None = None,
    ) -> None: ...
