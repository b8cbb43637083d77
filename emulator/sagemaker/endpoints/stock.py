"""Instance types that are scarce for endpoints: a quota refuses a call, missing capacity fails it.

The words are AWS's, as its users report them:
https://github.com/aws-samples/sagemaker-custom-project-templates/issues/51 (quota),
https://github.com/aws/deep-learning-containers/pull/6673 (capacity).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.sagemaker.endpoints.pool import Pool, PoolError
from emulator.sagemaker.errors import limit_exceeded


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limit:
    quota: int | None
    capacity: int | None


class Stock:
    """What the account may have, and AWS has; ``pools`` are those of all endpoints."""

    def __init__(self, pools: Callable[[], Iterable[Pool]]) -> None:
        self._pools = pools
        self._limits: dict[str, _Limit] = {}

    def limit(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Set the limits of an instance type; without numbers it is plentiful again."""
        limit = _Limit(quota=given.get("quota"), capacity=given.get("capacity"))
        for name, value in (("quota", limit.quota), ("capacity", limit.capacity)):
            if value is not None and value < 0:
                raise ValueError(f"{name} must be 0 or more, got {value}")
        self._limits[given["instance_type"]] = limit
        return {}

    def refuse_over_quota(self, asked: Iterable[tuple[str | None, int]]) -> None:
        """Raise AWS's refusal of instances (a type and how many) that the quota has not left."""
        wanted = Counter[str]()
        for kind, count in asked:
            wanted[kind or ""] += count
        for kind, delta in wanted.items():
            limit = self._limits.get(kind)
            used = self._used(kind)
            if limit is not None and limit.quota is not None and used + delta > limit.quota:
                raise limit_exceeded(
                    f"The account-level service limit '{kind} for endpoint usage' is "
                    f"{limit.quota} Instances, with current utilization of {used} Instances and a "
                    f"request delta of {delta} Instances. Please use AWS Service Quotas to request "
                    "an increase for this quota. If AWS Service Quotas is not available, contact "
                    "AWS support to request an increase for this quota."
                )

    def provision(self, kind: str | None) -> None:
        """Raise where AWS has not as many instances as all variants together want by now."""
        limit = self._limits.get(kind or "")
        if limit is None or limit.capacity is None or self._used(kind) <= limit.capacity:
            return
        raise PoolError(
            "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity "
            "error. Please retry using a different ML instance type or after some time."
        )

    def _used(self, kind: str | None) -> int:
        return sum(pool.desired for pool in self._pools() if pool.variant.instance_type == kind)
