"""Tags follow every resource from its making to its end."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from emulator.sagemaker.errors import ServiceError
from emulator.sagemaker.operations import operation
from emulator.sagemaker.service import SageMaker
from tests.unit.emulator.sagemaker_core.an_account import REGION, AnAccount, SomeImages

_ARN = f"arn:aws:sagemaker:{REGION}:123456789012:endpoint-config/churn"


class SomeConfigs:
    @operation("CreateEndpointConfig")
    def create(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return {"EndpointConfigArn": _ARN}

    @operation("DeleteEndpointConfig")
    def delete(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return {}


@pytest.fixture
def sagemaker(tmp_path: Path) -> Iterator[SageMaker]:
    sagemaker = SageMaker(AnAccount(tmp_path), SomeImages(), endpoints=[SomeConfigs()])
    sagemaker.call(
        "CreateEndpointConfig",
        {
            "EndpointConfigName": "churn",
            "ProductionVariants": [{"VariantName": "v", "ModelName": "m"}],
            "Tags": [{"Key": "model", "Value": "churn"}],
        },
    )
    yield sagemaker
    sagemaker.stop()


def _tags(sagemaker: SageMaker) -> dict[str, str]:
    listed = sagemaker.call("ListTags", {"ResourceArn": _ARN})["Tags"]
    return {tag["Key"]: tag["Value"] for tag in listed}


def test_a_resource_is_made_with_its_tags(sagemaker: SageMaker) -> None:
    assert _tags(sagemaker) == {"model": "churn"}


def test_tags_are_added_replaced_and_removed(sagemaker: SageMaker) -> None:
    more = [{"Key": "model", "Value": "demand"}, {"Key": "owner", "Value": "ops"}]
    sagemaker.call("AddTags", {"ResourceArn": _ARN, "Tags": more})
    assert _tags(sagemaker) == {"model": "demand", "owner": "ops"}
    sagemaker.call("DeleteTags", {"ResourceArn": _ARN, "TagKeys": ["model", "unknown"]})
    assert _tags(sagemaker) == {"owner": "ops"}


def test_a_resource_takes_fifty_tags(sagemaker: SageMaker) -> None:
    many = [{"Key": f"k{number}", "Value": ""} for number in range(50)]
    with pytest.raises(ServiceError, match="a resource takes at most 50 tags, got 51"):
        sagemaker.call("AddTags", {"ResourceArn": _ARN, "Tags": many})


def test_the_tags_of_a_deleted_resource_are_gone(sagemaker: SageMaker) -> None:
    sagemaker.call("DeleteEndpointConfig", {"EndpointConfigName": "churn"})
    with pytest.raises(ServiceError, match=f"Could not find resource with ARN {_ARN}"):
        _tags(sagemaker)
