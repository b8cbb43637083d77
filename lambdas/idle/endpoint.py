"""The endpoint, asked how it stands and what it was asked; and removed."""

import math
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from contracts import naming
from lambdas.idle.decision import Endpoint

_HOUR = 3600
_MOST_POINTS = 1000
"""GetMetricStatistics answers with 1,440 data points at most."""


class IdleEndpoint:
    def __init__(self, sagemaker: Any, cloudwatch: Any, *, name: str) -> None:
        self._sagemaker = sagemaker
        self._cloudwatch = cloudwatch
        self.name = name

    def look(self) -> Endpoint | None:
        try:
            found = self._sagemaker.describe_endpoint(EndpointName=self.name)
        except ClientError as error:
            if "Could not find" in error.response["Error"]["Message"]:
                return None
            raise
        return Endpoint(
            status=found["EndpointStatus"],
            config=found.get("EndpointConfigName", ""),
            changed_at=found["LastModifiedTime"],
        )

    def invocations(self, *, until: datetime, hours: float) -> float:
        """Whole hours are read: CloudWatch keeps data older than 63 days by the hour only.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html
        """
        points = self._cloudwatch.get_metric_statistics(
            Namespace="AWS/SageMaker",
            MetricName="Invocations",
            Dimensions=[
                {"Name": "EndpointName", "Value": self.name},
                {"Name": "VariantName", "Value": naming.VARIANT},
            ],
            StartTime=until - timedelta(hours=hours),
            EndTime=until,
            Period=_HOUR * math.ceil(hours / _MOST_POINTS),
            Statistics=["Sum"],
        )["Datapoints"]
        return sum(point["Sum"] for point in points)

    def remove(self) -> None:
        """Only the endpoint: its configuration and Model stay, which is how it comes back."""
        self._sagemaker.delete_endpoint(EndpointName=self.name)
