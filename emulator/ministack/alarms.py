"""MiniStack's CloudWatch alarms, evaluated by our own evaluator.

MiniStack keeps alarms, metrics and history; it evaluates without dimensions, M of N and missing
data, and only when a metric is put. That part is switched off here.
"""

from collections.abc import Callable, Mapping
from typing import Any

from emulator.cloudwatch.evaluator import AlarmEvaluator, AlarmRecord
from emulator.cloudwatch.refusals import refusal
from emulator.ministack import composite_alarms
from emulator.ministack.alarm_book import ACTIONS, MiniStackAlarms
from emulator.ports import Account

SEAMS = (
    "ministack.services.cloudwatch:_alarms",
    "ministack.services.cloudwatch:_dispatch_alarm_actions",
    "ministack.services.cloudwatch:_error",
    "ministack.services.cloudwatch:_evaluate_alarm",
    "ministack.services.cloudwatch:_evaluate_all_alarms",
    "ministack.services.cloudwatch:_put_metric_alarm",
    "ministack.services.cloudwatch:_set_alarm_state",
    "ministack.services.cloudwatch:cloudformation_put_metric_alarm",
    "ministack.services.cloudformation.provisioners:_cw_metric_alarm_record",
)

_KEPT = (
    "AlarmArn",
    "StateValue",
    "StateReason",
    "StateReasonData",
    "StateUpdatedTimestamp",
    "StateTransitionedTimestamp",
    "AlarmConfigurationUpdatedTimestamp",
)


def install(account: Account) -> tuple[AlarmEvaluator, MiniStackAlarms]:
    """Replace MiniStack's evaluation; the clock asks the evaluator returned when it is due."""
    from ministack.services import cloudwatch
    from ministack.services.cloudformation import provisioners

    book = MiniStackAlarms(account, cloudwatch)
    evaluator = AlarmEvaluator(book, account.clock.now)
    cloudwatch._evaluate_alarm = lambda _alarm: None
    cloudwatch._evaluate_all_alarms = lambda: None
    cloudwatch._dispatch_alarm_actions = book.announce
    cloudwatch._put_metric_alarm = _put_metric_alarm(cloudwatch, evaluator)
    cloudwatch._set_alarm_state = _set_alarm_state(cloudwatch, evaluator)
    put = cloudwatch.cloudformation_put_metric_alarm
    cloudwatch.cloudformation_put_metric_alarm = _restarting(put, evaluator)
    record = provisioners._cw_metric_alarm_record
    provisioners._cw_metric_alarm_record = _template_alarm(record)
    composite_alarms.install(cloudwatch, provisioners, book.suppressions)
    return evaluator, book


Put = Callable[..., Any]


def _put_metric_alarm(cloudwatch: Any, evaluator: AlarmEvaluator) -> Put:
    """PutMetricAlarm that refuses what we cannot evaluate, and keeps all that it was asked."""
    original = cloudwatch._put_metric_alarm

    def put(
        params: Mapping[str, Any], body: dict[str, Any], is_cbor: bool, is_json: bool = False
    ) -> Any:
        known = is_cbor or is_json
        why = refusal(body) if known else "PutMetricAlarm is understood in JSON and CBOR only"
        if why is not None:
            return cloudwatch._error(
                "ValidationError", why, 400, use_json=is_json, use_cbor=is_cbor
            )
        answer = original(params, body, is_cbor, is_json)
        if answer[0] == 200:
            name = body["AlarmName"]
            stored = cloudwatch._alarms[name]
            cloudwatch._alarms[name] = completed(body, stored)
            evaluator.restart(stored["AlarmArn"])
        return answer

    return put


def completed(asked: Mapping[str, Any], stored: Mapping[str, Any]) -> AlarmRecord:
    """Return the alarm as DescribeAlarms shows it: what was asked, and no default beside it."""
    record = {name: stored[name] for name in _KEPT if stored.get(name) is not None}
    record["AlarmConfigurationUpdatedTimestamp"] = stored["AlarmConfigurationUpdatedTimestamp"]
    record.setdefault("StateTransitionedTimestamp", stored["StateUpdatedTimestamp"])
    defaults = {"ActionsEnabled": True, "Dimensions": [], **{f: [] for f in ACTIONS.values()}}
    if asked.get("Metrics"):
        del defaults["Dimensions"]
    given = {k: v for k, v in asked.items() if v is not None and k != "Tags"}
    return {**defaults, **given, **record}


def _set_alarm_state(cloudwatch: Any, evaluator: AlarmEvaluator) -> Put:
    original = cloudwatch._set_alarm_state

    def set_state(
        params: Mapping[str, Any], body: dict[str, Any], is_cbor: bool, is_json: bool = False
    ) -> Any:
        alarm = cloudwatch._alarms.get(body.get("AlarmName", ""))
        if alarm is not None:
            alarm.pop("StateReasonData", None)
        answer = original(params, body, is_cbor, is_json)
        if alarm is not None:
            evaluator.restart(alarm["AlarmArn"])
        return answer

    return set_state


def _restarting(put: Put, evaluator: AlarmEvaluator) -> Put:
    def restarting(alarm: AlarmRecord) -> None:
        put(alarm)
        evaluator.restart(alarm["AlarmArn"])

    return restarting


def _template_alarm(record: Put) -> Put:
    """Read an ``AWS::CloudWatch::Alarm`` as PutMetricAlarm would; MiniStack refuses Metrics."""

    def of(name: str, properties: Mapping[str, Any]) -> AlarmRecord:
        asked = {**properties, "AlarmName": name}
        for field in ("Period", "EvaluationPeriods", "DatapointsToAlarm"):
            if asked.get(field) is not None:
                asked[field] = int(asked[field])
        if asked.get("Threshold") is not None:
            asked["Threshold"] = float(asked["Threshold"])
        if asked.get("Metrics"):
            asked["Metrics"] = [_template_query(query) for query in asked["Metrics"]]
        why = refusal(asked)
        if why is not None:
            raise ValueError(why)
        stand_in = {"MetricName": "-", "Namespace": "-", **asked, "Metrics": None}
        return completed(asked, record(name, stand_in))

    return of


def _template_query(query: Any) -> dict[str, Any]:
    described = dict(query)
    if "ReturnData" in described:
        described["ReturnData"] = str(described["ReturnData"]).lower() == "true"
    if described.get("MetricStat"):
        stat = described["MetricStat"]
        described["MetricStat"] = {**stat, "Period": int(stat["Period"])}
    return described
