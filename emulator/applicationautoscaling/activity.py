"""What scaling did, as DescribeScalingActivities tells it.

https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-scaling-activities.html
"""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from emulator.applicationautoscaling.target import Resource


@dataclass(slots=True, kw_only=True)
class Activity:
    resource: Resource
    count: int
    cause: str
    started: datetime
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    ended: datetime | None = None
    status: str = "InProgress"
    message: str | None = None

    def succeed(self, at: datetime) -> None:
        self.ended, self.status = at, "Successful"
        self.message = (
            f"Successfully set desired instance count to {self.count}. Change successfully "
            "fulfilled by sagemaker."
        )

    def fail(self, at: datetime, reason: str) -> None:
        self.ended, self.status = at, "Failed"
        self.message = f"Failed to set desired instance count to {self.count}. Reason: {reason}"

    def described(self) -> dict[str, Any]:
        message = self.message
        if message is None:
            message = (
                f"Successfully set desired instance count to {self.count}. Waiting for change to "
                "be fulfilled by sagemaker."
            )
        return {
            **self.resource.named(),
            "ActivityId": self.id,
            "Description": f"Setting desired instance count to {self.count}.",
            "Cause": self.cause,
            "StartTime": self.started,
            "EndTime": self.ended,
            "StatusCode": self.status,
            "StatusMessage": message,
        }
