"""The model registry, asked what a version is made of and told when it was rolled back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.errors import ContractError


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One model package, as registration wrote it and the gate or a person approved it."""

    arn: str
    number: int
    status: str
    image_uri: str
    model_data_url: str
    metadata: Mapping[str, str]

    def fact(self, name: str) -> str:
        if not self.metadata.get(name):
            raise ContractError(f"version {self.number} lacks {name} in its registry metadata")
        return self.metadata[name]


class Registry:
    def __init__(self, sagemaker: Any) -> None:
        self._sagemaker = sagemaker

    def version(self, arn: str) -> Version:
        found = self._sagemaker.describe_model_package(ModelPackageName=arn)
        [container] = found["InferenceSpecification"]["Containers"]
        return Version(
            arn=arn,
            number=int(arn.rsplit("/", 1)[1]),
            status=found["ModelApprovalStatus"],
            image_uri=container["Image"],
            model_data_url=container["ModelDataUrl"],
            metadata=found.get("CustomerMetadataProperties", {}),
        )

    def reject(self, arn: str, reason: str) -> None:
        self._sagemaker.update_model_package(
            ModelPackageArn=arn,
            ModelApprovalStatus="Rejected",
            ApprovalDescription=reason[:1024],
        )
