"""botocore's model of an API (SageMaker's), which says what every request and answer looks like.

botocore makes much of its model's attributes at run time; here they get their types.
"""

from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape

from emulator.sagemaker.errors import not_supported


@cache
def _service_model(service: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def _operation(name: str, service: str) -> Any:
    model: Any = _service_model(service)
    if name not in model.operation_names:
        raise not_supported(name)
    return model.operation_model(name)


def input_shape(operation: str, service: str = "sagemaker") -> Shape | None:
    """Return what a request looks like; ``None`` for an operation that takes nothing."""
    return _operation(operation, service).input_shape


def output_shape(operation: str, service: str = "sagemaker") -> Shape | None:
    return _operation(operation, service).output_shape


def output_members(operation: str) -> dict[str, Shape]:
    shape = output_shape(operation)
    return {} if shape is None else members_of(shape)


def members_of(structure: Shape) -> dict[str, Shape]:
    return dict(getattr(structure, "members"))  # noqa: B009


def item_of(collection: Shape) -> Shape:
    """Return the shape of a list's members or a map's values."""
    return getattr(collection, "member" if collection.type_name == "list" else "value")


def key_of(mapping: Shape) -> Shape:
    return getattr(mapping, "key")  # noqa: B009


def limits_of(shape: Shape) -> dict[str, Any]:
    """Return ``min``, ``max``, ``pattern``, ``enum`` and ``required``, as far as there are any."""
    return dict(getattr(shape, "metadata"))  # noqa: B009
