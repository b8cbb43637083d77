"""The text that /metrics answers with: the figures of all workers, in Prometheus' format.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from ml.serving import figures
from ml.serving.board import Board

if TYPE_CHECKING:
    from prometheus_client.core import Metric


def exposed(board: Board, bounds: Sequence[float], model: Mapping[str, str]) -> tuple[bytes, str]:
    """Return the text and its content type; ``model`` labels the model that answers."""
    # Imported when somebody asks: it would add a fifth to every server's start.
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.exposition import CONTENT_TYPE_LATEST
    from prometheus_client.registry import Collector

    class Workers(Collector):
        def collect(self) -> Iterable[Metric]:
            return _families(board, bounds, model)

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Workers())
    return generate_latest(registry), CONTENT_TYPE_LATEST


def _families(board: Board, bounds: Sequence[float], model: Mapping[str, str]) -> Iterable[Metric]:
    from prometheus_client.core import (
        CounterMetricFamily,
        GaugeMetricFamily,
        HistogramMetricFamily,
        InfoMetricFamily,
    )

    def total(cell: int) -> float:
        return board.sums(cell, 1)[0]

    yield InfoMetricFamily("perennial_model", "The model that answers.", value=dict(model))
    requests = CounterMetricFamily(
        "perennial_requests", "Answers to /invocations by HTTP status.", labels=["status"]
    )
    counts = board.sums(figures.STATUSES, len(figures.STATUS_CODES))
    for status, count in zip(figures.STATUS_CODES, counts, strict=True):
        if count:
            requests.add_metric([str(status)], count)
    yield requests
    yield HistogramMetricFamily(
        "perennial_request_seconds",
        "From a request's head to its answer.",
        buckets=_cumulative(board, figures.LATENCIES, figures.LATENCY_BOUNDS),
        sum_value=total(figures.SECONDS),
    )
    yield HistogramMetricFamily(
        "perennial_predictions",
        "Scores that were answered.",
        buckets=_cumulative(board, figures.PREDICTIONS, bounds),
        sum_value=total(figures.SCORES),
    )
    yield CounterMetricFamily("perennial_rows", "Rows scored.", total(figures.ROWS))
    yield CounterMetricFamily("perennial_model_runs", "Calls of the model.", total(figures.RUNS))
    yield CounterMetricFamily(
        "perennial_worker_restarts", "Workers replaced.", total(figures.REPLACED)
    )
    yield CounterMetricFamily(
        "perennial_captured", "Answers that the server captured.", total(figures.CAPTURED)
    )
    yield CounterMetricFamily(
        "perennial_capture_dropped",
        "Answers that should have been captured and never will be.",
        total(figures.CAPTURE_DROPPED),
    )
    yield CounterMetricFamily(
        "perennial_capture_failures",
        "Uploads of captures that failed.",
        total(figures.CAPTURE_FAILURES),
    )
    yield GaugeMetricFamily("perennial_workers", "Workers that answer.", total(figures.READY))
    yield GaugeMetricFamily(
        "perennial_in_flight", "Requests being answered.", total(figures.IN_FLIGHT)
    )


def _cumulative(board: Board, start: int, bounds: Sequence[float]) -> list[tuple[str, float]]:
    counts = board.sums(start, len(bounds) + 1)
    names = [*(str(bound) for bound in bounds), "+Inf"]
    return [(name, sum(counts[: place + 1])) for place, name in enumerate(names)]
