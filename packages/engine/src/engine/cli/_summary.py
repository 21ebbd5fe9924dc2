"""`engine summary`: the modules of a model, and what they cost."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.config import Config, ConfigError, parse_options

from ._arguments import (
    ConfigArgument,
    DebugOption,
    JsonOption,
    OptionsOption,
    ShapeOption,
    TrustOption,
    parse_shape,
)
from ._table import print_table

if TYPE_CHECKING:
    from torch import nn

_SHAPE = (3, 224, 224)


def summary(
    config: ConfigArgument,
    depth: Annotated[int, typer.Option(min=0, help="How many levels of modules to show.")] = 2,
    shape: ShapeOption = None,
    cfg_options: OptionsOption = None,
    trust: TrustOption = False,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Show the modules of a model: output shapes, parameters, multiply-adds and activations."""
    from engine.analysis import summarize  # deferred: --help needs no torch
    from engine.runner import model_of

    sizes = parse_shape(shape)
    cfg = Config.fromfile(config, trust=trust)
    cfg.merge_from_dict(parse_options(cfg_options or []))
    model = model_of(cfg)
    inputs = _inputs(cfg, model, sizes)
    try:
        found = summarize(model, inputs, depth)
    except (RuntimeError, TypeError, AttributeError) as error:  # a size or type that does not fit
        raise ValueError(
            f"the model can't take {_describe(inputs)}; --shape says another: {error}"
        ) from error
    if as_json:
        typer.echo(json.dumps(found.to_dict(), indent=2))
    else:
        print_table(found.columns, found.rows())
        typer.echo(found.describe())


def _inputs(cfg: Config, model: nn.Module, shape: tuple[int, ...] | None) -> Any:
    """Return random inputs of a shape; without one, a sample of the data if it can be read."""
    import torch  # deferred, as above

    from engine.runner import inputs_of

    if shape is None:
        try:
            return inputs_of(cfg, model)
        except (ConfigError, ImportError, OSError) as error:
            shape = _SHAPE
            told = "×".join(map(str, shape))
            typer.echo(f"No sample of the data ({error}): the input is {told}", err=True)
    return torch.randn(1, *shape, generator=torch.Generator().manual_seed(0))


def _describe(inputs: Any) -> str:
    if not hasattr(inputs, "shape"):  # not stacked: the config has no data preprocessor for that
        return f"a {type(inputs).__name__} as input"
    return f"an input of {'×'.join(map(str, inputs.shape[1:]))}"
