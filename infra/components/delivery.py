"""How a rule's events reach a handler: tried for six hours, then kept among the dead letters."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sqs as sqs

from infra.components.handler_function import HandlerFunction
from infra.jsii_types import implementing


def delivered(handler: HandlerFunction, dead_letters: sqs.Queue) -> events.IRuleTarget:
    return implementing(
        targets.LambdaFunction(
            implementing(handler.function),
            dead_letter_queue=implementing(dead_letters),
            retry_attempts=8,
            max_event_age=Duration.hours(6),
        )
    )
