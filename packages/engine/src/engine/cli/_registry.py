"""`engine registry`: list and explain registered names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Annotated, Any

import typer

from engine import registry as registries
from engine.registry import Registry, ScopeImportError, import_announced

from ._arguments import JsonOption
from ._table import print_table

app = typer.Typer(help="List, find and explain registered names.", no_args_is_help=True)

RegistryArgument = Annotated[
    str | None,
    typer.Argument(metavar="[REGISTRY]", help="A root registry, e.g. MODELS; all by default."),
]
ScopeOption = Annotated[str | None, typer.Option(help="Only the names of this library.")]


@app.command("list")
def list_names(
    registry: RegistryArgument = None, scope: ScopeOption = None, as_json: JsonOption = False
) -> None:
    """List names, with the class or function and the call site of each."""
    rows = [row for row in _iter_rows(registry) if scope in (None, row["scope"])]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
    else:
        _print_table("name", rows)


@app.command()
def find(
    pattern: Annotated[str, typer.Argument(help="A name with wildcards, e.g. '*Net*'.")],
    registry: RegistryArgument = None,
    as_json: JsonOption = False,
) -> None:
    """Find names by a pattern, ignoring case."""
    wanted = pattern.casefold()
    rows = [row for row in _iter_rows(registry) if fnmatchcase(row["name"].casefold(), wanted)]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
    else:
        _print_table("name", rows)


@app.command()
def tree(registry: RegistryArgument = None, as_json: JsonOption = False) -> None:
    """Show the trees of registries: the node of each library, with the number of its names."""
    nodes = {label: _make_tree(root) for label, root in _find_roots(registry).items()}
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
    [root] = _find_roots(registry).values()
    with registries.DefaultScope.overwrite_default_scope(scope):
        explanation = root.explain(name)
    typer.echo(json.dumps(explanation.to_dict(), indent=2) if as_json else str(explanation))
    if explanation.found is None:
        raise typer.Exit(1)


def _find_roots(wanted: str | None) -> dict[str, Registry[Any]]:
    """Return the root registries by the names of their variables.

    Raises:
        ValueError: If there is no such registry.
    """
    known = {
        name: value
        for name in dir(registries)
        if name != "OPTIM_WRAPPER" and isinstance(value := getattr(registries, name), Registry)
    }
    if wanted is None:
        return known
    for name, root in known.items():
        if wanted in (name, root.name):
            return {name: root}
    raise ValueError(f"there is no root registry {wanted!r}; there are {', '.join(known)}")


def _iter_rows(wanted: str | None) -> Iterator[dict[str, str]]:
    for scope, reason in import_announced().items():
        typer.echo(f"{scope} is left out: {reason}", err=True)
    for label, root in _find_roots(wanted).items():
        nodes = root.walk_down()
        for node in sorted(nodes, key=lambda each: (each is not each.root, each.scope)):
            _import(node)
            for name, module in sorted(node.module_dict.items()):
                yield {
                    "registry": label,
                    "scope": node.scope,
                    "name": name,
                    "target": f"{module.__module__}.{module.__qualname__}",
                    "site": str(node.get_call_site(name)),
                }


def _make_tree(node: Registry[Any]) -> dict[str, Any]:
    import_announced()
    _import(node)
    children = [_make_tree(child) for _, child in sorted(node.children.items())]
    return {"scope": node.scope, "names": len(node), "children": children}


def _import(node: Registry[Any]) -> None:
    try:
        node.import_from_location()
    except ScopeImportError as error:
        typer.echo(f"{node.label} is not complete: {error}", err=True)


def _add_branches(shown: Any, node: dict[str, Any]) -> None:
    for child in node["children"]:
        _add_branches(shown.add(f"{child['scope']} ({child['names']})"), child)


def _print_table(title: str, rows: list[dict[str, str]]) -> None:
    if not rows:
        typer.echo("nothing")
        return
    cells = [
        (row["registry"], f"{row['scope']}.{row['name']}", row["target"], row["site"])
        for row in rows
    ]
    print_table(("registry", title, "target", "site"), cells)
