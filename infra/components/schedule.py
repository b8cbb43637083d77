"""A handler that Scheduler calls, with the time it was meant for rather than the time it is."""

import json
from collections.abc import Mapping

from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.components.handler_function import HandlerFunction
from infra.components.permissions import allow
from infra.components.service_role import ServiceRole

# https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"
SCHEDULED_RUN = "<aws.scheduler.execution-id>"


class HandlerSchedule(Construct):
    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        expression: str,
        handler: HandlerFunction,
        message: Mapping[str, str],
        dead_letters: sqs.Queue,
    ) -> None:
        super().__init__(scope, construct_id)
        role = ServiceRole(self, "Role", service="scheduler")
        allow(role, "lambda:InvokeFunction", on=[handler.function.function_arn])
        allow(role, "sqs:SendMessage", on=[dead_letters.queue_arn])
        schedule = scheduler.CfnSchedule(
            self,
            "Schedule",
            schedule_expression=expression,
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=handler.function.function_arn,
                role_arn=role.role_arn,
                input=json.dumps(dict(message)),
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                    maximum_event_age_in_seconds=6 * 3600, maximum_retry_attempts=8
                ),
                dead_letter_config=scheduler.CfnSchedule.DeadLetterConfigProperty(
                    arn=dead_letters.queue_arn
                ),
            ),
        )
        schedule.node.add_dependency(role)
