"""The endpoint, asked how it stands; a failed one is removed, the only thing it allows."""

from typing import Any

from botocore.exceptions import ClientError

from contracts import naming
from lambdas.promotion.facts import Endpoint


class Endpoints:
    def __init__(self, sagemaker: Any) -> None:
        self._sagemaker = sagemaker

    def find(self, name: str) -> Endpoint | None:
        try:
            found = self._sagemaker.describe_endpoint(EndpointName=name)
        except ClientError as error:
            if is_missing(error):
                return None
            raise
        variants = found.get("ProductionVariants", [])
        live = [one for one in variants if one["VariantName"] == naming.VARIANT]
        pending = found.get("PendingDeploymentSummary", {})
        rollback = found.get("LastDeploymentConfig", {}).get("AutoRollbackConfiguration", {})
        return Endpoint(
            name=name,
            status=found["EndpointStatus"],
            config=found.get("EndpointConfigName", ""),
            instances=max((one.get("DesiredInstanceCount", 0) for one in live), default=0),
            failure=found.get("FailureReason"),
            changed_at=found["LastModifiedTime"],
            variants=tuple(one["VariantName"] for one in variants),
            last_alarms=tuple(each["AlarmName"] for each in rollback.get("Alarms", [])),
            pending=pending.get("EndpointConfigName", ""),
            pending_since=pending.get("StartTime"),
        )

    def delete_failed(self, name: str) -> None:
        """Deletion is the only operation that a Failed endpoint allows.

        https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpoint.html
        """
        self._sagemaker.delete_endpoint(EndpointName=name)


def is_missing(error: ClientError) -> bool:
    """SageMaker says that something does not exist as a ValidationException."""
    told = error.response["Error"]
    return told["Code"] == "ResourceNotFound" or "Could not find" in told["Message"]


def is_existing(error: ClientError) -> bool:
    told = error.response["Error"]
    return told["Code"] == "ResourceInUse" or "already existing" in told["Message"]
