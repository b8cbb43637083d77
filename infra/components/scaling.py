"""Who may register, track and forget the live variant as a scalable target."""

from aws_cdk import Aws
from aws_cdk import aws_iam as iam

from infra.components.model import Model
from infra.components.permissions import allow, arn

_SERVICE = "sagemaker.application-autoscaling.amazonaws.com"
_ROLE = "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
_TARGETS = "scalable targets have random ids; the condition narrows this to SageMaker's"
_OURS = {"StringEquals": {"application-autoscaling:service-namespace": "sagemaker"}}
"""As AWS's own AmazonDynamoDBFullAccess narrows the same actions to one service."""


def allow_scaling(role: iam.Role, model: Model) -> None:
    """What promotion needs; a card that no longer scales still has its target removed.

    https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-prerequisites.html
    """
    allow_releasing(role)
    if model.card.serving.autoscaling is None:
        return
    allow(
        role,
        "application-autoscaling:RegisterScalableTarget",
        "application-autoscaling:PutScalingPolicy",
        "application-autoscaling:DeleteScalingPolicy",
        on=["*"],
        because=_TARGETS,
        conditions=_OURS,
    )
    # AWS checks that who sets up scaling could do itself what scaling will do:
    # https://docs.aws.amazon.com/autoscaling/application/userguide/security_iam_permission_validation.html
    allow(
        role,
        "sagemaker:DescribeEndpoint",
        "sagemaker:UpdateEndpointWeightsAndCapacities",
        on=[arn(role, "sagemaker", f"endpoint/{model.endpoint}")],
    )
    allow(
        role,
        "cloudwatch:PutMetricAlarm",
        "cloudwatch:DescribeAlarms",
        "cloudwatch:DeleteAlarms",
        on=[
            arn(role, "cloudwatch", f"alarm:TargetTracking-endpoint/{model.endpoint}*", colon=True)
        ],
        because="a target tracking policy's alarms end in random ids",
    )
    # https://docs.aws.amazon.com/autoscaling/application/userguide/services-that-can-integrate-sagemaker.html
    allow(
        role,
        "iam:CreateServiceLinkedRole",
        on=[f"arn:{Aws.PARTITION}:iam::{Aws.ACCOUNT_ID}:role/aws-service-role/{_SERVICE}/{_ROLE}"],
        conditions={"StringEquals": {"iam:AWSServiceName": _SERVICE}},
    )


def allow_releasing(role: iam.Role) -> None:
    allow(
        role,
        "application-autoscaling:DescribeScalableTargets",
        "application-autoscaling:DescribeScalingPolicies",
        on=["*"],
        because="describing is not narrowed by resource; the request names the one variant",
    )
    allow(
        role,
        "application-autoscaling:DeregisterScalableTarget",
        on=["*"],
        because=_TARGETS,
        conditions=_OURS,
    )
