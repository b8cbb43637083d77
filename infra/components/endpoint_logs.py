"""The endpoint's log group, made before SageMaker would make one that never forgets."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.components.model import Model


class EndpointLogs(logs.LogGroup):
    """SageMaker writes to the group of this name, and makes it only when it is missing.

    https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html
    """

    def __init__(self, scope: Construct, construct_id: str, *, model: Model) -> None:
        super().__init__(
            scope,
            construct_id,
            log_group_name=f"/aws/sagemaker/Endpoints/{model.endpoint}",
            retention=model.settings.log_retention,
            # Never kept: a group that stays under this name would stop the next deployment.
            removal_policy=RemovalPolicy.DESTROY,
        )
