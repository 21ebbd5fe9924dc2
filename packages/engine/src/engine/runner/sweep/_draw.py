"""Values of a sweep that Optuna draws."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from ._space import Range, Setting, Space

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution


def distributions(space: Space) -> dict[str, BaseDistribution]:
    """Return what Optuna draws the values from; of choices, it draws the number."""
    from optuna.distributions import (  # deferred: it is an extra
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    def distribution(values: Any) -> BaseDistribution:
        if not isinstance(values, Range):
            return CategoricalDistribution([repr(each) for each in values])
        if values.is_whole:
            return IntDistribution(int(values.low), int(values.high), log=values.is_log)
        return FloatDistribution(values.low, values.high, log=values.is_log)

    return {key: distribution(values) for key, values in space.items()}


def setting_of(space: Space, params: Mapping[str, Any]) -> Setting:
    """Return the values that Optuna has drawn."""
    return {
        key: params[key]
        if isinstance(values, Range)
        else next(each for each in values if repr(each) == params[key])
        for key, values in space.items()
    }


def random_settings(space: Space, seed: int) -> Iterator[Setting]:
    """Yield settings drawn at random, again and again.

    Raises:
        ImportError: If Optuna is missing.
    """
    require_optuna()
    import optuna  # deferred, as above

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed))
    while True:
        yield setting_of(space, study.ask(distributions(space)).params)


def require_optuna() -> None:
    """Raise an error that says what to install, where Optuna is missing.

    Raises:
        ImportError: If it is missing.
    """
    if find_spec("optuna") is None:
        raise ImportError("settings are drawn by optuna: pip install 'engine[sweep]'")
