"""What outlives every deployment: the key, the buckets, the images and the record."""

from aws_cdk import Aws, CfnOutput, Duration, Stack
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from contracts import layout, state
from infra.components.emptying import Emptying
from infra.components.kept_bucket import AccessLogBucket, KeptBucket
from infra.components.stores import Stores
from infra.components.table import KeptTable
from infra.jsii_types import implementing
from infra.settings import Settings


class StorageStack(Stack):
    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(
            scope, construct_id, termination_protection=settings.retain_data, description=__doc__
        )
        key = _key(self, settings)
        logs = AccessLogBucket(self, "AccessLogs", settings=settings)

        def bucket(name: str, expire_after: Duration | None = None) -> KeptBucket:
            return KeptBucket(
                self,
                name,
                settings=settings,
                key=key,
                access_logs=logs,
                expire_after=expire_after,
                announce=name == "Data",
                passing=[layout.PASSING] if name == "Data" else [],
            )

        self.stores = Stores(
            key=key,
            data=bucket("Data"),
            artifacts=bucket("Artifacts"),
            captures=bucket("Captures", expire_after=Duration.days(730)),
            reports=bucket("Reports"),
            repository=_repository(self, settings),
            ledger=KeptTable(
                self, "Ledger", settings=settings, key=key, partition="model", sort="entry"
            ),
            state=KeptTable(self, "State", settings=settings, key=key, partition=state.KEY),
        )
        if not settings.retain_data:
            stores = self.stores
            Emptying(
                self,
                "Emptying",
                settings=settings,
                buckets=[stores.data, stores.artifacts, stores.captures, stores.reports, logs],
            )
        _outputs(self, self.stores)


def _key(scope: Construct, settings: Settings) -> kms.Key:
    key = kms.Key(
        scope,
        "Key",
        description=f"Everything that perennial keeps in {settings.name}",
        enable_key_rotation=True,
        removal_policy=settings.removal,
    )
    # An alarm cannot tell an encrypted topic anything without this:
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
    key.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[implementing(iam.ServicePrincipal("cloudwatch.amazonaws.com"))],
            actions=["kms:Decrypt", "kms:GenerateDataKey"],
            resources=["*"],
            conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
        )
    )
    return key


def _repository(scope: Construct, settings: Settings) -> ecr.Repository:
    """One image for all models. A version names its image by digest, so old ones must stay.

    A lifecycle rule counts or dates images and knows no version that uses one, so none may touch
    an image with a tag, and admission takes no other. What has no tag was pushed by digest alone:
    removing an image's last tag deletes it.
    https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchDeleteImage.html
    """
    return ecr.Repository(
        scope,
        "Images",
        image_tag_mutability=ecr.TagMutability.IMMUTABLE,
        image_scan_on_push=True,
        lifecycle_rules=[
            ecr.LifecycleRule(
                description="Images without a tag are used by nothing",
                tag_status=ecr.TagStatus.UNTAGGED,
                max_image_age=Duration.days(30),
            ),
        ],
        removal_policy=settings.removal,
        empty_on_delete=not settings.retain_data,
    )


def _outputs(scope: Construct, stores: Stores) -> None:
    for name, value in {
        "DataBucket": stores.data.bucket_name,
        "ArtifactsBucket": stores.artifacts.bucket_name,
        "CapturesBucket": stores.captures.bucket_name,
        "ReportsBucket": stores.reports.bucket_name,
        "RepositoryName": stores.repository.repository_name,
        "LedgerTable": stores.ledger.table_name,
        "StateTable": stores.state.table_name,
    }.items():
        CfnOutput(scope, name, value=value)
