"""Where an alarm's datapoints come from: one metric, or several and metric math."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from emulator.cloudwatch.alarm import Record, Rule
from emulator.cloudwatch.evaluation import Datapoint
from emulator.cloudwatch.expression import Expression, Series, parse
from emulator.cloudwatch.statistics import Datum, value_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A metric: another value of a dimension, or a dimension more, is another metric."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]]


Data = Callable[[Metric, float], Sequence[Datum]]
"""Answers with the data of a metric at or after a moment (seconds since the epoch)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricQuery:
    """One statistic of one metric."""

    id: str
    metric: Metric
    statistic: str
    unit: str | None

    def periods(self, data: Data, starts: Sequence[float], period: int) -> list[list[Datum]]:
        """Sort the metric's data into the periods that begin at ``starts``."""
        found: list[list[Datum]] = [[] for _ in starts]
        for datum in data(self.metric, starts[0]):
            index = int((datum.timestamp - starts[0]) // period)
            if 0 <= index < len(found) and self.unit in (None, datum.unit):
                found[index].append(datum)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Queries:
    """What one alarm looks at."""

    metrics: tuple[MetricQuery, ...]
    expressions: Mapping[str, Expression]
    answer: str
    """The id of the query whose result the alarm watches."""

    def datapoints(self, rule: Rule, data: Data, end: float) -> list[Datapoint]:
        """Return a datapoint for each period of the range that ends at ``end``, oldest first."""
        starts = [end - rule.period * (age + 1) for age in reversed(range(rule.range))]
        series: dict[str, Series] = {}
        counts = [0.0] * len(starts)
        for query in self.metrics:
            periods = query.periods(data, starts, rule.period)
            series[query.id] = [value_of(query.statistic, found) for found in periods]
            if query.id == self.answer:
                counts = [sum(datum.sample_count for datum in found) for found in periods]
        ids = [query.id for query in self.metrics]
        values = series.get(self.answer) or self._solve(self.answer, series, ids)
        return [
            Datapoint(start=datetime.fromtimestamp(start, UTC), value=value, sample_count=count)
            for start, value, count in zip(starts, values, counts, strict=True)
        ]

    def _solve(self, name: str, series: dict[str, Series], metrics: Sequence[str]) -> Series:
        expression = self.expressions[name]
        for needed in expression.ids():
            if needed not in series:
                series[needed] = self._solve(needed, series, metrics)
        return expression.values(series, metrics)


def queries_of(alarm: Record) -> Queries:
    """Read the queries of an alarm as ``DescribeAlarms`` returns it."""
    described = alarm.get("Metrics") or ()
    if not described:
        metric = _metric(alarm["Namespace"], alarm["MetricName"], alarm.get("Dimensions") or ())
        query = MetricQuery(
            id="m1",
            metric=metric,
            statistic=alarm.get("ExtendedStatistic") or alarm.get("Statistic") or "",
            unit=alarm.get("Unit"),
        )
        return Queries(metrics=(query,), expressions={}, answer="m1")
    return Queries(
        metrics=tuple(_query(each) for each in described if each.get("MetricStat")),
        expressions={
            each["Id"]: parse(each["Expression"]) for each in described if each.get("Expression")
        },
        answer=_answer(described),
    )


def _answer(described: Sequence[Record]) -> str:
    returned = [each["Id"] for each in described if each.get("ReturnData", True)]
    return returned[0]


def _query(described: Record) -> MetricQuery:
    stat = described["MetricStat"]
    metric = stat["Metric"]
    return MetricQuery(
        id=described["Id"],
        metric=_metric(metric["Namespace"], metric["MetricName"], metric.get("Dimensions") or ()),
        statistic=stat["Stat"],
        unit=stat.get("Unit"),
    )


def _metric(namespace: str, name: str, dimensions: Sequence[Record]) -> Metric:
    pairs = frozenset((each["Name"], each["Value"]) for each in dimensions)
    return Metric(namespace=namespace, name=name, dimensions=pairs)
