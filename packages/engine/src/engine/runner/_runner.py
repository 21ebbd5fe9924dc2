"""The Runner: the story of a run, from its config to the trained model."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self, cast

import torch
from torch import nn
from torch.utils.data import DataLoader

from engine.config import Config
from engine.dist import get_rank, get_world_size, is_main_process
from engine.evaluator import Evaluator
from engine.fileio import put_text
from engine.hooks import Hook
from engine.logging import MessageHub, setup_logging
from engine.model import BaseModule, unwrapped
from engine.optim import OptimWrapper
from engine.registry import RUNNERS, init_default_scope
from engine.visualization import Visualizer

from ._checkpoint import find_latest_checkpoint, load_checkpoint, save_checkpoint
from ._hook_list import HookList
from ._log_processor import LogProcessor
from ._parts import BuildsParts
from ._persist import gather, restore
from ._priority import Priority
from ._seed import restore_random_state, set_random_seed
from ._stop import StopRequest, TrainingInterrupted
from ._strategies import Strategy
from ._work_dir import make_log_dir

Cfg = Mapping[str, Any]


@RUNNERS.register_module()
class Runner(BuildsParts):
    """Trains, validates and tests a model.

    Each part is given as a config, or as the object itself. The parts of the training belong
    together, and so do those of validation and of test: give all of them or none.

    Args:
        model: The model, a `BaseModel`.
        work_dir: The folder for all that the run writes.
        train_dataloader: The training data.
        val_dataloader: The validation data.
        test_dataloader: The test data.
        train_cfg: The training loop: `dict(by_epoch=True, max_epochs=12, val_interval=1)`, or with
            `type` any other loop.
        val_cfg: The validation loop, `dict()` for the usual one.
        test_cfg: The test loop, `dict()` for the usual one.
        auto_scale_lr: `dict(enable=True, base_batch_size=256)` scales the learning rate by the
            ratio of the batch size over all processes to that one.
        optim_wrapper: The optimizer and its wrapper.
        param_scheduler: One scheduler or several.
        val_evaluator: The metrics of the validation.
        test_evaluator: The metrics of the test.
        default_hooks: Changes to the default hooks by their names; None leaves one out.
        custom_hooks: More hooks.
        data_preprocessor: The config of the model's data preprocessor, where its own has none.
        load_from: A checkpoint with which the run begins.
        resume: Whether to go on from `load_from`, or without it from the newest checkpoint in
            `work_dir`.
        launcher: `'none'`, or `'pytorch'` under torchrun.
        env_cfg: `cudnn_benchmark`, and `dist_cfg` for `engine.dist.init_dist`.
        log_processor: What makes log lines of logged values.
        log_level: The least level that is logged.
        visualizer: The visualizer and its back ends.
        default_scope: The scope in which names are looked up.
        randomness: `dict(seed=None, diff_rank_seed=False, deterministic=False)`.
        experiment_name: The name of the run; None makes one of its config and the time.
        cfg: The whole config, which is kept in the work directory and in checkpoints.
        strategy: Where the model runs; None means one device, or DDP under a launcher.

    Raises:
        ValueError: If arguments that belong together are not given together.
    """

    def __init__(
        self,
        model: nn.Module | Cfg,
        work_dir: str,
        train_dataloader: DataLoader[Any] | Cfg | None = None,
        val_dataloader: DataLoader[Any] | Cfg | None = None,
        test_dataloader: DataLoader[Any] | Cfg | None = None,
        train_cfg: Cfg | None = None,
        val_cfg: Cfg | None = None,
        test_cfg: Cfg | None = None,
        auto_scale_lr: Cfg | None = None,
        optim_wrapper: OptimWrapper | Cfg | None = None,
        param_scheduler: Any = None,
        val_evaluator: Evaluator | Cfg | Sequence[Cfg] | None = None,
        test_evaluator: Evaluator | Cfg | Sequence[Cfg] | None = None,
        default_hooks: Cfg | None = None,
        custom_hooks: Sequence[Hook | Cfg] | None = None,
        data_preprocessor: nn.Module | Cfg | None = None,
        load_from: str | None = None,
        resume: bool = False,
        launcher: str = "none",
        env_cfg: Cfg | None = None,
        log_processor: LogProcessor | Cfg | None = None,
        log_level: str = "INFO",
        visualizer: Visualizer | Cfg | None = None,
        default_scope: str = "engine",
        randomness: Cfg | None = None,
        experiment_name: str | None = None,
        cfg: Config | Cfg | None = None,
        strategy: Strategy | Cfg | None = None,
    ) -> None:
        self._train = _together(
            train_dataloader=train_dataloader, train_cfg=train_cfg, optim_wrapper=optim_wrapper
        )
        self._val = _together(
            val_dataloader=val_dataloader, val_cfg=val_cfg, val_evaluator=val_evaluator
        )
        self._test = _together(
            test_dataloader=test_dataloader, test_cfg=test_cfg, test_evaluator=test_evaluator
        )
        init_default_scope(default_scope)
        self.cfg = cfg if isinstance(cfg, Config) else Config(cfg or {})
        self.launcher = launcher
        self.strategy = self.build_strategy(strategy)
        self.setup_env(env_cfg or {})
        self.set_randomness(**(randomness or {"seed": None}))

        self.work_dir = str(Path(work_dir).absolute())
        self.timestamp = make_log_dir(self.work_dir)
        self.log_dir = str(Path(self.work_dir) / self.timestamp)
        self._config_name = Path(self.cfg.filename or "config").stem
        self.experiment_name = experiment_name or f"{self._config_name}_{self.timestamp}"
        log_file = Path(self.log_dir) / f"{self.timestamp}.log" if is_main_process() else None
        self.logger = setup_logging(log_level, log_file, main=is_main_process())
        self.message_hub = MessageHub(self.experiment_name)
        self.log_processor = self.build_log_processor(log_processor)
        self.visualizer = self.build_visualizer(visualizer)
        self.stop = StopRequest()

        self._param_scheduler = param_scheduler
        self._auto_scale_lr = auto_scale_lr
        self._load_from = load_from
        self._resume = resume
        self._is_loaded = False
        self._random_state: dict[str, Any] | None = None
        self.param_schedulers: list[Any] = []
        self.train_loop: Any = None
        self.val_loop: Any = None
        self.test_loop: Any = None

        self._hooks = HookList()
        self.register_hooks(default_hooks, custom_hooks)
        wrapper_cfg = self.cfg.get("model_wrapper_cfg")
        self.model: Any = self.wrap_model(wrapper_cfg, self.build_model(model, data_preprocessor))
        self.dump_config()

    @classmethod
    def from_cfg(cls, cfg: Config | Cfg) -> Self:
        """Make a runner of a whole config.

        Args:
            cfg: The arguments of the runner by name; other keys are kept and otherwise ignored.

        Raises:
            ValueError: If `model` or `work_dir` is missing, or parts don't go together.
        """
        if missing := [key for key in ("model", "work_dir") if key not in cfg]:
            raise ValueError(f"the config of a run needs {' and '.join(missing)}")
        names = [name for name in inspect.signature(cls).parameters if name != "cfg"]
        return cls(**{name: cfg[name] for name in names if name in cfg}, cfg=cfg)

    # -- The story -----------------------------------------------------------------------------

    def train(self) -> nn.Module:
        """Train the model, and validate it where that was asked for.

        Returns:
            The model.

        Raises:
            ValueError: If the runner was made without the parts of a training.
            TrainingInterrupted: If a signal ended the training, which was saved before.
        """
        parts = _needed(self._train, "training")
        try:
            with self.stop:  # from here on a signal waits for the end of a step
                self._build_training(*parts)
                self.call_hook("before_run")
                if isinstance(model := unwrapped(self.model), BaseModule):
                    model.init_weights()
                self.load_or_resume()
                self.optim_wrapper.initialize_count_status(self.model, self.iter, self.max_iters)
                self.train_loop.run()
        except TrainingInterrupted:
            self._save_interrupted()
            raise
        finally:
            self.call_hook("after_run")
        return cast("nn.Module", self.model)

    def _build_training(self, dataloader: Any, train_cfg: Any, optim_wrapper: Any) -> None:
        self.train_loop = self.build_train_loop(train_cfg, dataloader)
        self.optim_wrapper = self.build_optim_wrapper(optim_wrapper)
        self.scale_lr(self.optim_wrapper, self._auto_scale_lr)
        self.param_schedulers = self.build_param_scheduler(self._param_scheduler)
        if self._val is not None:
            dataloader, val_cfg, evaluator = self._val
            self.val_loop = self.build_val_loop(val_cfg, dataloader, evaluator)

    def val(self) -> dict[str, float]:
        """Validate the model, and return the metrics."""
        dataloader, cfg, evaluator = _needed(self._val, "validation")
        self.val_loop = self.build_val_loop(cfg, dataloader, evaluator)
        return self._evaluate(self.val_loop)

    def test(self) -> dict[str, float]:
        """Test the model, and return the metrics."""
        dataloader, cfg, evaluator = _needed(self._test, "test")
        self.test_loop = self.build_test_loop(cfg, dataloader, evaluator)
        return self._evaluate(self.test_loop)

    def _evaluate(self, loop: Any) -> dict[str, float]:
        self.call_hook("before_run")
        self.load_or_resume()
        try:
            with self.stop:
                return cast("dict[str, float]", loop.run())
        finally:
            self.call_hook("after_run")

    # -- The environment ---------------------------------------------------------------------

    def setup_env(self, env_cfg: Cfg) -> None:
        """Set up what holds for the whole process."""
        torch.backends.cudnn.benchmark = bool(env_cfg.get("cudnn_benchmark", False))
        self.strategy.setup(env_cfg.get("dist_cfg", {}))

    def set_randomness(
        self, seed: int | None = None, diff_rank_seed: bool = False, deterministic: bool = False
    ) -> None:
        """Seed all generators; see `set_random_seed`."""
        self.deterministic = deterministic
        self.seed = set_random_seed(seed, deterministic, diff_rank_seed)

    def restore_randomness(self) -> None:
        """Put the generators where the checkpoint saw them, if the run was resumed."""
        if self._random_state is not None:
            restore_random_state(self._random_state)

    # -- Hooks -------------------------------------------------------------------------------

    @property
    def hooks(self) -> list[Hook]:
        """The hooks, in the order in which they are called."""
        return self._hooks.hooks

    def register_hook(self, hook: Hook | Cfg, priority: str | int | Priority | None = None) -> None:
        """Add a hook behind those of its priority."""
        self._hooks.add(hook, priority)

    def register_hooks(
        self,
        default_hooks: Cfg | None = None,
        custom_hooks: Sequence[Hook | Cfg] | None = None,
    ) -> None:
        """Add the default hooks with changes, and more hooks."""
        self._hooks.add_defaults(default_hooks)
        for hook in custom_hooks or ():
            self._hooks.add(hook)

    def call_hook(self, fn_name: str, **kwargs: Any) -> None:
        """Call the hooks of a point."""
        self._hooks.call(fn_name, self, **kwargs)

    def get_hooks_info(self) -> str:
        """Return a table of the points and their hooks."""
        return self._hooks.info()

    # -- Checkpoints ---------------------------------------------------------------------------

    def load_or_resume(self) -> None:
        """Load the weights, or go on with a training, as the arguments of the runner say."""
        if self._is_loaded:
            return
        self._is_loaded = True
        if self._resume and self.train_loop is not None:
            filename = self._load_from or find_latest_checkpoint(self.work_dir)
            if filename is None:
                self.logger.info("There is no checkpoint in %s: a new start", self.work_dir)
            else:
                self.resume(filename)
        elif self._load_from is not None:
            self.load_checkpoint(self._load_from)

    def load_checkpoint(
        self,
        filename: str,
        map_location: str | torch.device = "cpu",
        strict: bool = False,
        revise_keys: Sequence[tuple[str, str]] = ((r"^module\.", ""),),
    ) -> dict[str, Any]:
        """Load the weights of a checkpoint; see `engine.runner.load_checkpoint`."""
        self._is_loaded = True
        checkpoint = load_checkpoint(
            self.model, filename, map_location, strict, self.logger, revise_keys
        )
        self.call_hook("after_load_checkpoint", checkpoint=checkpoint)
        self.logger.info("Loaded the weights of %s", filename)
        return checkpoint

    def resume(
        self,
        filename: str,
        resume_optimizer: bool = True,
        resume_param_scheduler: bool = True,
        map_location: str | torch.device = "cpu",
    ) -> None:
        """Go on with the training that a checkpoint was made of.

        Args:
            filename: The checkpoint.
            resume_optimizer: Whether to restore the state of the optimizer.
            resume_param_scheduler: Whether to restore the state of the schedulers.
            map_location: The device to which its tensors go.

        Raises:
            CheckpointError: If the file can't be read, or does not fit the run.
        """
        checkpoint = self.load_checkpoint(filename, map_location, strict=True)
        self._random_state = restore(
            self,
            checkpoint,
            filename,
            resume_optimizer=resume_optimizer,
            resume_param_scheduler=resume_param_scheduler,
        )
        self.logger.info("Going on after epoch %d, iteration %d", self.epoch, self.iter)

    def save_checkpoint(
        self,
        out_dir: str,
        filename: str,
        save_optimizer: bool = True,
        save_param_scheduler: bool = True,
        meta: Mapping[str, Any] | None = None,
        by_epoch: bool | None = True,
    ) -> None:
        """Save all that is needed to go on; all processes call it together.

        Args:
            out_dir: The folder.
            filename: The name of the file in it.
            save_optimizer: Whether the state of the optimizer belongs in.
            save_param_scheduler: Whether the state of the schedulers belongs in.
            meta: More facts about the run.
            by_epoch: What the loop is about to count as done: True (at `after_train_epoch`) the
                present epoch, False (at `after_train_iter`) the present iteration, None neither.
        """
        checkpoint = gather(
            self,
            save_optimizer=save_optimizer,
            save_param_scheduler=save_param_scheduler,
            meta=meta,
            by_epoch=by_epoch,
        )
        self.call_hook("before_save_checkpoint", checkpoint=checkpoint)
        if is_main_process():
            save_checkpoint(checkpoint, Path(out_dir) / filename)

    def dump_config(self) -> None:
        """Write the whole config into the work directory."""
        if is_main_process():
            self.cfg.dump(Path(self.work_dir) / f"{self._config_name}.py")

    def _save_interrupted(self) -> None:
        name = f"interrupted_iter_{self.iter}.pth"
        self.save_checkpoint(self.work_dir, name, by_epoch=None)
        if is_main_process():
            put_text(name, Path(self.work_dir) / "last_checkpoint")
        self.logger.info("Saved %s; the same command with --resume goes on from there", name)

    # -- Where the run stands --------------------------------------------------------------------

    @property
    def epoch(self) -> int:
        """The epochs done so far."""
        return self.train_loop.epoch if self.train_loop is not None else 0

    @property
    def iter(self) -> int:
        """The iterations done so far."""
        return self.train_loop.iter if self.train_loop is not None else 0

    @property
    def max_epochs(self) -> int:
        """The epochs in all."""
        return self.train_loop.max_epochs if self.train_loop is not None else 1

    @property
    def max_iters(self) -> int:
        """The iterations in all."""
        return self.train_loop.max_iters if self.train_loop is not None else 1

    @property
    def train_dataloader(self) -> DataLoader[Any]:
        """The training data, once the training was begun."""
        return cast("DataLoader[Any]", self.train_loop.dataloader)

    @property
    def val_dataloader(self) -> DataLoader[Any]:
        """The validation data, once a validation was begun."""
        return cast("DataLoader[Any]", self.val_loop.dataloader)

    @property
    def test_dataloader(self) -> DataLoader[Any]:
        """The test data, once the test was begun."""
        return cast("DataLoader[Any]", self.test_loop.dataloader)

    @property
    def rank(self) -> int:
        """The number of this process."""
        return get_rank()

    @property
    def world_size(self) -> int:
        """The number of processes."""
        return get_world_size()

    @property
    def distributed(self) -> bool:
        """Whether several processes work together."""
        return self.world_size > 1


def _together(**parts: Any) -> tuple[Any, ...] | None:
    """Return the parts of a phase, or None if there are none of them.

    Raises:
        ValueError: If some are given and some not.
    """
    missing = [name for name, part in parts.items() if part is None]
    if len(missing) == len(parts):
        return None
    if missing:
        given = [name for name in parts if name not in missing]
        raise ValueError(f"{' and '.join(given)} given without {' and '.join(missing)}")
    return tuple(parts.values())


def _needed(parts: tuple[Any, ...] | None, what: str) -> tuple[Any, ...]:
    if parts is None:
        raise ValueError(f"the runner was made without a {what}; its config does not say how")
    return parts
