"""`engine registry`: list and explain registered names."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from engine import registry as registries
from engine.config import Config, parse_options
from engine.registry import (
    FoundName,
    Listing,
    Registry,
    ScopeImportError,
    find_roots,
    import_announced,
)
from engine.utils import did_you_mean

from ._arguments import DebugOption, JsonOption, OptionsOption, TrustOption
from ._kept_names import KeptIndex
from ._table import print_table

app = typer.Typer(help="List, find and explain registered names.", no_args_is_help=True)

RegistryArgument = Annotated[
    str | None,
    typer.Argument(metavar="[REGISTRY]", help="A root registry, e.g. MODELS; all by default."),
]


@app.command("list")
def list_names(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="[REGISTRY|LIBRARY]",
            help="A root registry, e.g. MODELS, or a library or source, e.g. mmalpha; all by "
            "default, without sources.",
        ),
    ] = None,
    scope: Annotated[
        str | None, typer.Option(help="Only the names of this library or source.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List names, with the class or function and the call site of each."""
    index, registry = KeptIndex(_tell), what
    if scope is None and what is not None and not _is_root(what):
        registry, scope = None, what
        _check_library(what, index.listing())
    _print_names(index.names(None, registry, scope), "nothing", as_json)


@app.command()
def find(
    pattern: Annotated[
        str,
        typer.Argument(help="A part of a name, or with wildcards the whole, e.g. '*Net*'."),
    ],
    registry: RegistryArgument = None,
    as_json: JsonOption = False,
) -> None:
    """Find names by a pattern, ignoring case; `engine models` finds those of sources too."""
    index = KeptIndex(_tell)
    found = index.names(pattern, registry)
    hint = ""
    if not found:
        names = [each.name for each in index.names(None, registry)]
        hint = did_you_mean(pattern.strip("*"), names)
    _print_names(found, f"nothing is called {pattern!r}{hint}", as_json)


@app.command()
def tree(registry: RegistryArgument = None, as_json: JsonOption = False) -> None:
    """Show the trees of registries: the node of each library, with the number of its names."""
    nodes = {label: _make_tree(root) for label, root in find_roots(registry).items()}
    if as_json:
        typer.echo(json.dumps(nodes, indent=2))
        return
    from rich import print as rich_print
    from rich.tree import Tree

    for label, node in nodes.items():
        shown = Tree(f"[bold]{label}[/bold] {node['scope']} ({node['names']})")
        _add_branches(shown, node)
        rich_print(shown)


@app.command()
def explain(
    name: Annotated[str, typer.Argument(help="The value of `type` in a config.")],
    registry: Annotated[str, typer.Option(help="The root registry that is asked.")] = "MODELS",
    scope: Annotated[str | None, typer.Option(help="The default scope.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Explain a lookup: what is searched, imported, found and shadowed."""
    [root] = find_roots(registry).values()
    with registries.DefaultScope.overwrite_default_scope(scope):
        explanation = root.explain(name)
    typer.echo(json.dumps(explanation.to_dict(), indent=2) if as_json else str(explanation))
    if explanation.found is None:
        raise typer.Exit(1)


@app.command()
def explore(
    configs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[CONFIG]...",
            help="Configs to show too, with what lint finds; package::file for shipped ones.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[Path, typer.Option(metavar="FILE.html", help="The page.")] = Path(
        "explorer.html"
    ),
    registry: Annotated[
        str | None, typer.Option(help="Only this root registry, e.g. MODELS.")
    ] = None,
    sources: Annotated[
        bool,
        typer.Option(
            "--sources/--no-sources", help="List the names of timm and other sources, too."
        ),
    ] = True,
    uses: Annotated[
        bool,
        typer.Option("--uses/--no-uses", help="Read shipped configs, to tell which use a name."),
    ] = True,
    cfg_options: OptionsOption = None,
    trust: TrustOption = False,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Write all names, and configs with what lint finds, as one page for a browser."""
    from engine.explorer import explore as make_page  # deferred: other commands don't need it

    if out.suffix not in (".html", ".htm") or out.is_dir():
        raise ValueError(f"--out must be a file *.html; got {out}")
    roots = None if registry is None else find_roots(registry)
    if cfg_options and not configs:
        raise ValueError("--cfg-options change configs, and none is given")
    shown = {each: Config.fromfile(each, trust=trust) for each in configs or ()}
    for cfg in shown.values():
        cfg.merge_from_dict(parse_options(cfg_options or []))
    found = make_page(shown, roots=roots, sources=sources, uses=uses, tell=_tell)
    if as_json:
        typer.echo(json.dumps(found.to_dict(), indent=2))
        return
    found.save(out)
    size = out.stat().st_size / 1e6
    typer.echo(
        f"Wrote {out}: {len(found.data['names']):,} names, {size:.1f} MB, {found.seconds:.0f} s"
    )


def _is_root(name: str) -> bool:
    return any(name in (label, root.name) for label, root in find_roots().items())


def _check_library(name: str, listing: Listing) -> None:
    known = [*listing.libraries, *listing.sources]
    if name not in known:
        names = [*find_roots(), *known]
        raise ValueError(
            f"there is no registry or library {name!r}{did_you_mean(name, names)}; there are "
            f"{', '.join(names)}"
        )


def _tell(message: str) -> None:
    typer.echo(message, err=True)


def _make_tree(node: Registry[Any]) -> dict[str, Any]:
    import_announced()
    _import(node)
    children = [_make_tree(child) for _, child in sorted(node.children.items())]
    return {"scope": node.scope, "names": len(node), "children": children}


def _import(node: Registry[Any]) -> None:
    try:
        node.import_from_location()
    except ScopeImportError as error:
        _tell(f"{node.label} is not complete: {error}")


def _add_branches(shown: Any, node: dict[str, Any]) -> None:
    for child in node["children"]:
        _add_branches(shown.add(f"{child['scope']} ({child['names']})"), child)


def _print_names(found: Sequence[FoundName], nothing: str, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([each.to_dict() for each in found], indent=2))
    elif not found:
        typer.echo(nothing)
    else:
        print_table(("registry", "name", "target", "site"), _rows(found))


def _rows(found: Iterable[FoundName]) -> Iterator[tuple[str, ...]]:
    """Yield the cells of names; each registry is told once."""
    before = ""
    for each in found:
        yield (
            "" if each.registry == before else each.registry,
            each.full_name,
            each.target,
            each.site,
        )
        before = each.registry
