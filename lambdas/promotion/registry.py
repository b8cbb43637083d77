"""The model registry, asked what a version is made of and told when it was rolled back."""

from typing import Any

from lambdas.promotion.facts import Version


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
