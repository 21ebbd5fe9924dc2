"""Find the registries from which a constructor builds its arguments, from the source code."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping
from functools import cache
from types import FunctionType, ModuleType
from typing import Any

from engine.registry import Registry


@cache
def find_built_arguments(target: Callable[..., Any]) -> Mapping[str, Registry[Any]]:
    """Return the registries from which a constructor builds its arguments, by argument.

    It looks for calls like `MODELS.build(backbone)`, with an argument `backbone` and a registry
    `MODELS` that the module has or reaches through another module.

    Args:
        target: A class or function.
    """
    found: dict[str, Registry[Any]] = {}
    inits = [vars(each).get("__init__") for each in getattr(target, "__mro__", ())]
    for init in reversed(inits or [target]):
        if isinstance(init, FunctionType):
            found.update(_find_in_source(init, target))
    return found


def _find_in_source(init: FunctionType, target: Callable[..., Any]) -> dict[str, Registry[Any]]:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(init)))
    except (OSError, TypeError, SyntaxError):
        return {}
    arguments = {*inspect.signature(init).parameters}
    found = {}
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and node.args and isinstance(node.func, ast.Attribute)):
            continue
        registry = _evaluate(node.func.value, init, target) if node.func.attr == "build" else None
        if isinstance(registry, Registry):
            names = {each.id for each in ast.walk(node.args[0]) if isinstance(each, ast.Name)}
            found.update(dict.fromkeys(names & arguments, registry))
    return found


def _evaluate(node: ast.expr, init: FunctionType, target: Callable[..., Any]) -> Any:
    """Return the registry or module of an expression such as `MODELS` or `root.MODELS`."""
    match node:
        case ast.Name(name):
            return init.__globals__.get(name)
        case ast.Attribute(holder, name):
            module = _evaluate(holder, init, target)
            return getattr(module, name, None) if isinstance(module, ModuleType) else None
        case ast.Call(ast.Attribute(holder, "of_library")):
            registry = _evaluate(holder, init, target)
            if isinstance(registry, Registry) and isinstance(target, type):
                return registry.of_library(target)
    return None
