"""A role for one AWS service, which nobody else can take."""

from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.jsii_types import implementing


class ServiceRole(iam.Role):
    """``service`` is the principal's first part: ``lambda`` is ``lambda.amazonaws.com``."""

    def __init__(self, scope: Construct, construct_id: str, *, service: str) -> None:
        super().__init__(
            scope,
            construct_id,
            assumed_by=implementing(iam.ServicePrincipal(f"{service}.amazonaws.com")),
        )
