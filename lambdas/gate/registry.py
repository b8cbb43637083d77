"""The model registry, asked for a candidate's facts and told the verdict."""

from collections.abc import Mapping
from typing import Any

from lambdas.gate.decision import Verdict

_STATUS = {Verdict.APPROVED: "Approved", Verdict.REJECTED: "Rejected"}


class Registry:
    def __init__(self, sagemaker: Any) -> None:
        self._sagemaker = sagemaker

    def metadata(self, package_arn: str) -> Mapping[str, str]:
        found = self._sagemaker.describe_model_package(ModelPackageName=package_arn)
        return found.get("CustomerMetadataProperties", {})

    def record(self, package_arn: str, verdict: Verdict, reason: str) -> None:
        """Set the status of a package that is pending still: nobody's later word is overruled."""
        found = self._sagemaker.describe_model_package(ModelPackageName=package_arn)
        if verdict in _STATUS and found["ModelApprovalStatus"] == "PendingManualApproval":
            self._sagemaker.update_model_package(
                ModelPackageArn=package_arn,
                ModelApprovalStatus=_STATUS[verdict],
                ApprovalDescription=reason[:1024],
            )
