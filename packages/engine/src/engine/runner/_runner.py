"""The Runner: a run from its config to the trained model."""

from __future__ import annotations

import inspect
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, Self, cast

import torch
from torch import nn
from torch.utils.data import DataLoader

from engine.checkpoint import (
    WITHOUT_WRAPPER,
    CheckpointError,
    CheckpointLoader,
    ReviseKeys,
    check_exists,
    save_checkpoint,
)
from engine.config import Config
from engine.dataset import length_of, using_classes, warn_of_other_classes
from engine.dist import fail_together, is_main_process
from engine.evaluator import BaseMetric, Evaluator
from engine.fileio import join_path, put_text
from engine.hooks import CheckpointHook, Hook
from engine.logging import LogOutputs, MessageHub, setup_logging
from engine.model import (
    convert_sync_batchnorm,
    keeping_random_state,
    restore_random_state,
    unwrap,
    without_pretrained,
)
from engine.optim import OptimWrapper
from engine.registry import (
    RUNNERS,
    DefaultScope,
    check_options,
    needs_trust,
    trust_of,
    use_default_scope,
)
from engine.registry.restrictions import COMPILES, NAMES_CHECKPOINT, SETS_PROCESS, STARTS_PROCESSES
from engine.visualization import Visualizer

from . import _build
from ._background import BackgroundSave
from ._checkpointer import Checkpointer, load_weights, with_trained_weights
from ._classes import classes_in, classes_of
from ._environment import make_log_dir, set_random_seed, set_up_process, training_lock
from ._hook_list import HookList, Priority
from ._interrupt import StopRequest, TrainingInterrupted
from ._log_processor import LogProcessor
from ._progress import RunProgress
from ._resume_point import ResumePoint, find_resume_point
from ._shards import shards_like
from ._strategies import BaseStrategy
from ._summary import describe_outcome, describe_run
from ._validate import check_arguments
from .run_table import RUN

Cfg = Mapping[str, Any]


