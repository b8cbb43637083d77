"""A person stops a promotion that is under way: what served before it serves on.

SageMaker has no call that cancels an update of an endpoint, but it rolls one back when an alarm
of its AutoRollbackConfiguration trips during the deployment; setting one to ALARM is that. "Metric
alarms return to their actual state quickly, often within seconds", so it is set again until
SageMaker has seen it.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_AutoRollbackConfig.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_SetAlarmState.html
"""

from dataclasses import dataclass
from typing import Any

from contracts import naming
from contracts.run import Champion
from perennial import endpoint, promotions
from perennial.account import Account
from perennial.deployed import Deployed
from perennial.endpoint import Endpoint
from perennial.promotions import Pause, Promotion, Say

STOPPED = "StoppedByAPerson"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    account: Account
    deployed: Deployed
    reason: str
    pause: Pause
    say: Say

    def stop(self, promotion: Promotion, champion: Champion | None) -> Promotion:
        """Return the promotion once it has ended and the endpoint has come to rest.

        It may have ended well, when its shift was over before it could be stopped.
        """
        self.say(f"stopping the promotion of version {promotion.version}: {promotion.name}")
        told, alarm = "", None
        while True:
            found = endpoint.find(self.account.client("sagemaker"), self.deployed.endpoint)
            now = promotions.describe(self.account.client("stepfunctions"), promotion.arn)
            if not now.running and not found.changing:
                return now
            if found.line() != told:
                told = found.line()
                self.say(f"endpoint {self.deployed.endpoint}: {told}")
            alarm = alarm if found.pending is None else self._alarm_of(found.pending.config)
            if alarm is not None:
                self._trip(alarm)  # also after it went back: promotion asks the alarm why
            elif now.running and (_is_tried(found) or _is_untouched(found, now, champion)):
                self.account.client("stepfunctions").stop_execution(
                    executionArn=promotion.arn, error=STOPPED, cause=self.reason
                )
            self.pause()

    def _alarm_of(self, deployment: str) -> str | None:
        """Return an alarm that rolls the update back; a trial begins and ends without one."""
        found = self.account.client("cloudwatch").describe_alarms(AlarmNamePrefix=f"{deployment}-")
        names: list[str] = [alarm["AlarmName"] for alarm in found["MetricAlarms"]]
        return names[0] if names else None

    def _trip(self, alarm: str) -> None:
        """The promotion deletes its alarms when it ends, which is as good."""
        cloudwatch = self.account.client("cloudwatch")
        for found in cloudwatch.describe_alarms(AlarmNames=[alarm])["MetricAlarms"]:
            if found["StateValue"] != "ALARM":
                _set(cloudwatch, alarm, f"stopped by a person: {self.reason}"[:1023])


def _is_tried(found: Endpoint) -> bool:
    """Whether a candidate is tried beside the champion: a rollback to the champion ends that."""
    return not found.changing and found.config is not None and naming.is_trial(found.config)


def _is_untouched(found: Endpoint, promotion: Promotion, champion: Champion | None) -> bool:
    """Whether the promotion has yet to change the endpoint.

    One that was rolled back just now serves the champion as well, and its promotion must be let
    write that down.
    """
    if found.changing or (found.changed_at is not None and found.changed_at > promotion.started):
        return False
    return found.config == (None if champion is None else champion.deployment)


def _set(cloudwatch: Any, name: str, reason: str) -> None:
    try:
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason=reason)
    except cloudwatch.exceptions.ResourceNotFound:
        return
