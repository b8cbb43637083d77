"""The topic that tells people, encrypted, TLS only, and open to nobody but this account."""

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.jsii_types import implementing
from infra.settings import Settings


class Notifications(Construct):
    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, key: kms.Key
    ) -> None:
        super().__init__(scope, construct_id)
        self.topic = sns.Topic(
            self,
            "Topic",
            display_name=f"Perennial {settings.name}",
            master_key=implementing(key),
            enforce_ssl=True,
        )
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsOfThisAccount",
                principals=[implementing(iam.ServicePrincipal("cloudwatch.amazonaws.com"))],
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            )
        )
        for address in settings.notification_emails:
            self.topic.add_subscription(implementing(subscriptions.EmailSubscription(address)))
