"""The part of CloudWatch's metric math that alarms here understand.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
Python's grammar holds that part, so its parser reads it; only the nodes named here are accepted.
"""

import ast
import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

Series = list[float | None]
Values = Mapping[str, Series]

_ARITHMETIC: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_OF_ONE: dict[str, Callable[[float], float]] = {"ABS": abs, "CEIL": math.ceil, "FLOOR": math.floor}
_OF_LIST: dict[str, Callable[[list[float]], float]] = {
    "SUM": sum,
    "MIN": min,
    "MAX": max,
    "AVG": lambda values: sum(values) / len(values),
}
FUNCTIONS = (*_OF_ONE, *_OF_LIST, "IF", "FILL", "METRICS")


class UnsupportedExpression(Exception):
    """Metric math that is wrong, or that the embedded account does not evaluate."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression over the metrics of one alarm."""

    text: str
    tree: ast.expr

    def ids(self) -> set[str]:
        """Return the ids of the queries that the expression names."""
        called = {node.func for node in ast.walk(self.tree) if isinstance(node, ast.Call)}
        return {
            node.id
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Name) and node not in called and node.id != "REPEAT"
        }

    def values(self, series: Values, metrics: Sequence[str]) -> Series:
        """Evaluate period by period; ``metrics`` names the series that METRICS() stands for."""
        length = max((len(values) for values in series.values()), default=0)
        return _Evaluation(series, metrics, length).of(self.tree)


def parse(text: str) -> Expression:
    """Read ``text`` or refuse it, naming what is not understood."""
    source = re.sub(r"\bAND\b|&&", " and ", re.sub(r"\bOR\b|\|\|", " or ", text))
    try:
        tree = ast.parse(source.strip(), mode="eval").body
    except SyntaxError as error:
        raise UnsupportedExpression(f"the expression {text!r} cannot be read") from error
    for node in _nodes(tree):
        _check(text, node)
    return Expression(text, tree)


def _nodes(tree: ast.expr) -> Iterator[ast.AST]:
    yield from ast.walk(tree)


_ACCEPTED = (
    ast.BinOp,
    ast.UnaryOp,
    ast.USub,
    ast.Compare,
    ast.BoolOp,
    ast.boolop,
    ast.Name,
    ast.Load,
    ast.List,
    *_ARITHMETIC,
    *_COMPARISONS,
)


def _check(text: str, node: ast.AST) -> None:
    if isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)
        if name not in FUNCTIONS:
            raise UnsupportedExpression(
                f"the embedded account does not evaluate the metric math function {name} "
                f"(in {text!r}); it knows {', '.join(FUNCTIONS)}"
            )
        _check_arguments(text, name, node.args)
    elif isinstance(node, ast.Constant):
        if not isinstance(node.value, int | float) or isinstance(node.value, bool):
            raise UnsupportedExpression(f"{node.value!r} in {text!r} is not a number")
    elif not isinstance(node, _ACCEPTED):
        raise UnsupportedExpression(
            f"the embedded account does not evaluate {type(node).__name__} in {text!r}"
        )


def _check_arguments(text: str, name: str, arguments: list[ast.expr]) -> None:
    allowed = {"IF": (2, 3), "FILL": (2, 2), "METRICS": (0, 0)}.get(name, (1, 1))
    if not allowed[0] <= len(arguments) <= allowed[1]:
        raise UnsupportedExpression(f"{name} in {text!r} takes {allowed[0]} to {allowed[1]} values")
    if name in _OF_LIST and not _is_list(arguments[0]):
        raise UnsupportedExpression(
            f"{name} in {text!r}: the embedded account evaluates {name} over a list of metrics "
            "([m1, m2] or METRICS()), not over the time of one"
        )


def _is_list(node: ast.expr) -> bool:
    return isinstance(node, ast.List) or (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "METRICS"
    )


@dataclass(frozen=True, slots=True)
class _Evaluation:
    series: Values
    metrics: Sequence[str]
    length: int

    def of(self, node: ast.expr) -> Series:
        match node:
            case ast.Constant(value=value):
                number: float | None = float(value)  # pyright: ignore[reportArgumentType]
                return [number] * self.length
            case ast.Name(id=name):
                return self.series[name]
            case ast.UnaryOp(operand=operand):
                return _each(operator.neg, self.of(operand))
            case ast.BinOp(left=left, op=op, right=right):
                return _pair(_ARITHMETIC[type(op)], self.of(left), self.of(right))
            case ast.Compare():
                return self._comparison(node)
            case ast.BoolOp(op=op, values=values):
                combine = all if isinstance(op, ast.And) else any
                columns = zip(*(self.of(value) for value in values), strict=True)
                return [None if None in row else float(combine(row)) for row in columns]
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return self._call(name, arguments)
            case _:
                raise AssertionError(f"{ast.dump(node)} passed the check")

    def _comparison(self, node: ast.Compare) -> Series:
        result = self.of(node.left)
        for op, right in zip(node.ops, node.comparators, strict=True):
            compare = _COMPARISONS[type(op)]
            result = _pair(lambda a, b, c=compare: float(c(a, b)), result, self.of(right))
        return result

    def _call(self, name: str, arguments: list[ast.expr]) -> Series:
        if name in _OF_ONE:
            return _each(_OF_ONE[name], self.of(arguments[0]))
        if name in _OF_LIST:
            rows = zip(*self._listed(arguments[0]), strict=True)
            present = [[value for value in row if value is not None] for row in rows]
            return [float(_OF_LIST[name](row)) if row else None for row in present]
        if name == "IF":
            return self._choose(*arguments)
        if name == "FILL":
            return self._fill(*arguments)
        raise UnsupportedExpression("METRICS() stands only inside SUM, AVG, MIN or MAX")

    def _listed(self, node: ast.expr) -> list[Series]:
        if isinstance(node, ast.List):
            return [self.of(element) for element in node.elts]
        return [self.series[name] for name in self.metrics]

    def _choose(
        self, condition: ast.expr, then: ast.expr, otherwise: ast.expr | None = None
    ) -> Series:
        yes = self.of(then)
        no: Series = [None] * self.length if otherwise is None else self.of(otherwise)
        return [
            None if chosen is None else (a if chosen else b)
            for chosen, a, b in zip(self.of(condition), yes, no, strict=True)
        ]

    def _fill(self, values: ast.expr, filling: ast.expr) -> Series:
        filled: Series = []
        repeat = isinstance(filling, ast.Name) and filling.id == "REPEAT"
        fills: Series = [None] * self.length if repeat else self.of(filling)
        for value, fill in zip(self.of(values), fills, strict=True):
            last = filled[-1] if filled else None
            filled.append(value if value is not None else (last if repeat else fill))
        return filled


def _each(function: Callable[[float], float], values: Series) -> Series:
    return [None if value is None else float(function(value)) for value in values]


def _pair(function: Callable[[float, float], float], left: Series, right: Series) -> Series:
    """Combine two series; a period missing on either side, or divided by zero, is missing."""
    combined: Series = []
    for a, b in zip(left, right, strict=True):
        if a is None or b is None or (function is operator.truediv and b == 0):
            combined.append(None)
        else:
            combined.append(function(a, b))
    return combined
