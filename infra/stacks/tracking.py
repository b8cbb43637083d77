"""SageMaker's managed MLflow, which keeps what training logs."""

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from contracts.layout import s3_uri
from infra.components.permissions import allow_key
from infra.components.service_role import ServiceRole
from infra.components.stores import Stores
from infra.components.tracking import ARTIFACTS, TrackingServer, allow_keeping_artifacts
from infra.settings import Settings


class TrackingStack(Stack):
    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, stores: Stores
    ) -> None:
        super().__init__(
            scope, construct_id, termination_protection=settings.retain_data, description=__doc__
        )
        role = ServiceRole(self, "Role", service="sagemaker")
        allow_keeping_artifacts(role, stores)
        allow_key(role, stores.key)
        server = sagemaker.CfnMlflowTrackingServer(
            self,
            "Server",
            tracking_server_name=construct_id,
            artifact_store_uri=s3_uri(stores.artifacts.bucket_name, ARTIFACTS.rstrip("/")),
            role_arn=role.role_arn,
            tracking_server_size="Small",
            # The gate decides what is registered; tracking only watches.
            automatic_model_registration=False,
        )
        server.apply_removal_policy(settings.removal)
        server.node.add_dependency(role)
        arn = server.attr_tracking_server_arn
        self.server = TrackingServer(uri=arn, arn=arn)
        CfnOutput(self, "TrackingServer", value=arn)
