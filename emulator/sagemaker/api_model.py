"""botocore's model of the SageMaker API, which says what every request and answer looks like."""

from functools import cache

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape

from emulator.sagemaker.errors import not_supported


@cache
def service_model() -> ServiceModel:
    return ServiceModel(Loader().load_service_model("sagemaker", "service-2"), "sagemaker")


def operation_model(operation: str) -> OperationModel:
    if operation not in service_model().operation_names:
        raise not_supported(operation)
    return service_model().operation_model(operation)


def members_of(shape: Shape) -> dict[str, Shape]:
    """Return the members of a structure; botocore types them only at run time."""
    return dict(shape.members)  # pyright: ignore[reportAttributeAccessIssue]


def output_members(operation: str) -> dict[str, Shape]:
    shape = operation_model(operation).output_shape
    return {} if shape is None else members_of(shape)
