"""Instance types that are scarce: the account's quota refuses a job, AWS's capacity fails it.

https://docs.aws.amazon.com/sagemaker/latest/dg/regions-quotas.html; AWS's words for a quota are
those of https://github.com/gabehollombe-aws/jupyter-notebooks/issues/1, for a lack of capacity
those of https://github.com/DIAGNijmegen/rse-grand-challenge/issues/2631.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.sagemaker.errors import limit_exceeded
from emulator.sagemaker.jobs.job import Job, JobFailed, Kind
from emulator.sagemaker.operations import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limit:
    quota: int | None
    """How many instances the account may use for jobs of one kind."""
    capacity: int | None
    """How many instances AWS has for the account's jobs of one kind."""


def asked_of(kind: Kind, request: Request) -> tuple[str, int]:
    """Return the instance type and how many of them a job asks for."""
    if kind is Kind.TRANSFORM:
        cluster = request["TransformResources"]
    elif kind is Kind.TRAINING:
        cluster = request.get("ResourceConfig", {})
    else:
        cluster = request["ProcessingResources"]["ClusterConfig"]
    return cluster.get("InstanceType", ""), cluster.get("InstanceCount", 1)


def _usage(kind: Kind, request: Request) -> str:
    spot = "spot " if request.get("EnableManagedSpotTraining") else ""
    return f"{spot}{kind.value.lower()} job usage"


class Scarcity:
    """What instances jobs may have, and have."""

    def __init__(self) -> None:
        self._limits: dict[tuple[Kind, str], _Limit] = {}
        self._taken: set[Job] = set()
        self._lock = threading.Lock()

    def limit(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Set the limits of an instance type; without numbers it is plentiful again."""
        jobs = given.get("jobs")
        kinds = [kind for kind in Kind if jobs in (None, kind.value.lower())]
        if not kinds:
            raise ValueError(
                f"jobs must be training, processing, transform or nothing, got {jobs!r}"
            )
        limit = _Limit(quota=given.get("quota"), capacity=given.get("capacity"))
        for name, value in (("quota", limit.quota), ("capacity", limit.capacity)):
            if value is not None and value < 0:
                raise ValueError(f"{name} must be 0 or more, got {value}")
        with self._lock:
            self._limits |= {(kind, given["instance_type"]): limit for kind in kinds}
        return {}

    def refuse_over_quota(self, kind: Kind, request: Request, running: list[Job]) -> None:
        """Raise AWS's refusal of a job for which the account's quota has no instance left."""
        instance_type, count = asked_of(kind, request)
        limit = self._limits.get((kind, instance_type))
        if limit is None or limit.quota is None:
            return
        usage = _usage(kind, request)
        used = sum(
            asked_of(job.kind, job.request)[1]
            for job in running
            if asked_of(job.kind, job.request)[0] == instance_type
            and _usage(job.kind, job.request) == usage
        )
        if used + count > limit.quota:
            raise limit_exceeded(
                f"The account-level service limit '{instance_type} for {usage}' is {limit.quota} "
                f"Instances, with current utilization of {used} Instances and a request delta of "
                f"{count} Instances. Please contact AWS support to request an increase for this "
                "limit."
            )

    def take(self, job: Job) -> bool:
        """Give the job its instances; say whether there were any left."""
        instance_type, count = asked_of(job.kind, job.request)
        with self._lock:
            limit = self._limits.get((job.kind, instance_type))
            taken = sum(
                asked_of(each.kind, each.request)[1]
                for each in self._taken - {job}
                if each.kind is job.kind
                and not each.is_over
                and asked_of(each.kind, each.request)[0] == instance_type
            )
            if limit and limit.capacity is not None and taken + count > limit.capacity:
                return False
            self._taken.add(job)
            return True

    def give_back(self, job: Job) -> None:
        with self._lock:
            self._taken.discard(job)


def no_capacity() -> JobFailed:
    return JobFailed(
        "CapacityError: Unable to provision requested ML compute capacity. "
        "Please retry using a different ML instance type."
    )
