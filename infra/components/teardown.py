"""Owner of what run time made: deleting the stack deletes endpoint, configurations and versions."""

from aws_cdk import CustomResource, Duration
from aws_cdk import aws_iam as iam
from constructs import Construct, IDependable

from infra.components.handler_function import HandlerFunction
from infra.components.model import Model
from infra.components.permissions import allow, allow_key, allow_state, arn
from infra.components.registry import allow_deleting_versions
from infra.components.scaling import allow_releasing

_DEPLOYMENTS = "what a promotion makes is named after its version, which exists only at run time"


class Teardown(Construct):
    """Deleted before what it needs (roles, package group), after what could make more."""

    def __init__(self, scope: Construct, construct_id: str, *, model: Model) -> None:
        super().__init__(scope, construct_id)
        self._model = model
        handler = HandlerFunction(
            self,
            "Handler",
            package="teardown",
            card=model.card_path,
            settings=model.settings,
            variables=model.stores.variables(),
            timeout=Duration.minutes(15),
        )
        self._allow(handler.role)
        self._resource = CustomResource(
            self,
            "RunTimeResources",
            service_token=handler.function.function_arn,
            resource_type="Custom::RunTimeResources",
            service_timeout=Duration.minutes(15),
            properties={
                "Model": model.name,
                "Environment": model.settings.name,
                "EndpointName": model.endpoint,
                "ModelPackageGroupName": model.package_group,
            },
        )
        self._resource.node.add_dependency(handler)

    def needs(self, *others: IDependable) -> None:
        """Run while ``others`` still exist."""
        self._resource.node.add_dependency(*others)

    def follows(self, *others: Construct) -> None:
        """Run once ``others`` are gone: they could make again what this removes."""
        for other in others:
            other.node.add_dependency(self._resource)

    def _allow(self, role: iam.Role) -> None:
        model = self._model
        endpoint = arn(role, "sagemaker", f"endpoint/{model.endpoint}")
        allow(role, "sagemaker:DescribeEndpoint", "sagemaker:DeleteEndpoint", on=[endpoint])
        for kind, call in (("model", "Model"), ("endpoint-config", "EndpointConfig")):
            allow(
                role,
                f"sagemaker:Describe{call}",
                f"sagemaker:Delete{call}",
                on=[arn(role, "sagemaker", f"{kind}/{model.made_at_run_time}")],
                because=_DEPLOYMENTS,
            )
        allow(
            role,
            "sagemaker:ListModels",
            "sagemaker:ListTrainingJobs",
            "sagemaker:ListProcessingJobs",
            "sagemaker:ListTransformJobs",
            "sagemaker:ListEndpointConfigs",
            "cloudwatch:DescribeAlarms",
            on=["*"],
            because="listing is not narrowed by resource; what is found is filtered by name",
        )
        for kind in ("Training", "Processing", "Transform"):
            allow(
                role,
                f"sagemaker:Stop{kind}Job",
                on=[arn(role, "sagemaker", f"{kind.lower()}-job/{model.made_at_run_time}")],
                because="jobs are named after their run, which exists only at run time",
            )
        allow_deleting_versions(role, model)
        allow_releasing(role)
        allow_state(role, model.stores.state)
        allow_key(role, model.stores.key)
        allow(
            role,
            "cloudwatch:DeleteAlarms",
            on=[arn(role, "cloudwatch", f"alarm:{model.made_at_run_time}", colon=True)],
            because=_DEPLOYMENTS,
        )