@RUNNERS.register_module(name=["Runner", "FlexibleRunner"])
@needs_trust(
    compile=COMPILES,
    launcher=STARTS_PROCESSES,
    env_cfg=SETS_PROCESS,
    load_from=NAMES_CHECKPOINT,
    resume=NAMES_CHECKPOINT,
)
class Runner(RunProgress):
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
        resume: Whether to go on from `load_from`, or without it from the newest whole checkpoint in
            `work_dir`; or the checkpoint to go on from.
        launcher: `'none'`, or who starts the processes: `'pytorch'` (torchrun), `'slurm'`, `'mpi'`.
        env_cfg: `cudnn_benchmark`; `dist_cfg` for `engine.dist.init_dist`; `mp_cfg` with
            `mp_start_method` and `opencv_num_threads`; `resource_limit`, how many files may be open
            at least; `stop`, the arguments of `StopRequest`.
        log_processor: What makes log lines of logged values.
        log_level: The least level that is logged.
        visualizer: The visualizer and its backends.
        default_scope: The scope in which names are looked up.
        randomness: `dict(seed=None, diff_rank_seed=False, deterministic=False)`; a run that is
            resumed goes on with the seed that it had.
        experiment_name: The name of the run; None makes one of its config and the time.
        cfg: The whole config, which is kept in the work directory and in checkpoints.
        strategy: Where and how the model runs: its device, precision and compilation; None means
            one device, or DDP under a launcher.
        compile: Whether `torch.compile` compiles the model, or its arguments.

    Raises:
        ValueError: If arguments don't go together.
        CheckpointError: If there is a checkpoint to go on from, and it can't be read.
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
        val_evaluator: Evaluator | BaseMetric | Cfg | Sequence[BaseMetric | Cfg] | None = None,
        test_evaluator: Evaluator | BaseMetric | Cfg | Sequence[BaseMetric | Cfg] | None = None,
        default_hooks: Cfg | None = None,
        custom_hooks: Sequence[Hook | Cfg] | None = None,
        data_preprocessor: nn.Module | Cfg | None = None,
        load_from: str | None = None,
        resume: bool | str = False,
        launcher: str = "none",
        env_cfg: Cfg | None = None,
        log_processor: LogProcessor | Cfg | None = None,
        log_level: str = "INFO",
        visualizer: Visualizer | Cfg | None = None,
        default_scope: str = "engine",
        randomness: Cfg | None = None,
        experiment_name: str | None = None,
        cfg: Config | Cfg | None = None,
        strategy: BaseStrategy | Cfg | None = None,
        compile: bool | Cfg = False,
    ) -> None:
        check_arguments(locals())
        super().__init__()
        self._default_scope = default_scope
        self.cfg: Config = cfg if isinstance(cfg, Config) else Config(cfg or {})
        use_default_scope(default_scope, is_data=trust_of(self.cfg, "default_scope") is False)
        self._train = _phase(train_dataloader, train_cfg, optim_wrapper)
        self._val = _phase(val_dataloader, val_cfg, val_evaluator)
        self._test = _phase(test_dataloader, test_cfg, test_evaluator)
        self._param_scheduler = param_scheduler
        self._auto_scale_lr = auto_scale_lr
        self._load_from = load_from
        self._resume = bool(resume)

        self.launcher = launcher
        self.strategy: BaseStrategy = self.build_strategy(strategy, compile)
        self.setup_env(env_cfg or {})
        self.work_dir: str = str(Path(work_dir).absolute())
        self.timestamp: str = make_log_dir(self.work_dir)
        self.log_dir: str = str(Path(self.work_dir) / self.timestamp)
        self._config_name = Path(self.cfg.filename or "config").stem
        self.experiment_name: str = experiment_name or f"{self._config_name}_{self.timestamp}"
        self.logger: logging.Logger = self.build_logger(log_level)
        self._log_outputs = LogOutputs()

        self._resume_point: ResumePoint | None = None
        if self._train is not None:
            hooks = [*(default_hooks or {}).values(), *(custom_hooks or ())]
            self._resume_point = find_resume_point(self.work_dir, resume, load_from, hooks)
        self.set_randomness(**{"seed": None, **(randomness or {})})
        self.message_hub: MessageHub = self.build_message_hub()
        self.log_processor: LogProcessor = self.build_log_processor(log_processor)
        self.visualizer: Visualizer = self.build_visualizer(visualizer)
        self.stop: StopRequest = StopRequest(**((env_cfg or {}).get("stop") or {}))
        self._hook_list = HookList()
        self.register_hooks(default_hooks, custom_hooks)
        if self._resume_point is not None:  # which has the weights
            model = without_pretrained(model)
        with self.strategy.building():
            built = self.build_model(model, data_preprocessor)
        self.model: Any = self.wrap_model(self.cfg.get("model_wrapper_cfg"), built)

        self._optim_wrapper: OptimWrapper | None = None
        self.param_schedulers: list[Any] = []
        self._background = BackgroundSave()
        self._is_loaded = False
        self._random_state: dict[str, Any] | None = None
        self.dump_config()

    @classmethod
    def from_cfg(cls, cfg: Config | Cfg) -> Self:
        """Make a runner of a whole config.

        Args:
            cfg: The arguments of the runner by name; other keys are kept and otherwise ignored.

        Raises:
            ValueError: If `model` or `work_dir` is missing, or parts don't go together.
            UntrustedError: If the config is data and sets what only code may set.
        """
        check_options(cls, cfg)
        if missing := [key for key in ("model", "work_dir") if key not in cfg]:
            raise ValueError(f"the config of a run needs {' and '.join(missing)}")
        names = [name for name in inspect.signature(cls).parameters if name != "cfg"]
        return cls(**{name: cfg[name] for name in names if name in cfg}, cfg=cfg)

    # -- The run -------------------------------------------------------------------------------

    def train(self) -> nn.Module:
        """Train the model, and validate it if the runner has the parts for that.

        Returns:
            The model.

        Raises:
            ValueError: If the runner was made without the parts of a training.
            TrainingInterrupted: If a signal ended the training, which was saved before.
            ProcessLostError: If another process of the run failed, ended or does not answer.
        """
        parts = _require(self._train, "training")
        if self._resume_point is None and self._load_from is not None:
            check_exists(self._load_from)
        with self._in_use(), training_lock(self.work_dir, self.logger), fail_together():
            try:
                # From here on a signal waits for the end of a step.
                with self.stop:
                    start = time.monotonic()
                    self._build_training(*parts)
                    if self.logger.isEnabledFor(logging.INFO):
                        self.logger.info("%s", describe_run(self))
                    self._begin_run()
                    self.strategy.init_weights(self.model)
                    self.load_or_resume()
                    self.optim_wrapper.initialize_count_status(
                        self.model, self.iter, self.max_iters
                    )
                    self.train_loop.run()
                    self.finish_saving()
                    self.logger.info("%s", describe_outcome(self, time.monotonic() - start))
            except TrainingInterrupted:
                self._save_interrupted()
                self.stop.after_saving()
                raise
            finally:
                self._background.join()
                self.call_hook("after_run")
        return cast("nn.Module", self.model)

    def _build_training(self, dataloader: Any, train_cfg: Any, optim_wrapper: Any) -> None:
        self.train_loop: Any = self.build_train_loop(train_cfg, dataloader)
        self.optim_wrapper = self.build_optim_wrapper(optim_wrapper)
        self.scale_lr(self.optim_wrapper, self._auto_scale_lr)
        self.param_schedulers = self.build_param_scheduler(self._param_scheduler)
        self.log_processor.before_train(self)
        if self._val is not None:
            dataloader, val_cfg, evaluator = self._val
            self.val_loop: Any = self.build_val_loop(val_cfg, dataloader, evaluator)

    def val(self) -> dict[str, float]:
        """Validate the model, and return the metrics."""
        dataloader, cfg, evaluator = _require(self._val, "validation")
        with self._in_use(), keeping_random_state(), fail_together():
            self.val_loop = self.build_val_loop(cfg, dataloader, evaluator)
            return self._evaluate(self.val_loop)

    def test(self) -> dict[str, float]:
        """Test the model, and return the metrics."""
        dataloader, cfg, evaluator = _require(self._test, "test")
        with self._in_use(), keeping_random_state(), fail_together():
            self.test_loop: Any = self.build_test_loop(cfg, dataloader, evaluator)
            return self._evaluate(self.test_loop)

    def _evaluate(self, loop: Any) -> dict[str, float]:
        self._begin_run()
        self.load_or_resume()
        try:
            with self.stop:
                return cast("dict[str, float]", loop.run())
        finally:
            self.call_hook("after_run")

    @contextmanager
    def _in_use(self) -> Iterator[None]:
        """Make the scope, log, hub and visualizer of this run the current ones.

        There may be other runs in the process, and newer ones.
        """
        with (
            DefaultScope.overwrite_default_scope(self._default_scope),
            self._log_outputs.in_use(),
            self.message_hub.as_current(),
            self.visualizer.as_current(),
        ):
            yield

    def _begin_run(self) -> None:
        self.call_hook("before_run")
        self._hook_list.forget()

    # -- Checkpoints ---------------------------------------------------------------------------

    def load_or_resume(self) -> None:
        """Load the weights, or go on with a training, as the arguments of the runner say."""
        if self._is_loaded:
            return
        if self._resume_point is not None and self.train_loop is not None:
            point, self._resume_point = self._resume_point, None
            self._resume_from(point)
        elif self._load_from is not None:
            like = shards_like(self.model)
            if like is None:
                checkpoint = CheckpointLoader.load_checkpoint(self._load_from, "cpu", mmap=True)
            else:  # of a folder each process reads its shards
                checkpoint = ResumePoint.read(self._load_from).load("cpu", like)
            self._load_weights(self._load_from, checkpoint, strict=False)
            self.logger.info("Loaded the weights of %s", self._load_from)
        self._is_loaded = True

    def load_checkpoint(
        self,
        filename: str,
        map_location: str | torch.device = "cpu",
        strict: bool = False,
        revise_keys: ReviseKeys = WITHOUT_WRAPPER,
    ) -> dict[str, Any]:
        """Load the weights of a checkpoint; see `engine.runner.load_checkpoint`."""
        checkpoint = CheckpointLoader.load_checkpoint(filename, map_location)
        self._load_weights(filename, checkpoint, strict, revise_keys)
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
        point = ResumePoint.read(filename, map_location)
        self._resume_from(point, resume_optimizer, resume_param_scheduler, map_location)

    def _resume_from(
        self,
        point: ResumePoint,
        optimizer: bool = True,
        param_scheduler: bool = True,
        map_location: str | torch.device = "cpu",
    ) -> None:
        claimed = {key for hook in self.hooks for key in hook.checkpoint_keys}
        like = shards_like(self.model, self._optim_wrapper)
        checkpoint = with_trained_weights(point.load(map_location, like), claimed)
        self._load_weights(point.filename, checkpoint, strict=True)
        checkpointer = self._checkpointer(optimizer, param_scheduler)
        self._random_state = checkpointer.load_state_dict(checkpoint, point.filename)
        self.logger.info(
            "Going on with %s after epoch %d, iteration %d", point.filename, self.epoch, self.iter
        )

    def _load_weights(
        self,
        filename: str,
        checkpoint: dict[str, Any],
        strict: bool,
        revise_keys: ReviseKeys = WITHOUT_WRAPPER,
    ) -> None:
        self._is_loaded = True
        self.call_hook("after_load_checkpoint", checkpoint=checkpoint)  # it may change the weights
        load_weights(self.model, checkpoint, filename, strict, self.logger, revise_keys)

    def save_checkpoint(
        self,
        out_dir: str,
        filename: str,
        save_optimizer: bool = True,
        save_param_scheduler: bool = True,
        meta: Cfg | None = None,
        by_epoch: bool | None = True,
        backend_args: Cfg | None = None,
        layout: Literal["file", "folder"] = "file",
        background: bool = False,
        committed: Callable[[], object] | None = None,
    ) -> None:
        """Save all that is needed to go on; all processes call it together.

        Args:
            out_dir: The folder, or a URL.
            filename: The name of the file in it, or of the folder of the checkpoint.
            save_optimizer: Whether the state of the optimizer is saved.
            save_param_scheduler: Whether the state of the schedulers is saved.
            meta: More facts about the run.
            by_epoch: What the loop is about to count as done: True (at `after_train_epoch`) the
                present epoch, False (at `after_train_iter`) the present iteration, None neither.
            backend_args: Options of the file system of a URL.
            layout: `'file'`, or `'folder'`, into which each process writes its own part.
            background: Whether a folder is written while the training goes on; the next save, and
                `finish_saving`, wait for it.
            committed: Called in the first process once the checkpoint is there.

        Raises:
            CheckpointError: If it can't be written, or one before could not in the background.
        """
        self.finish_saving()
        is_folder = layout == "folder"
        checkpointer = self._checkpointer(save_optimizer, save_param_scheduler)
        checkpoint = checkpointer.state_dict(meta, by_epoch, is_local=is_folder)
        self.call_hook("before_save_checkpoint", checkpoint=checkpoint)
        target = join_path(out_dir, filename)
        if is_folder:
            from engine.checkpoint import FolderSave  # deferred: imports torch's own checkpoints

            process = checkpointer.process_state()
            room = self._background.room if background else None
            save = FolderSave(checkpoint, process, target, backend_args, committed, room)
            self._background.run(save.write, background)
        elif is_main_process():
            save_checkpoint(checkpoint, target, backend_args)
            if committed is not None:
                committed()

    def finish_saving(self) -> None:
        """Wait for the checkpoint that is written in the background, if there is one.

        Raises:
            CheckpointError: If it could not be written.
        """
        self._background.wait()

    def _checkpointer(self, optimizer: bool, param_scheduler: bool) -> Checkpointer:
        parts: dict[str, Any] = {"message_hub": self.message_hub, "visualizer": self.visualizer}
        if optimizer:
            parts["optimizer"] = self.optim_wrapper
        if param_scheduler:
            parts["param_schedulers"] = self.param_schedulers
        facts = {
            "cfg": self.cfg.pretty_text,
            "seed": self.seed,
            "experiment_name": self.experiment_name,
        }
        return Checkpointer(self.model, self.strategy, self.train_loop, parts, facts)

    def _save_interrupted(self) -> None:
        try:
            self.finish_saving()
        except CheckpointError as error:
            self.logger.error("%s", error)
        layouts = [hook.layout for hook in self.hooks if isinstance(hook, CheckpointHook)]
        layout = layouts[0] if layouts else "file"
        name = f"interrupted_iter_{self.iter}{'.pth' if layout == 'file' else ''}"
        self.message_hub.update_info("interrupted_checkpoint", name)
        self.save_checkpoint(
            self.work_dir,
            name,
            by_epoch=None,
            layout=layout,
            committed=lambda: put_text(name, Path(self.work_dir) / "last_checkpoint"),
        )
        self.logger.info("Saved %s; the same command with --resume goes on from there", name)

    # -- The parts -----------------------------------------------------------------------------
    # Each is built from a config; a part that is built already is returned as it is.

    @property
    def optim_wrapper(self) -> OptimWrapper:
        """The optimizer and its wrapper, once the training has begun.

        Raises:
            RuntimeError: Before that.
        """
        if self._optim_wrapper is None:
            raise RuntimeError("optim_wrapper is not built yet: runner.train() builds it")
        return self._optim_wrapper

    @optim_wrapper.setter
    def optim_wrapper(self, optim_wrapper: OptimWrapper) -> None:
        self._optim_wrapper = optim_wrapper

    @property
    def model_name(self) -> str:
        """The name of the class of the model."""
        return type(unwrap(self.model)).__name__

    def build_strategy(
        self, strategy: BaseStrategy | Cfg | None, compile: bool | Cfg = False
    ) -> BaseStrategy:
        """Build the strategy; without a `type` the launcher chooses it."""
        return _build.build_strategy(strategy, compile, self.launcher)

    def build_model(
        self, model: nn.Module | Cfg, data_preprocessor: nn.Module | Cfg | None = None
    ) -> nn.Module:
        """Build the model; `data_preprocessor` is for a config without one."""
        return _build.build_model(model, data_preprocessor, self.cfg)

    def wrap_model(self, model_wrapper_cfg: Cfg | None, model: nn.Module) -> nn.Module:
        """Move the model to its device and wrap it, as the strategy does.

        Where several processes train, `sync_bn='torch'` in the config of the run synchronizes its
        batch normalization, and `find_unused_parameters` holds for a wrapper without a config.
        """
        if self.distributed and (implementation := self.cfg.get("sync_bn")):
            model = convert_sync_batchnorm(model, implementation)
        if model_wrapper_cfg is None and "find_unused_parameters" in self.cfg:
            model_wrapper_cfg = {"find_unused_parameters": self.cfg.find_unused_parameters}
        return self.strategy.prepare(model, model_wrapper_cfg)

    def build_dataloader(
        self,
        dataloader: DataLoader[Any] | Cfg,
        seed: int | None = None,
        diff_rank_seed: bool = False,
    ) -> DataLoader[Any]:
        """Build a data loader.

        Args:
            dataloader: A loader, or its config: `dataset`, `sampler` (or `batch_sampler`),
                `collate_fn`, and further arguments of `torch.utils.data.DataLoader`.
            seed: The seed of the sampler; None means that of the run.
            diff_rank_seed: Whether the rank is added to the seed.
        """
        return _build.build_dataloader(
            dataloader, self.seed if seed is None else seed, diff_rank_seed
        )

    def build_optim_wrapper(self, optim_wrapper: OptimWrapper | Cfg) -> OptimWrapper:
        """Build the optimizer and its wrapper, or several of them by name."""
        return _build.build_optim_wrapper(
            optim_wrapper, self.model, self.strategy, self.message_hub
        )

    def scale_lr(self, optim_wrapper: OptimWrapper, auto_scale_lr: Cfg | None = None) -> None:
        """Scale the learning rates by the batch size, if `auto_scale_lr` enables that."""
        _build.scale_lr(optim_wrapper, auto_scale_lr, self.train_dataloader.batch_size or 1)

    def build_param_scheduler(self, scheduler: Any) -> list[Any]:
        """Build the parameter schedulers: one, several, or those of each optimizer by its name.

        Raises:
            TypeError: If it is a text or a number.
            ValueError: If one counts epochs and the training loop iterations, or if there is no
                optimizer of a name.
        """
        if isinstance(scheduler, (str, int, float)):
            raise TypeError(
                f"param_scheduler: it is a scheduler, its config or several, not {scheduler!r}"
            )
        built = _build.build_param_schedulers(
            scheduler, self.optim_wrapper, length_of(self.train_dataloader), self.train_loop
        )
        for each in built:  # one that was given as an object says what it counts
            if each.by_epoch and not each.need_val_args:
                self.counts_epochs(True, type(each).__name__)
        return built

    def build_evaluator(
        self, evaluator: Evaluator | BaseMetric | Cfg | Sequence[BaseMetric | Cfg]
    ) -> Evaluator:
        """Build an evaluator from its config, or from its metrics or their configs."""
        return _build.build_evaluator(evaluator)

    def build_message_hub(self, message_hub: Cfg | None = None) -> MessageHub:
        """Build the message hub, with the name of the run if its config has none."""
        return MessageHub(**{"name": self.experiment_name, **(message_hub or {})})

    def build_log_processor(self, log_processor: LogProcessor | Cfg | None) -> LogProcessor:
        """Build the log processor."""
        part = _build.checked_part("log_processor", log_processor or {})
        return cast("LogProcessor", _build.build_part(RUN["log_processor"], part))

    def build_visualizer(self, visualizer: Visualizer | Cfg | None) -> Visualizer:
        """Build the visualizer; only rank 0 gives it backends."""
        return _build.build_visualizer(visualizer, self.experiment_name, self.log_dir)

    def build_train_loop(self, loop: Any, dataloader: DataLoader[Any] | Cfg | None = None) -> Any:
        """Build the training loop: by epochs, by iterations, or of the `type` in its config."""
        if not isinstance(loop, Mapping):
            return _build.checked_part("train_cfg", loop)
        loader = None if dataloader is None else self.build_dataloader(dataloader)
        return _build.build_train_loop(loop, self, loader)

    def build_val_loop(self, loop: Any, dataloader: Any = None, evaluator: Any = None) -> Any:
        """Build the validation loop, by default a `ValLoop`."""
        return self._build_eval_loop("val_cfg", loop, dataloader, evaluator)

    def build_test_loop(self, loop: Any, dataloader: Any = None, evaluator: Any = None) -> Any:
        """Build the test loop, by default a `TestLoop`."""
        return self._build_eval_loop("test_cfg", loop, dataloader, evaluator)

    def _build_eval_loop(self, key: str, loop: Any, dataloader: Any, evaluator: Any) -> Any:
        if not isinstance(loop, Mapping):
            return _build.checked_part(key, loop)
        with using_classes(self._trained_classes):
            loader = self.build_dataloader(dataloader)
        if self.train_loop is not None:
            warn_of_other_classes(
                classes_of(loader), self._trained_classes(), key.removesuffix("_cfg")
            )
        return _build.build_part(
            RUN[key],
            loop,
            runner=self,
            dataloader=loader,
            evaluator=self.build_evaluator(evaluator),
        )

    def _trained_classes(self) -> Sequence[str] | None:
        """Return the classes of the training data, or of those of the checkpoint to be loaded."""
        if self.train_loop is not None:
            return classes_of(getattr(self.train_loop, "dataloader", None))
        if self._resume_point is not None:
            return classes_in(self._resume_point.checkpoint)
        if self._load_from is None:
            return None
        return classes_in(CheckpointLoader.load_checkpoint(self._load_from, "cpu", mmap=True))

    # -- The environment ---------------------------------------------------------------------

    def setup_env(self, env_cfg: Cfg) -> None:
        """Set up what holds for the whole process."""
        set_up_process(env_cfg)
        self.strategy.setup(env_cfg.get("dist_cfg") or {})

    def build_logger(
        self, log_level: int | str = "INFO", log_file: str | None = None
    ) -> logging.Logger:
        """Send the lines of the log to the terminal and to a file.

        Args:
            log_level: The least level that is logged.
            log_file: The file; None means `<time>/<time>.log` in the work directory.
        """
        file = log_file or str(Path(self.log_dir) / f"{self.timestamp}.log")
        return setup_logging(log_level, file if is_main_process() else None, main=is_main_process())

    def set_randomness(
        self, seed: int | None = None, diff_rank_seed: bool = False, deterministic: bool = False
    ) -> None:
        """Seed all generators; see `set_random_seed`."""
        self.deterministic = deterministic
        if self._resume_point is not None:
            seed = self._resume_point.choose_seed(seed)
        self.seed: int = set_random_seed(seed, deterministic, diff_rank_seed)

    def restore_randomness(self) -> None:
        """Put the generators where the checkpoint saw them, if the run was resumed."""
        if self._random_state is not None:
            restore_random_state(self._random_state)

    # -- Hooks -------------------------------------------------------------------------------

    @property
    def hooks(self) -> list[Hook]:
        """The hooks, in the order in which they are called."""
        return self._hook_list.hooks

    def register_hook(self, hook: Hook | Cfg, priority: str | int | Priority | None = None) -> None:
        """Add a hook behind those of its priority."""
        self._hook_list.add(hook, priority)

    def register_default_hooks(self, hooks: Cfg | None = None) -> None:
        """Add the default hooks, with changes by their names; None leaves one out."""
        self._hook_list.add_defaults(hooks)

    def register_custom_hooks(self, hooks: Sequence[Hook | Cfg]) -> None:
        """Add more hooks."""
        for hook in hooks:
            self._hook_list.add(hook)

    def register_hooks(
        self,
        default_hooks: Cfg | None = None,
        custom_hooks: Sequence[Hook | Cfg] | None = None,
    ) -> None:
        """Add the default hooks with changes, and more hooks."""
        self.register_default_hooks(default_hooks)
        self.register_custom_hooks(custom_hooks or ())

    def call_hook(self, fn_name: str, **kwargs: Any) -> None:
        """Call the hooks of a point.

        Args:
            fn_name: One of `engine.hooks.POINTS`, or a method that some hook of the run has.
            **kwargs: Passed on to the hooks.

        Raises:
            ValueError: If there is no such point.
        """
        for call in self._hook_list.calls[fn_name]:
            call(self, **kwargs)

    def get_hooks_info(self) -> str:
        """Return a table of the points and their hooks."""
        return self._hook_list.info()

    def dump_config(self) -> None:
        """Write the whole config into the work directory."""
        if is_main_process():
            # What came as data is kept as data: a Python config would be trusted as code.
            trusts = {trust_of(self.cfg, key) for key in self.cfg}
            suffix = ".yaml" if False in trusts and True not in trusts else ".py"
            self.cfg.dump(Path(self.work_dir) / f"{self._config_name}{suffix}")


def _phase(*parts: Any) -> tuple[Any, ...] | None:
    """Return the parts of a training, validation or test, or None if there are none."""
    return None if parts[0] is None else parts


def _require(parts: tuple[Any, ...] | None, what: str) -> tuple[Any, ...]:
    if parts is None:
        raise ValueError(f"the runner was made without a {what}; its config does not say how")
    return parts


FlexibleRunner = Runner
"""The name under which MMEngine has a runner with strategies."""
