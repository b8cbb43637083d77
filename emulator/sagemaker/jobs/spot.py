"""Managed spot training: what it asks of a request, how long a job may wait, what it costs.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-managed-spot-training.html
"""

import math

from emulator.sagemaker.errors import validation
from emulator.sagemaker.jobs.job import Job
from emulator.sagemaker.operations import Request

_SHARE = 0.3
"""What of its running time a spot job is billed for.

AWS saves "up to 90 %", by the spot price of the hour; that it is 70 % here is made up.
"""


def is_spot(job: Job) -> bool:
    return bool(job.request.get("EnableManagedSpotTraining"))


def refuse_wrong_wait(request: Request) -> None:
    """Raise AWS's error for a wait that does not go with the request.

    The first text is that of https://github.com/Kenza-AI/sagify/issues/111; that of the second is
    unproven, its rule is in the reference of StoppingCondition.
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StoppingCondition.html
    """
    condition = request.get("StoppingCondition", {})
    wait = condition.get("MaxWaitTimeInSeconds")
    if not request.get("EnableManagedSpotTraining"):
        if wait is not None:
            raise validation(
                "Invalid MaxWaitTimeInSeconds. It is only supported when "
                "EnableManagedSpotTraining is set to true"
            )
    elif wait is None or wait < condition.get("MaxRuntimeInSeconds", 86_400):
        raise validation(
            "Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to "
            "MaxRuntimeInSeconds"
        )


def max_wait(job: Job) -> float:
    """Return the seconds a job may wait and run, from its creation on."""
    if not is_spot(job):
        return math.inf
    return job.request["StoppingCondition"]["MaxWaitTimeInSeconds"]


def billable(job: Job) -> int | None:
    if job.seconds is None or not is_spot(job):
        return job.seconds
    return max(1, math.ceil(job.seconds * _SHARE))
