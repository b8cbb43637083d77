"""The queue that keeps events which could not be handled, and the alarm that says so."""

from aws_cdk import Duration
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.components.permissions import acknowledge
from infra.components.runbook_alarm import alarm_on_dead_letters


class DeadLetters(Construct):
    def __init__(self, scope: Construct, construct_id: str, *, topic: sns.Topic) -> None:
        super().__init__(scope, construct_id)
        self.queue = sqs.Queue(
            self,
            "Queue",
            enforce_ssl=True,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            retention_period=Duration.days(14),
        )
        acknowledge(
            self.queue, "AwsSolutions-SQS3", "this queue is itself where undeliverable events land"
        )
        self.alarm = alarm_on_dead_letters(self, queue=self.queue, topic=topic)
