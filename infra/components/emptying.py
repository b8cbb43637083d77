"""Empty the buckets of an environment that keeps nothing, so that deleting its stack can end."""

from collections.abc import Sequence

from aws_cdk import CustomResource, Duration
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.components.handler_function import HandlerFunction
from infra.components.permissions import allow, allow_objects
from infra.settings import Settings


class Emptying(Construct):
    """The CDK's own ``auto_delete_objects`` wants Node.js and permissions on whole buckets.

    The buckets are emptied in the order given: name the one that receives access logs last.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        buckets: Sequence[s3.Bucket],
    ) -> None:
        super().__init__(scope, construct_id)
        handler = HandlerFunction(
            self,
            "Handler",
            package="emptying",
            settings=settings,
            variables={},
            timeout=Duration.minutes(15),
        )
        for bucket in buckets:
            allow(handler.role, "s3:ListBucket", "s3:ListBucketVersions", on=[bucket.bucket_arn])
            allow_objects(
                handler.role,
                "s3:DeleteObject",
                "s3:DeleteObjectVersion",
                bucket=bucket,
                prefixes=[""],
                because="this environment keeps nothing: all that is left goes with its stack",
            )
        contents = CustomResource(
            self,
            "Contents",
            service_token=handler.function.function_arn,
            resource_type="Custom::BucketContents",
            service_timeout=Duration.minutes(15),
            properties={"Buckets": [bucket.bucket_name for bucket in buckets]},
        )
        contents.node.add_dependency(handler)
        contents.node.add_dependency(*buckets)
