"""A search by Optuna: each trial is a setting, judged by the scores of its runs."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from engine.visualization import find_runs, read_curves

from .._comparison import Monitor, best_of, whole_name
from ._draw import distributions, require_optuna, setting_of
from ._outcome import Outcome
from ._plan import Sweep, SweepRun

if TYPE_CHECKING:
    import optuna

_STORAGE, _NAME, _SPACE = "optuna.journal", "sweep", "space"


class OptunaTrials:
    """The runs of a search; its trials are kept in the folder of the sweep.

    A trial is stopped by the median of the others (`optuna.pruners.MedianPruner`), by the
    validations of its first seed. Its score is the mean over the seeds.

    Args:
        sweep: The sweep.
        trials: How many trials there are in the end, with those of earlier starts.
        monitor: The score.
        prunes: Whether trials are stopped.
        seed: What the choice of settings depends on.

    Raises:
        ImportError: If Optuna is missing.
        ValueError: If the score is not known, there is no trial, or the folder holds another
            search.
    """

    def __init__(
        self,
        sweep: Sweep,
        trials: int,
        monitor: Monitor,
        *,
        prunes: bool = True,
        seed: int = 0,
    ) -> None:
        if trials < 1:
            raise ValueError(f"a search has at least 1 trial; got {trials}")
        if not sweep.space:
            raise ValueError("a search needs values to try (--set)")
        if monitor.metric is None:
            raise ValueError(
                "a search needs a score: save_best of the CheckpointHook, or --monitor"
            )
        self._metric = monitor.metric
        self._rule = monitor.rule_for(self._metric)
        self._sweep, self._trials, self._prunes = sweep, trials, prunes
        self._study = _study(sweep, self._rule, seed)
        self._of_run: dict[SweepRun, optuna.Trial] = {}
        self._left: dict[int, list[SweepRun]] = {}  # the runs of a trial that aren't done
        self._ready: list[SweepRun] = []
        self._resume()

    def next(self) -> SweepRun | None:
        """Return the next run: a further seed of a trial, or the first one of a new trial."""
        if not self._ready and len(self._study.trials) < self._trials:
            self._add(self._study.ask(distributions(self._sweep.space)))
        return self._ready.pop(0) if self._ready else None

    def is_hopeless(self, run: SweepRun) -> bool:
        """Tell Optuna the scores of a run so far, and return whether it would stop it."""
        trial = self._of_run[run]
        is_first = run.seed in (None, 0)  # the scores of one seed are held against each other
        if not self._prunes or not is_first:
            return False
        known = self._study.trials[trial.number].intermediate_values
        for step, score in self._scores(run).items():
            if step not in known and math.isfinite(score):
                trial.report(score, step)
        return trial.should_prune()

    def done(self, run: SweepRun, outcome: Outcome) -> None:
        """Go on with the next seed, or tell Optuna the score of the trial."""
        import optuna  # deferred: it is an extra

        states = optuna.trial.TrialState
        trial = self._of_run[run]
        self.is_hopeless(run)  # the scores since the last look
        left = self._left[trial.number]
        left.remove(run)
        if outcome.status == "finished" and left:
            self._ready.append(left[0])
        elif outcome.status == "finished":
            score = self._score(trial)
            is_number = math.isfinite(score)
            self._study.tell(
                trial,
                score if is_number else None,
                states.COMPLETE if is_number else states.FAIL,
            )
        else:
            self._study.tell(
                trial, state=states.PRUNED if outcome.status == "pruned" else states.FAIL
            )

    def _resume(self) -> None:
        import optuna  # deferred, as above

        for frozen in self._study.get_trials(states=[optuna.trial.TrialState.RUNNING]):
            self._add(optuna.Trial(self._study, frozen._trial_id))

    def _add(self, trial: optuna.Trial) -> None:
        setting = setting_of(self._sweep.space, trial.params)
        runs = self._sweep.runs_of(setting, f"trial-{trial.number:03}")
        self._of_run |= dict.fromkeys(runs, trial)
        self._ready.append(runs[0])
        self._left[trial.number] = [*runs]

    def _score(self, trial: optuna.Trial) -> float:
        runs = [run for run, each in self._of_run.items() if each.number == trial.number]
        return statistics.fmean(best_of(self._scores(run), self._rule) for run in runs)

    def _scores(self, run: SweepRun) -> Mapping[int, float]:
        """Return the scores of the validations of a run so far, by their steps."""
        folder = self._sweep.folder(run)
        if not any(folder.glob("*/vis_data/scalars.json")):
            return {}
        (files,) = find_runs([folder]).values()
        metrics = read_curves(files).metrics
        return metrics[whole_name(self._metric, metrics)] if metrics else {}


def _study(sweep: Sweep, rule: str, seed: int) -> optuna.Study:
    """Open the study in the folder of a sweep, or make it."""
    require_optuna()
    import optuna  # deferred, as above
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    folder = Path(sweep.work_dir)
    folder.mkdir(parents=True, exist_ok=True)
    study = optuna.create_study(
        storage=JournalStorage(JournalFileBackend(str(folder / _STORAGE))),
        study_name=_NAME,
        direction="maximize" if rule == "greater" else "minimize",
        load_if_exists=True,
    )
    # A restart would draw again what is there already, hence another seed.
    study.sampler = optuna.samplers.TPESampler(seed=seed + len(study.trials))
    study.pruner = optuna.pruners.MedianPruner()
    space = {
        key: [*map(repr, v)] if isinstance(v, tuple) else str(v) for key, v in sweep.space.items()
    }
    facts = {"values": space, "rule": rule, "seeds": sweep.seeds}
    if study.user_attrs.setdefault(_SPACE, facts) != facts:
        raise ValueError(
            f"{folder} holds a search of other values; give this one another --work-dir. It was: "
            f"{study.user_attrs[_SPACE]}"
        )
    study.set_user_attr(_SPACE, facts)
    return study
