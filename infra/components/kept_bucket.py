"""A bucket as this project keeps things: encrypted, versioned, private, logged, TLS only."""

from collections.abc import Sequence
from typing import cast

from aws_cdk import Duration
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.components.permissions import acknowledge
from infra.jsii_types import implementing
from infra.settings import Settings

_GRACE = Duration.days(30)


class KeptBucket(s3.Bucket):
    """``expire_after`` deletes objects that old; None keeps them, and every version, for ever.

    What lies below a prefix of ``passing`` goes after a month anyway.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        key: kms.Key,
        access_logs: s3.Bucket,
        expire_after: Duration | None = None,
        announce: bool = False,
        passing: Sequence[str] = (),
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            encryption=s3.BucketEncryption.KMS,
            encryption_key=implementing(key),
            bucket_key_enabled=True,
            versioned=True,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            server_access_logs_bucket=access_logs,
            server_access_logs_prefix=f"{construct_id}/",
            removal_policy=settings.removal,
            lifecycle_rules=[
                s3.LifecycleRule(
                    abort_incomplete_multipart_upload_after=Duration.days(7),
                    noncurrent_version_expiration=None if expire_after is None else _GRACE,
                    expiration=expire_after,
                ),
                *(
                    s3.LifecycleRule(
                        prefix=prefix,
                        expiration=_GRACE,
                        noncurrent_version_expiration=Duration.days(1),
                    )
                    for prefix in passing
                ),
            ],
        )
        if announce:
            self._announce()

    def _announce(self) -> None:
        """Send events to EventBridge.

        The bucket's own ``event_bridge_enabled`` would do so through a function that may change
        every bucket's notifications; CloudFormation has had the property since 2021.
        """
        bucket = cast("s3.CfnBucket", self.node.default_child)
        bucket.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
            event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(
                event_bridge_enabled=True
            )
        )


class AccessLogBucket(s3.Bucket):
    """Where the other buckets' access logs land; S3 can write them under its own key only."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(
            scope,
            construct_id,
            # https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
            encryption=s3.BucketEncryption.S3_MANAGED,
            versioned=True,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=settings.removal,
            lifecycle_rules=[
                s3.LifecycleRule(
                    expiration=Duration.days(90),
                    noncurrent_version_expiration=Duration.days(7),
                    abort_incomplete_multipart_upload_after=Duration.days(7),
                )
            ],
        )
        acknowledge(self, "AwsSolutions-S1", "the bucket of access logs does not log itself")
