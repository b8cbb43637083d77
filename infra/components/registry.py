"""The model's package group, and who may register, judge and read its versions."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from infra.components.model import Model
from infra.components.permissions import allow, arn

_VERSIONS = "versions get their numbers at run time; the group's name is fixed"


class PackageGroup(Construct):
    def __init__(self, scope: Construct, construct_id: str, *, model: Model) -> None:
        super().__init__(scope, construct_id)
        self.group = sagemaker.CfnModelPackageGroup(
            self,
            "Group",
            model_package_group_name=model.package_group,
            model_package_group_description=model.card.description,
        )
        self.group.apply_removal_policy(model.settings.removal)


def _group(role: iam.Role, model: Model) -> str:
    return arn(role, "sagemaker", f"model-package-group/{model.package_group}")


def _versions(role: iam.Role, model: Model) -> str:
    return arn(role, "sagemaker", f"model-package/{model.package_group}/*")


def allow_registering(role: iam.Role, model: Model) -> None:
    allow(
        role,
        "sagemaker:CreateModelPackage",
        "sagemaker:DescribeModelPackage",
        "sagemaker:ListModelPackages",
        "sagemaker:AddTags",
        on=[_group(role, model), _versions(role, model)],
        because=_VERSIONS,
    )


def allow_judging(role: iam.Role, model: Model) -> None:
    """The candidate's package, and a look at who is champion now."""
    allow(
        role,
        "sagemaker:DescribeModelPackage",
        "sagemaker:UpdateModelPackage",
        on=[_versions(role, model)],
        because=_VERSIONS,
    )
    allow(role, "dynamodb:GetItem", on=[model.stores.state.table_arn])


def allow_noting(role: iam.Role, model: Model) -> None:
    """Read a version's facts and add some."""
    allow(
        role,
        "sagemaker:DescribeModelPackage",
        "sagemaker:UpdateModelPackage",
        on=[_versions(role, model)],
        because=_VERSIONS,
    )


def allow_reading_versions(role: iam.Role, model: Model) -> None:
    allow(
        role,
        "sagemaker:DescribeModelPackage",
        on=[_versions(role, model)],
        because=_VERSIONS,
    )


def allow_keeping(role: iam.Role, model: Model) -> None:
    """Say which versions nobody may delete, and delete the deployments that nobody goes back to."""
    allow(
        role,
        "sagemaker:GetModelPackageGroupPolicy",
        "sagemaker:PutModelPackageGroupPolicy",
        on=[_group(role, model)],
    )
    for kind, call in (("model", "Model"), ("endpoint-config", "EndpointConfig")):
        allow(
            role,
            f"sagemaker:Delete{call}",
            on=[arn(role, "sagemaker", f"{kind}/{model.made_at_run_time}")],
            because="deployments are named after versions, which run time makes",
        )
    allow(
        role,
        "sagemaker:ListModels",
        "sagemaker:ListEndpointConfigs",
        on=["*"],
        because="listing is not narrowed by resource; what is found is filtered by name",
    )


def allow_deleting_versions(role: iam.Role, model: Model) -> None:
    allow(
        role,
        "sagemaker:ListModelPackages",
        "sagemaker:DeleteModelPackage",
        "sagemaker:DeleteModelPackageGroupPolicy",
        on=[_group(role, model), _versions(role, model)],
        because=_VERSIONS,
    )
