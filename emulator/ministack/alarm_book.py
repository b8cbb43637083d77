"""MiniStack's alarm and metric stores, as our evaluator's book."""

import asyncio
import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from emulator.cloudwatch import idle
from emulator.cloudwatch.evaluator import AlarmRecord, Finding
from emulator.cloudwatch.metrics import MetricLog
from emulator.cloudwatch.notices import Moment, Transition
from emulator.cloudwatch.queries import Metric
from emulator.cloudwatch.statistics import Datum
from emulator.ministack.queue_levels import QueueLevels
from emulator.ministack.suppressions import Suppressions
from emulator.ports import Account

SEAMS = (
    "ministack.core.responses:set_request_account_id",
    "ministack.core.responses:set_request_region",
    "ministack.services.cloudwatch:_alarms",
    "ministack.services.cloudwatch:_dims_key",
    "ministack.services.cloudwatch:_evaluate_parent_alarms",
    "ministack.services.cloudwatch:_history_entries",
    "ministack.services.cloudwatch:_metrics",
    "ministack.services.cloudwatch:_record_history",
)

ACTIONS = {
    "ALARM": "AlarmActions",
    "OK": "OKActions",
    "INSUFFICIENT_DATA": "InsufficientDataActions",
}
_log = logging.getLogger(__name__)


