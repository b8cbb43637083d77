"""The alarms on a candidate's own configuration: what each watches, and from where it is on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from contracts import metrics, naming
from contracts.card import ModelCard

_RUNBOOK = "docs/runbooks/candidate-rolled-back.md"
_LEAST_MEDIAN_MS = 20.0
"""A model that answers in a millisecond or two may take a few more on a busy machine: five times as
long was measured of the champion's own copies (benchmarks/README.md)."""


class Symptom(StrEnum):
    ERRORS = "5xx"
    SLOW_TAIL = "latency-p99"
    SLOW_MEDIAN = "latency-p50"
    WRONG_ANSWERS = "wrong-answers"
    PREDICTION_SHIFT = "prediction-shift"


_OF_WHAT_SERVED = (Symptom.ERRORS,)
"""A version that a person puts back was judged when it was promoted, and callers' requests may have
changed since its hold-out; were it sent away for that, the version that must go would stay."""


def names(deployment: str, *, restoring: bool = False) -> list[str]:
    watched = _OF_WHAT_SERVED if restoring else Symptom
    return [naming.rollback_alarm(deployment, symptom) for symptom in watched]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """One deployment, by what CloudWatch knows it."""

    deployment: str
    endpoint: str
    environment: str
    variant: str = naming.VARIANT

    def invocations(self) -> dict[str, str]:
        """Without the configuration's dimension old and new would be mixed.

        https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html
        """
        return {
            "EndpointName": self.endpoint,
            "VariantName": self.variant,
            "EndpointConfigName": self.deployment,
        }

    def figures(self, model: str) -> dict[str, str]:
        return {
            metrics.MODEL: model,
            metrics.ENVIRONMENT: self.environment,
            metrics.DEPLOYMENT: self.deployment,
        }


def median_limit_ms(card: ModelCard, champion_median_ms: float | None) -> float:
    """What the candidate's median may be; without a champion's, only the tail's limit holds."""
    limits = card.rollout
    if champion_median_ms is None:
        return limits.max_latency_ms
    return max(_LEAST_MEDIAN_MS, limits.max_latency_ratio * champion_median_ms)


def alarms(
    watched: Watched, card: ModelCard, *, champion_median_ms: float | None
) -> Iterator[dict[str, Any]]:
    """Yield PutMetricAlarm's arguments for each symptom, ten being the most that an update takes.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_AutoRollbackConfig.html
    """
    limits, invocations = card.rollout, watched.invocations()
    figures = watched.figures(card.name)
    median = median_limit_ms(card, champion_median_ms)
    latency = {"MetricName": "ModelLatency", **_of_sagemaker(invocations)}
    yield _alarm(
        watched,
        Symptom.ERRORS,
        f"answered more than {limits.max_5xx} requests of a minute with 5xx",
        {"MetricName": "Invocation5XXErrors", "Statistic": "Sum", **_of_sagemaker(invocations)},
        limits.max_5xx,
    )
    yield _alarm(
        watched,
        Symptom.SLOW_TAIL,
        f"took longer than {limits.max_latency_ms:g} ms for one in a hundred requests",
        {"ExtendedStatistic": "p99", **latency},
        limits.max_latency_ms * 1000,  # ModelLatency is in microseconds
    )
    yield _alarm(
        watched,
        Symptom.SLOW_MEDIAN,
        f"took longer than {median:.3g} ms for half of its requests, the champion's median being "
        f"{'not known' if champion_median_ms is None else f'{champion_median_ms:.3g} ms'}",
        # Of fewer than 20 requests a minute, the first ones of a fresh process would decide.
        {"ExtendedStatistic": "p50", "EvaluateLowSampleCountPercentile": "ignore", **latency},
        round(median * 1000, 3),
    )
    yield _alarm(
        watched,
        Symptom.WRONG_ANSWERS,
        "answered known requests otherwise than its evaluation did",
        {"MetricName": metrics.WRONG_ANSWERS, "Statistic": "Sum", **_of_ours(figures)},
        0,
    )
    yield _alarm(
        watched,
        Symptom.PREDICTION_SHIFT,
        "gave callers answers that are distributed otherwise than those to its hold-out",
        {"MetricName": metrics.PREDICTION_SHIFT, "Statistic": "Maximum", **_of_ours(figures)},
        1,
    )


def _of_sagemaker(dimensions: Mapping[str, str]) -> dict[str, Any]:
    return {"Namespace": "AWS/SageMaker", "Dimensions": listed(dimensions)}


def _of_ours(dimensions: Mapping[str, str]) -> dict[str, Any]:
    return {"Namespace": metrics.NAMESPACE, "Dimensions": listed(dimensions)}


def listed(dimensions: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in dimensions.items()]


def _alarm(
    watched: Watched, symptom: Symptom, did: str, metric: Mapping[str, Any], limit: float
) -> dict[str, Any]:
    return {
        "AlarmName": naming.rollback_alarm(watched.deployment, symptom),
        "AlarmDescription": f"{watched.deployment} {did}: it is rolled back. See {_RUNBOOK}",
        **metric,
        "Period": 60,
        "EvaluationPeriods": 1,
        "DatapointsToAlarm": 1,
        "Threshold": limit,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
    }
