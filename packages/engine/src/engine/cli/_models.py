"""`engine models`: the models that can be built by name."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Annotated, Any

import typer

from engine.registry import FoundName
from engine.utils import did_you_mean

from ._arguments import DebugOption, JsonOption
from ._kept_names import KeptIndex
from ._table import print_table

_SHOWN = 2  # names of weights


def models(
    pattern: Annotated[
        str | None,
        typer.Argument(
            metavar="[PATTERN]",
            help="A part of a name, or with wildcards the whole, e.g. 'timm.resnet*'.",
        ),
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="Only those of this source or library, e.g. timm.")
    ] = None,
    pretrained: Annotated[
        bool, typer.Option("--pretrained", help="Only those with pretrained weights.")
    ] = False,
    params: Annotated[
        bool,
        typer.Option("--params", help="Build each without memory; tell parameters and cost."),
    ] = False,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """List the models that can be built by name, those of other packages included."""
    index = KeptIndex(lambda told: typer.echo(told, err=True))
    found = index.models(pattern, source, pretrained)
    sizes = [_measure(each) for each in found] if params else [{} for _ in found]
    if as_json:
        facts = [
            {
                "name": each.full_name,
                "source": each.scope,
                "target": each.target,
                "weights": each.weights,
                **size,
            }
            for each, size in zip(found, sizes, strict=True)
        ]
        typer.echo(json.dumps(facts, indent=2))
    elif not found:
        typer.echo(
            f"there is no such model{_hint(pattern, index.models(None, source, pretrained))}"
        )
    else:
        columns = ("parameters", "multiply-adds", "input") if params else ()
        rows = (
            (each.full_name, each.target, *_cells(size), _format_weights(each.weights))
            for each, size in zip(found, sizes, strict=True)
        )
        print_table(("name", "from", *columns, "weights"), rows)


def _measure(model: FoundName) -> dict[str, Any]:
    from engine.analysis import measure_model  # deferred: only sizes need torch

    try:
        size = measure_model(model.full_name)
    except Exception as error:  # noqa: BLE001  # whatever a part does that is no whole model
        return {"parameters": None, "flops": None, "input": None, "error": str(error)}
    return {"parameters": size.parameters, "flops": size.flops, "input": size.input}


def _cells(size: dict[str, Any]) -> tuple[str, ...]:
    if not size:
        return ()
    shape = "×".join(map(str, size["input"] or ())) or "-"
    return (_format_number(size["parameters"]), _format_number(size["flops"]), shape)


def _format_number(number: int | None) -> str:
    from engine.analysis.print_helper import _format_size  # deferred, as above

    return "-" if number is None else _format_size(number)


def _format_weights(names: tuple[str, ...]) -> str:
    more = len(names) - _SHOWN
    return ", ".join([*names[:_SHOWN], *([f"{more} more"] if more > 0 else [])])


def _hint(pattern: str | None, others: Iterable[FoundName]) -> str:
    names = [name for each in others for name in (each.full_name, each.name)]
    return did_you_mean((pattern or "").strip("*"), names)