class MiniStackAlarms:
    """MiniStack's stores, as the evaluator's book."""

    def __init__(self, account: Account, cloudwatch: Any) -> None:
        self._account = account
        self._cloudwatch = cloudwatch
        self._logs: dict[Metric, MetricLog] = {}
        self._moments: dict[str, Moment] = {}
        self._queues = QueueLevels()
        self.suppressions = Suppressions(cloudwatch, account.clock.now, self._resume)
        self.policy_alarmed: Callable[[str, str], None] | None = None
        """Takes the ARN of a scaling policy and the name of the alarm that rings."""
        self.zero_since: Callable[[Metric], float | None] = lambda _metric: None
        """Answers from when on a metric without data is zero."""
        self._announcer: Executor = ThreadPoolExecutor(1, thread_name_prefix="alarm-actions")

    def alarms(self) -> Iterable[AlarmRecord]:
        self._enter()
        return list(self._cloudwatch._alarms.values())

    def data(self, metric: Metric, since: float) -> Sequence[Datum]:
        gauge = self._queues.gauge(metric)
        if gauge is not None:
            return gauge.samples(since, self._account.clock.now().timestamp())
        recorded = self._recorded(metric, since)
        begin = self.zero_since(metric)
        if begin is None:
            return recorded
        now = self._account.clock.now().timestamp()
        return idle.with_zeros(recorded, begin=begin, since=since, until=now)

    def moments(self, metric: Metric, since: float) -> Sequence[float]:
        self._enter()
        gauge = self._queues.gauge(metric)
        if gauge is not None:
            self._queues.read(metric, self._account.clock.now().timestamp())
            return gauge.moments(since)
        moments = [datum.timestamp for datum in self._recorded(metric, since)]
        begin = self.zero_since(metric)
        if begin is None:
            return moments
        return sorted([*moments, *idle.edges(moments, begin=begin, since=since)])

    def _recorded(self, metric: Metric, since: float) -> Sequence[Datum]:
        self._enter()
        dimensions = self._cloudwatch._dims_key(dict(metric.dimensions))
        raw = self._cloudwatch._metrics.get((metric.namespace, metric.name, dimensions)) or ()
        log = self._logs.setdefault(metric, MetricLog(_datum))
        log.follow(raw)
        return log.since(since)

    def change(self, alarm: AlarmRecord, finding: Finding) -> None:
        """Store the finding as MiniStack stores a state that was set."""
        self._enter()
        old, new = alarm["StateValue"], finding.state.value
        alarm.update(
            StateValue=new,
            StateReason=finding.reason,
            StateReasonData=finding.reason_data,
            StateUpdatedTimestamp=finding.at.timestamp(),
            StateTransitionedTimestamp=finding.at.timestamp(),
        )
        self._cloudwatch._record_history(
            alarm["AlarmName"],
            old,
            new,
            finding.reason,
            reason_data=json.loads(finding.reason_data),
        )
        self.announce(alarm, old, new, finding.reason)
        self._cloudwatch._evaluate_parent_alarms(alarm)

    def announce(self, alarm: AlarmRecord, old: str, new: str, reason: str) -> None:
        """Send the event, run the actions: in order, and never on the event loop."""
        acts = self.suppressions.transitioned(alarm)
        transition = self._transition(alarm, old, new, reason)
        self._off_loop(self._perform, transition, acts)
        self.suppressions.suppressor_changed(alarm)

    def _resume(self, alarm: AlarmRecord) -> None:
        """Take the actions of a composite alarm that waited until now."""
        state = alarm["StateValue"]
        transition = self._transition(alarm, state, state, alarm.get("StateReason") or "")
        self._off_loop(self._act_all, transition)

    def _off_loop(self, work: Callable[..., None], *given: Any) -> None:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            work(*given)
        else:
            self._announcer.submit(work, *given)

    def _transition(self, alarm: AlarmRecord, old: str, new: str, reason: str) -> Transition:
        configured = float(alarm["AlarmConfigurationUpdatedTimestamp"])
        configured_at = datetime.fromtimestamp(configured, UTC)
        before = self._moments.get(alarm["AlarmArn"]) or Moment(
            value=old,
            reason="Unchecked: Initial alarm creation",
            reason_data=None,
            at=configured_at,
        )
        after = Moment(
            value=new,
            reason=reason,
            reason_data=alarm.get("StateReasonData") or None,
            at=self._account.clock.now(),
            suppressed_by=alarm.get("ActionsSuppressedBy"),
        )
        self._moments[alarm["AlarmArn"]] = after
        return Transition(
            alarm=dict(alarm),
            account_id=self._account.account_id,
            region=self._account.region,
            configured=configured_at,
            before=before,
            after=after,
        )

    def _perform(self, transition: Transition, acts: bool) -> None:
        """Send the event always, and the actions where nothing suppresses them."""
        self._enter()
        self._account.put_event(
            source="aws.cloudwatch",
            detail_type="CloudWatch Alarm State Change",
            detail=transition.event_detail(),
            resources=[transition.alarm["AlarmArn"]],
        )
        if acts:
            self._act_all(transition)

    def _act_all(self, transition: Transition) -> None:
        self._enter()
        alarm = transition.alarm
        if not alarm.get("ActionsEnabled", True):
            return
        for arn in alarm.get(ACTIONS[transition.after.value]) or ():
            self._act(arn, transition)

    def _act(self, arn: str, transition: Transition) -> None:
        """Perform one action; a failed one is recorded and does not stop the others."""
        try:
            service = arn.split(":")[2]
            if service == "autoscaling":
                self._tell_policy(arn, transition)
            elif service == "sns":
                self._account.client("sns").publish(
                    TopicArn=arn, Subject=transition.subject(), Message=transition.message()
                )
            else:
                self._account.client("lambda").invoke(
                    FunctionName=arn,
                    InvocationType="Event",
                    Payload=json.dumps(transition.lambda_payload()),
                )
        except Exception as error:
            _log.exception("alarm %s: action %s failed", transition.alarm["AlarmName"], arn)
            self._record_action(transition, f"Failed to execute action {arn}: {error}")
        else:
            self._record_action(transition, f"Successfully executed action {arn}")

    def _tell_policy(self, arn: str, transition: Transition) -> None:
        if self.policy_alarmed is None:
            raise RuntimeError("Application Auto Scaling is not installed")
        self.policy_alarmed(arn, transition.alarm["AlarmName"])

    def _record_action(self, transition: Transition, summary: str) -> None:
        self._cloudwatch._history_entries().append(
            {
                "AlarmName": transition.alarm["AlarmName"],
                "AlarmType": "CompositeAlarm"
                if transition.alarm.get("AlarmRule")
                else "MetricAlarm",
                "Timestamp": f"{self._account.clock.now():%Y-%m-%dT%H:%M:%SZ}",
                "HistoryItemType": "Action",
                "HistorySummary": summary,
                "HistoryData": json.dumps({"notificationResource": summary.rsplit(" ", 1)[-1]}),
            }
        )

    def _enter(self) -> None:
        """Speak to MiniStack's stores as this account, whatever thread this is."""
        from ministack.core import responses

        responses.set_request_account_id(self._account.account_id)
        responses.set_request_region(self._account.region)


def _datum(point: Mapping[str, Any]) -> Datum:
    """Read a datum as MiniStack keeps it: a value with its count, or a statistic set."""
    stats = point.get("_stat")
    unit = point.get("Unit") or "None"
    if stats is not None:
        return Datum(
            timestamp=float(point["Timestamp"]),
            sample_count=float(stats["SampleCount"]),
            total=float(stats["Sum"]),
            minimum=float(stats["Minimum"]),
            maximum=float(stats["Maximum"]),
            unit=unit,
        )
    count, value = float(point.get("Count", 1.0)), float(point["Value"])
    return Datum(
        timestamp=float(point["Timestamp"]),
        sample_count=count,
        total=value * count,
        minimum=value,
        maximum=value,
        unit=unit,
    )
