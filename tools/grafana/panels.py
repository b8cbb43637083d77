"""A Grafana dashboard over CloudWatch, as its JSON.

https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/
https://grafana.com/docs/grafana/latest/datasources/aws-cloudwatch/query-editor/
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_SOURCE = {"type": "cloudwatch", "uid": "${datasource}"}
_COLUMNS, _HEIGHT = 24, 8
Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One metric; a dimension that is ``*`` is each of its values."""

    namespace: str
    metric: str
    dimensions: Mapping[str, str]
    statistic: str
    period: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    title: str
    series: tuple[Series, ...]
    unit: str = "short"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A drop-down above the dashboard, filled with the values of a dimension.

    https://grafana.com/docs/grafana/latest/datasources/aws-cloudwatch/template-variables/
    """

    name: str
    query: str


def dashboard(
    uid: str, title: str, rows: Sequence[Sequence[Panel]], variables: Sequence[Variable]
) -> Json:
    placed = [
        _panel(panel, column=column, row=row, across=len(panels))
        for row, panels in enumerate(rows)
        for column, panel in enumerate(panels)
    ]
    return {
        "uid": uid,
        "title": title,
        "tags": ["perennial"],
        "schemaVersion": 39,
        "editable": True,
        "refresh": "1m",
        "time": {"from": "now-24h", "to": "now"},
        "timezone": "utc",
        "templating": {"list": [_SOURCES, *(_variable(each) for each in variables)]},
        "panels": [{"id": number, **panel} for number, panel in enumerate(placed, 1)],
    }


_SOURCES: Json = {
    "name": "datasource",
    "label": "CloudWatch",
    "type": "datasource",
    "query": "cloudwatch",
    "current": {},
}


def _variable(variable: Variable) -> Json:
    return {
        "name": variable.name,
        "label": variable.name,
        "type": "query",
        "datasource": _SOURCE,
        "query": variable.query,
        "refresh": 1,
        "sort": 1,
    }


def _panel(panel: Panel, *, column: int, row: int, across: int) -> Json:
    width = _COLUMNS // across
    return {
        "type": "timeseries",
        "title": panel.title,
        "datasource": _SOURCE,
        "gridPos": {"h": _HEIGHT, "w": width, "x": column * width, "y": row * _HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit}, "overrides": []},
        "targets": [_target(chr(ord("A") + n), each) for n, each in enumerate(panel.series)],
    }


def _target(name: str, series: Series) -> Json:
    return {
        "refId": name,
        "datasource": _SOURCE,
        "queryMode": "Metrics",
        "metricQueryType": 0,
        "metricEditorMode": 0,
        "region": "$region",
        "namespace": series.namespace,
        "metricName": series.metric,
        "dimensions": dict(series.dimensions),
        "matchExact": True,
        "statistic": series.statistic,
        "period": str(series.period),
        "id": "",
        "expression": "",
        "label": "",
    }
