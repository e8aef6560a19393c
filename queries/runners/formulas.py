"""Formulas of series, such as `A / B * 100`, in which A is the first series of the query."""

import ast
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Any

from queries.runners.errors import InvalidQuery, Path
from queries.runners.json_values import describe

MAX_FORMULAS = 20
TEXT_MAX_LENGTH = 500
_OPERATORS: dict[type[ast.AST], Callable[..., float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
SYNTAX = "A formula may contain letters of series, numbers, + - * / % ** and parentheses."


@dataclass(frozen=True)
class Formula:
    """A formula of series. `label` is its custom name, or else contains its text."""

    text: str
    label: str
    tree: ast.expr

    @property
    def size(self) -> int:
        """Return the number of operations."""
        return sum(isinstance(node, ast.BinOp | ast.UnaryOp) for node in ast.walk(self.tree))

    def compute(self, numbers: Sequence[float]) -> float:
        """Return the result for one number per series. A division by zero results in 0, as in PostHog."""
        try:
            result = _compute(self.tree, numbers)
        except (ZeroDivisionError, OverflowError):
            return 0
        return result if isinstance(result, float) and math.isfinite(result) else 0


def read_formulas(options: Mapping[str, Any], path: Path, number_of_series: int) -> list[Formula]:
    """Return the formulas of a query, if there are any. Raises InvalidQuery."""
    items = options.get("formulaNodes") or options.get("formulas") or [options.get("formula") or ""]
    name = next((key for key in ("formulaNodes", "formulas") if options.get(key)), "formula")
    if not isinstance(items, list) or len(items) > MAX_FORMULAS:
        raise InvalidQuery(f"This must be a list of at most {MAX_FORMULAS} formulas.", (*path, name))
    formulas = []
    for index, item in enumerate(items):
        item_path = (*path, name) if name == "formula" else (*path, name, index)
        text, label = _read_item(item, item_path)
        if text:
            formulas.append(Formula(text, label, _parse(text, number_of_series, item_path)))
    return formulas


def _read_item(item: Any, path: Path) -> tuple[str, str]:
    """Return the text and the label of a formula."""
    text, name = (item.get("formula"), item.get("custom_name")) if isinstance(item, dict) else (item, None)
    if not isinstance(text, str):
        raise InvalidQuery(f"This must be a formula, not {describe(text)}.", path)
    if len(text) > TEXT_MAX_LENGTH:
        raise InvalidQuery(f"A formula has at most {TEXT_MAX_LENGTH} characters.", path)
    if not isinstance(name, str | None):
        raise InvalidQuery(f"This must be a string, not {describe(name)}.", (*path, "custom_name"))
    return text, name or f"Formula ({text})"


def _parse(text: str, number_of_series: int, path: Path) -> ast.expr:
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise InvalidQuery(f'"{text[:80]}" is not a formula. {SYNTAX}', path) from None
    known = ascii_uppercase[:number_of_series]
    if "#" in text:  # begins a comment in Python
        raise InvalidQuery(f'"{text[:80]}" is not a formula. {SYNTAX}', path)
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) if len(name) != 1 or name.upper() not in known:
                raise InvalidQuery(f'The query has no series "{name[:80]}". Its series are {", ".join(known)}.', path)
            case ast.Name() | ast.Load() | ast.operator() | ast.unaryop() if type(node) in _LEAVES:
                pass
            case ast.Constant(value=value) if type(value) in (int, float):
                pass
            case ast.BinOp() | ast.UnaryOp():
                pass
            case _:
                raise InvalidQuery(f'"{text[:80]}" is not a formula. {SYNTAX}', path)
    return tree


_LEAVES = frozenset({ast.Name, ast.Load, *_OPERATORS})


def _compute(node: ast.expr, numbers: Sequence[float]) -> float:
    match node:
        case ast.Constant(value=value):
            return float(value)  # type: ignore[arg-type]  # a number, as parsed
        case ast.Name(id=name):
            return float(numbers[ascii_uppercase.index(name.upper())])
        case ast.BinOp(left=left, op=op, right=right):
            result = _OPERATORS[type(op)](_compute(left, numbers), _compute(right, numbers))
            if isinstance(result, complex):  # a root of a negative number
                raise OverflowError
            return result
        case ast.UnaryOp(op=op, operand=operand):
            return _OPERATORS[type(op)](_compute(operand, numbers))
    raise TypeError(node)
