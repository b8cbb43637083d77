"""Who is told of a model's alarms: once for an incident, however many alarms it sets off."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra.components.model import Model
from infra.components.runbook_alarm import RunbookAlarm, described, tell
from infra.jsii_types import implementing

_WAIT = Duration.minutes(5)
"""One cause sets off several alarms within a period of theirs."""
_EXTENSION = Duration.minutes(15)
"""An alarm on two of three periods is on for two more periods after the cause has gone."""


class IncidentAlarms(Construct):
    """``incident`` for what somebody must look at now; ``warning`` for the rest, unless it is on.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-combining.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        model: Model,
        urgent: Sequence[RunbookAlarm],
        others: Sequence[RunbookAlarm],
    ) -> None:
        super().__init__(scope, construct_id)
        self.incident = cloudwatch.CompositeAlarm(
            self,
            "Incident",
            alarm_rule=_any_of(urgent),
            alarm_description=described(
                f"{model.name} in {model.settings.name} needs somebody now.", runbook="incident"
            ),
        )
        tell(model.topic, self.incident)
        self.warning = self._warning(model, others) if others else None

    def _warning(self, model: Model, others: Sequence[RunbookAlarm]) -> cloudwatch.CompositeAlarm:
        warning = cloudwatch.CompositeAlarm(
            self,
            "Warning",
            alarm_rule=_any_of(others),
            alarm_description=described(
                f"{model.name} in {model.settings.name} is worse than it should be.",
                runbook="warning",
            ),
            actions_suppressor=implementing(self.incident),
            actions_suppressor_wait_period=_WAIT,
            actions_suppressor_extension_period=_EXTENSION,
        )
        tell(model.topic, warning)
        return warning


def _any_of(alarms: Sequence[RunbookAlarm]) -> cloudwatch.IAlarmRule:
    rules = [
        cloudwatch.AlarmRule.from_alarm(implementing(alarm), cloudwatch.AlarmState.ALARM)
        for alarm in alarms
    ]
    return cloudwatch.AlarmRule.any_of(*rules)
