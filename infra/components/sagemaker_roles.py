"""What SageMaker may do in our name: one role for jobs, one for the endpoint."""

from collections.abc import Sequence

from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from contracts import layout
from contracts.capture import CLOCK_FOLDER
from infra.components.model import Model
from infra.components.permissions import allow, allow_key, allow_listing, allow_objects, arn
from infra.components.service_role import ServiceRole


class JobRole(ServiceRole):
    """Validation, training and evaluation: read the model's data and code, write what they make."""

    def __init__(
        self, scope: Construct, construct_id: str, *, model: Model, code: s3.IBucket, code_key: str
    ) -> None:
        super().__init__(scope, construct_id, service="sagemaker")
        stores, below = model.stores, "jobs stay below their model's own prefixes"
        readable = [model.incoming, model.snapshots, model.passing]
        allow_objects(
            self,
            "s3:GetObject",
            "s3:GetObjectVersion",
            bucket=stores.data,
            prefixes=readable,
            because=below,
        )
        allow_listing(self, bucket=stores.data, prefixes=readable)
        checkpoints = [model.checkpoints] if model.card.training.spot else []
        for bucket, prefixes in (
            (stores.artifacts, [model.artifacts, *checkpoints]),
            (stores.reports, [model.runs]),
        ):
            allow_objects(
                self,
                "s3:GetObject",
                "s3:PutObject",
                bucket=bucket,
                prefixes=prefixes,
                because=below,
            )
            allow_listing(self, bucket=bucket, prefixes=prefixes)
        allow(self, "s3:GetObject", on=[code.arn_for_objects(code_key)])
        allow(self, "s3:ListBucket", on=[code.bucket_arn])
        allow_key(self, stores.key)
        allow_running(self, model, log_groups=["ProcessingJobs", "TrainingJobs"])
        if model.settings.network is not None:
            allow_network_interfaces(self)
        if model.tracking is not None:
            model.tracking.allow_logging(self, stores)


class EndpointRole(ServiceRole):
    """Serving: read the artifact, write captures, and see the alarms that would roll back."""

    def __init__(self, scope: Construct, construct_id: str, *, model: Model) -> None:
        super().__init__(scope, construct_id, service="sagemaker")
        stores, below = model.stores, "the endpoint stays below its model's own prefixes"
        allow_objects(
            self,
            "s3:GetObject",
            bucket=stores.artifacts,
            prefixes=[model.artifacts],
            because=below,
        )
        allow_listing(self, bucket=stores.artifacts, prefixes=[model.artifacts])
        allow_objects(
            self, "s3:PutObject", bucket=stores.captures, prefixes=[model.captures], because=below
        )
        allow_objects(
            self,
            "s3:GetObject",
            bucket=stores.captures,
            prefixes=[f"{model.captures}{CLOCK_FOLDER}"],
            because="a server that captures by itself asks the store for its time, no more",
        )
        allow_objects(
            self,
            "s3:GetObject",
            "s3:PutObject",
            bucket=stores.data,
            prefixes=[layout.batch_prefix(model.name)],
            because="a transform job answers files as its model's role",
        )
        allow_listing(self, bucket=stores.data, prefixes=[layout.batch_prefix(model.name)])
        allow_objects(
            self,
            "s3:GetObject",
            "s3:PutObject",
            bucket=stores.reports,
            prefixes=[model.runs],
            because="promotion's smoke test is a transform job, below the evidence of its run",
        )
        allow_listing(self, bucket=stores.reports, prefixes=[model.runs])
        allow_key(self, stores.key)
        allow_running(self, model, log_groups=["Endpoints", "TransformJobs"])
        # https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html
        allow(
            self,
            "cloudwatch:DescribeAlarms",
            on=[arn(self, "cloudwatch", f"alarm:{model.made_at_run_time}", colon=True)],
            because="rollback alarms are named after deployments, which run time makes",
        )


def allow_running(role: iam.Role, model: Model, *, log_groups: Sequence[str]) -> None:
    """What every SageMaker container needs: its image, its logs and its metrics."""
    allow(
        role,
        "ecr:BatchCheckLayerAvailability",
        "ecr:GetDownloadUrlForLayer",
        "ecr:BatchGetImage",
        on=[model.stores.repository.repository_arn],
    )
    allow(
        role,
        "ecr:GetAuthorizationToken",
        on=["*"],
        because="ECR's authorization tokens belong to no resource that could be named",
    )
    allow(
        role,
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:DescribeLogStreams",
        "logs:PutLogEvents",
        on=[
            arn(role, "logs", f"log-group:/aws/sagemaker/{kind}*", colon=True)
            for kind in log_groups
        ],
        because="SageMaker makes the groups and streams itself, below these names",
    )
    allow(
        role,
        "cloudwatch:PutMetricData",
        on=["*"],
        because="metrics have no ARN; the condition narrows this to SageMaker's own namespaces",
        conditions={"StringLike": {"cloudwatch:namespace": ["/aws/sagemaker/*", "AWS/SageMaker"]}},
    )


def allow_network_interfaces(role: iam.Role) -> None:
    # https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html (private VPC)
    allow(
        role,
        "ec2:CreateNetworkInterface",
        "ec2:CreateNetworkInterfacePermission",
        "ec2:DeleteNetworkInterface",
        "ec2:DeleteNetworkInterfacePermission",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeVpcs",
        "ec2:DescribeDhcpOptions",
        "ec2:DescribeSubnets",
        "ec2:DescribeSecurityGroups",
        on=["*"],
        because="the interfaces that SageMaker makes in the VPC have no name beforehand",
    )
