"""What each step of a promotion may do, and nothing else."""

from aws_cdk import aws_iam as iam

from contracts import metrics
from infra.components.model import Model
from infra.components.permissions import (
    allow,
    allow_ledger,
    allow_listing,
    allow_objects,
    allow_passing,
    allow_state,
    arn,
)
from infra.components.registry import allow_judging, allow_keeping, allow_reading_versions
from infra.components.scaling import allow_scaling

_BELOW = "a step reads only below its model's own prefixes"
_DEPLOYMENTS = "deployments and their alarms are named after versions, which run time makes"


def allow_looking(role: iam.Role, model: Model) -> None:
    """The version, the evidence about it, and how its deployment stands."""
    allow_reading_versions(role, model)
    allow_objects(
        role, "s3:GetObject", bucket=model.stores.reports, prefixes=[model.runs], because=_BELOW
    )
    allow(
        role,
        "sagemaker:DescribeEndpoint",
        "sagemaker:DescribeEndpointConfig",
        "sagemaker:DescribeModel",
        on=[arn(role, "sagemaker", f"endpoint/{model.endpoint}"), *_deployments(role, model)],
        because=_DEPLOYMENTS,
    )


def allow_planning(role: iam.Role, model: Model, endpoint_role: iam.Role) -> None:
    stores = model.stores
    allow_state(role, stores.state)
    allow_ledger(role, stores.ledger)
    # A version that is not what was registered is rejected before anything is made of it.
    allow_judging(role, model)
    allow_objects(
        role,
        "s3:GetObject",
        "s3:GetObjectVersion",
        bucket=stores.artifacts,
        prefixes=[model.artifacts],
        because=_BELOW,
    )
    allow(role, "ecr:DescribeImages", on=[stores.repository.repository_arn])
    allow(
        role,
        "sagemaker:CreateModel",
        "sagemaker:CreateEndpointConfig",
        "sagemaker:AddTags",
        on=_deployments(role, model),
        because=_DEPLOYMENTS,
    )
    _allow_alarms(role, model, "PutMetricAlarm")
    _allow_measurements(role)
    # An endpoint that failed to come up is deleted before it is made again.
    allow(
        role, "sagemaker:DeleteEndpoint", on=[arn(role, "sagemaker", f"endpoint/{model.endpoint}")]
    )
    allow_passing(role, endpoint_role, to="sagemaker.amazonaws.com")


def allow_judging_smoke(role: iam.Role, model: Model) -> None:
    allow_ledger(role, model.stores.ledger)
    allow_judging(role, model)
    _allow_alarms(role, model, "DescribeAlarms", "DeleteAlarms")
    allow(
        role,
        "logs:DescribeLogStreams",
        "logs:GetLogEvents",
        on=[arn(role, "logs", "log-group:/aws/sagemaker/TransformJobs:*", colon=True)],
        because="a job's streams are named after it, which exists only at run time",
    )


def allow_observing(role: iam.Role, model: Model) -> None:
    allow_probing(role, model)
    captures = model.stores.captures
    allow_objects(role, "s3:GetObject", bucket=captures, prefixes=[model.captures], because=_BELOW)
    allow_listing(role, bucket=captures, prefixes=[model.captures])
    _allow_measurements(role)
    allow(
        role,
        "cloudwatch:PutMetricData",
        on=["*"],
        because="metrics have no ARN; the condition narrows this to our own namespace",
        conditions={"StringEquals": {"cloudwatch:namespace": metrics.NAMESPACE}},
    )


def allow_probing(role: iam.Role, model: Model) -> None:
    allow(
        role,
        "sagemaker:InvokeEndpoint",
        on=[arn(role, "sagemaker", f"endpoint/{model.endpoint}")],
    )


def allow_confirming(role: iam.Role, model: Model) -> None:
    allow_probing(role, model)
    allow_state(role, model.stores.state)
    allow_ledger(role, model.stores.ledger)
    allow_judging(role, model)
    allow_keeping(role, model)
    allow_scaling(role, model)
    _allow_alarms(role, model, "DescribeAlarms", "DescribeAlarmHistory", "DeleteAlarms")


def _allow_measurements(role: iam.Role) -> None:
    allow(
        role,
        "cloudwatch:GetMetricData",
        on=["*"],
        because="CloudWatch narrows reading metrics by no resource",
    )


def _allow_alarms(role: iam.Role, model: Model, *calls: str) -> None:
    allow(
        role,
        *(f"cloudwatch:{call}" for call in calls),
        on=[arn(role, "cloudwatch", f"alarm:{model.made_at_run_time}", colon=True)],
        because=_DEPLOYMENTS,
    )


def _deployments(role: iam.Role, model: Model) -> list[str]:
    named = model.made_at_run_time
    return [arn(role, "sagemaker", f"{kind}/{named}") for kind in ("model", "endpoint-config")]
