"""Write ``docs/grafana/*.json``: ``python -m tools.grafana``."""

import json
from pathlib import Path

from contracts import metrics, naming
from tools.grafana.panels import Json, Panel, Series, Variable, dashboard

FOLDER = Path(__file__).parents[2] / "docs" / "grafana"
_FIVE_MINUTES, _HOUR, _DAY = 300, 3600, 86_400
_OF_VARIABLES = f"$region, {metrics.NAMESPACE}, {metrics.MISMATCHES}"
"""A metric that every model has, whatever its mode."""
_ENVIRONMENTS = (
    Variable(name="region", query="regions()"),
    Variable(name="environment", query=f"dimension_values({_OF_VARIABLES}, {metrics.ENVIRONMENT})"),
)


def _ours(metric: str, statistic: str, model: str, **more: str) -> Series:
    of = {metrics.MODEL: model, metrics.ENVIRONMENT: "$environment", **more}
    return Series(
        namespace=metrics.NAMESPACE,
        metric=metric,
        dimensions=of,
        statistic=statistic,
        period=_DAY,
    )


def _endpoint(metric: str, statistic: str, *, namespace: str = "AWS/SageMaker") -> Series:
    name = naming.endpoint("$model", "$environment")
    return Series(
        namespace=namespace,
        metric=metric,
        dimensions={"EndpointName": name, "VariantName": naming.VARIANT},
        statistic=statistic,
        period=_FIVE_MINUTES,
    )


def _instances(metric: str) -> Panel:
    of = "/aws/sagemaker/Endpoints"
    both = tuple(_endpoint(metric, each, namespace=of) for each in ("Maximum", "Minimum"))
    return Panel(title=metric, series=both, unit="percent")


def _drifted_share(model: str) -> Panel:
    series = (_ours(metrics.DRIFTED_SHARE, "Maximum", model),)
    return Panel(title="Share of drifted features", series=series, unit="percentunit")


def _capture_gap(model: str) -> Panel:
    return Panel(
        title="Answered requests that were captured nowhere",
        series=(_ours(metrics.CAPTURE_GAP, "Maximum", model),),
        unit="percentunit",
    )


def _mismatches(model: str) -> Panel:
    series = (_ours(metrics.MISMATCHES, "Maximum", model),)
    return Panel(title="Pointer, registry and endpoint differ", series=series)


def _model() -> Json:
    one = "$model"
    rows = (
        (
            Panel(title="Requests", series=(_endpoint("Invocations", "Sum"),)),
            Panel(
                title="Errors",
                series=(
                    _endpoint("Invocation5XXErrors", "Sum"),
                    _endpoint("Invocation4XXErrors", "Sum"),
                ),
            ),
            Panel(
                title="Time in the container",
                series=(_endpoint("ModelLatency", "p50"), _endpoint("ModelLatency", "p99")),
                unit="µs",
            ),
        ),
        tuple(_instances(f"{each}Utilization") for each in ("CPU", "Memory", "Disk")),
        (
            _drifted_share(one),
            Panel(
                title="PSI of each feature",
                series=(_ours(metrics.FEATURE_PSI, "Maximum", one, **{metrics.FEATURE: "*"}),),
            ),
            Panel(
                title="Rows judged, records refused",
                series=(
                    _ours(metrics.DRIFT_ROWS, "Sum", one),
                    _ours(metrics.CAPTURES_REFUSED, "Sum", one),
                ),
            ),
        ),
        (
            _capture_gap(one),
            _mismatches(one),
        ),
    )
    models = Variable(name="model", query=f"dimension_values({_OF_VARIABLES}, {metrics.MODEL})")
    return dashboard("perennial-model", "Perennial: a model", rows, [*_ENVIRONMENTS, models])


def _platform() -> Json:
    each = "*"
    rows = (
        (
            _drifted_share(each),
            Panel(
                title="Verdicts of drift checks",
                series=(_ours(metrics.DRIFT_VERDICTS, "Sum", each),),
            ),
        ),
        (
            _capture_gap(each),
            _mismatches(each),
            Panel(
                title="Requests of each endpoint",
                series=(
                    Series(
                        namespace="AWS/SageMaker",
                        metric="Invocations",
                        dimensions={"EndpointName": "*", "VariantName": naming.VARIANT},
                        statistic="Sum",
                        period=_HOUR,
                    ),
                ),
            ),
        ),
    )
    return dashboard("perennial-platform", "Perennial: all models", rows, _ENVIRONMENTS)


def render() -> dict[str, str]:
    """Return each file's text by its name."""
    made = {"model.json": _model(), "platform.json": _platform()}
    return {
        name: json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        for name, document in made.items()
    }


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, text in render().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
