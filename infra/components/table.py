"""A table as this project keeps facts: encrypted, restorable, billed by request."""

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.jsii_types import implementing
from infra.settings import Settings


class KeptTable(dynamodb.Table):
    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        key: kms.Key,
        partition: str,
        sort: str | None = None,
    ) -> None:
        text = dynamodb.AttributeType.STRING
        super().__init__(
            scope,
            construct_id,
            partition_key=dynamodb.Attribute(name=partition, type=text),
            sort_key=None if sort is None else dynamodb.Attribute(name=sort, type=text),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=implementing(key),
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=settings.retain_data,
            removal_policy=settings.removal,
        )
