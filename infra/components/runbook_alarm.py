"""An alarm that says what happened, where its runbook is, and what missing data means."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.bundles import ROOT
from infra.jsii_types import implementing


class RunbookAlarm(cloudwatch.Alarm):
    """Its description names ``docs/runbooks/<runbook>.md``, which must exist.

    On when ``datapoints`` of the last ``periods`` periods of the metric reach the threshold. Tells
    ``topic`` that it is on, and that it is over; without one, an alarm above it tells.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        metric: cloudwatch.IMetric,
        threshold: float,
        what: str,
        runbook: str,
        topic: sns.Topic | None,
        missing_data: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING,
        datapoints: int = 1,
        periods: int = 1,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            metric=metric,
            threshold=threshold,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            evaluation_periods=periods,
            datapoints_to_alarm=datapoints,
            treat_missing_data=missing_data,
            alarm_description=described(what, runbook=runbook),
        )
        if topic is not None:
            tell(topic, self)


def described(what: str, *, runbook: str) -> str:
    page = f"docs/runbooks/{runbook}.md"
    if not (ROOT / page).is_file():
        raise ValueError(f"an alarm's runbook must be a page, got none at {page}")
    return f"{what} Runbook: {page}"


def tell(topic: sns.Topic, alarm: cloudwatch.AlarmBase) -> None:
    """Have people hear that it is on and, so that nobody goes on looking, that it is over."""
    action = implementing(actions.SnsAction(implementing(topic)))
    alarm.add_alarm_action(action)
    alarm.add_ok_action(action)


def alarms_below(scope: Construct) -> list[RunbookAlarm]:
    """Return every metric alarm of a stack, in the order in which they were made."""
    return [each for each in scope.node.find_all() if isinstance(each, RunbookAlarm)]


def alarm_on_dead_letters(scope: Construct, *, queue: sqs.Queue, topic: sns.Topic) -> RunbookAlarm:
    return RunbookAlarm(
        scope,
        "DeadLettersAlarm",
        metric=queue.metric_approximate_number_of_messages_visible(
            statistic=cloudwatch.Stats.MAXIMUM, period=Duration.minutes(5)
        ),
        threshold=1,
        what="An event failed three times and waits among the dead letters.",
        runbook="dead-letters",
        topic=topic,
    )
