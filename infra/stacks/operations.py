"""How people hear of the platform: one topic, and one notification for each end of a run."""

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from infra.components.dead_letters import DeadLetters
from infra.components.notifications import Notifications
from infra.components.platform_dashboard import PlatformDashboard
from infra.components.settlement import Settlement
from infra.components.stores import Stores
from infra.settings import Settings


class OperationsStack(Stack):
    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, stores: Stores
    ) -> None:
        super().__init__(
            scope, construct_id, termination_protection=settings.retain_data, description=__doc__
        )
        notifications = Notifications(self, "Notifications", settings=settings, key=stores.key)
        self.topic = notifications.topic
        dead_letters = DeadLetters(self, "DeadLetters", topic=self.topic)
        settlement = Settlement(
            self,
            "Settlement",
            settings=settings,
            stores=stores,
            topic=self.topic,
            dead_letters=dead_letters.queue,
        )
        PlatformDashboard(
            self,
            "Overview",
            settings=settings,
            topic=self.topic,
            dead_letters=dead_letters,
            settlement=settlement.handler.function,
        )
        CfnOutput(self, "TopicArn", value=self.topic.topic_arn)
