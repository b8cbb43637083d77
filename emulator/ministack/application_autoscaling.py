"""Application Auto Scaling, which MiniStack has not, beside its services and its alarms."""

import importlib
import math
from typing import Any

from ministack.core import router

from emulator.account import EmbeddedAccount
from emulator.applicationautoscaling.scaler import Reading
from emulator.applicationautoscaling.scaling import Scaling
from emulator.applicationautoscaling.service import ApplicationAutoScaling
from emulator.cloudwatch.alarm import rule_of
from emulator.cloudwatch.queries import Metric, queries_of
from emulator.ministack.alarm_book import MiniStackAlarms

SEAMS = (
    "ministack.app:SERVICE_HANDLERS",
    "ministack.core.router:SERVICE_PATTERNS",
)

_NAME = "application-autoscaling"
_app: Any = importlib.import_module("ministack.app")


class _AlarmReadings:
    """What the alarms of policies say, as they are evaluated now."""

    def __init__(self, account: EmbeddedAccount, book: MiniStackAlarms) -> None:
        self._account = account
        self._book = book

    def read(self, name: str) -> Reading | None:
        for alarm in self._book.alarms():
            if alarm["AlarmName"] == name:
                return Reading(ringing=alarm["StateValue"] == "ALARM", values=self._values(alarm))
        return None

    def _values(self, alarm: dict[str, Any]) -> list[float]:
        rule = rule_of(alarm)
        now = self._account.clock.now().timestamp()
        end = math.floor(now / rule.period) * rule.period
        points = queries_of(alarm).datapoints(rule, self._book.data, end)
        there = [point.value for point in points if point.value is not None]
        return there[-rule.evaluation_periods :]


def install(account: EmbeddedAccount, book: MiniStackAlarms) -> Scaling:
    """Answer the service's calls; its policies hear of the alarms whose action they are."""
    scaling = Scaling(account, _AlarmReadings(account, book))
    book.policy_alarmed = scaling.alarmed
    book.zero_since = lambda metric: _zero_since(scaling, metric)
    _app.SERVICE_HANDLERS[_NAME] = ApplicationAutoScaling(scaling).handle
    router.SERVICE_PATTERNS[_NAME] = {
        "target_prefixes": ["AnyScaleFrontendService."],
        "host_patterns": [r"application-autoscaling\."],
        "credential_scope": _NAME,
    }
    account.clock.add_source(scaling.next_due, scaling.run_due)
    account.clock.add_activity(scaling.busy)
    return scaling


def _zero_since(scaling: Scaling, metric: Metric) -> float | None:
    """Return from when on a scaled variant without traffic counts as invoked zero times.

    "If a variant's traffic becomes zero, SageMaker automatically scales in to the minimum number
    of instances specified. In this case, SageMaker emits metrics with a value of zero."
    https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-edit.html
    """
    if (metric.namespace, metric.name) != ("AWS/SageMaker", "InvocationsPerInstance"):
        return None
    named = dict(metric.dimensions)
    if set(named) != {"EndpointName", "VariantName"}:
        return None
    since = scaling.since(named["EndpointName"], named["VariantName"])
    return None if since is None else since.timestamp()
