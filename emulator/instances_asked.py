"""What a client does to instances: makes them scarce or small, takes them away."""

from collections.abc import Mapping
from typing import Any


class InstanceSetter:
    """The part of a running account that stands for AWS's stock of machines."""

    def _call(
        self, method: str, name: str, body: Mapping[str, Any] | None = None, *, timeout: float = 60
    ) -> dict[str, Any]:
        raise NotImplementedError

    def limit_instances(
        self,
        instance_type: str,
        *,
        jobs: str | None = None,
        quota: int | None = None,
        capacity: int | None = None,
    ) -> None:
        """Make an instance type scarce, by default for jobs of all kinds.

        ``jobs`` may be "training", "processing", "transform" or, for the instances that serve,
        "endpoint". Over ``quota`` (counted for each kind, and spot training, apart) the call
        answers ResourceLimitExceeded; over ``capacity`` the job fails with CapacityError, or waits
        when it is a spot job, and an endpoint fails or its update is rolled back with AWS's
        InsufficientInstanceCapacity. Without numbers the type is plentiful again.
        """
        limits = {"jobs": jobs, "quota": quota, "capacity": capacity}
        self._call("POST", "instances", {"instance_type": instance_type, **limits})

    def resize_instances(
        self,
        *,
        core: float | None = None,
        memory_mib: float | None = None,
        disk_mib: float | None = None,
    ) -> None:
        """Measure the instances that serve as if each were so small, not this machine.

        ``core`` is what one of its cores is, as a part of one of this machine's; its disk holds
        what its container writes below ``$HOME``. Without numbers it is this machine again.
        """
        size = {"core": core, "memory_mib": memory_mib, "disk_mib": disk_mib}
        self._call("POST", "instance-size", size)

    def interrupt_spot(self, job_name: str) -> None:
        """Take the instance of a managed spot training job away while it trains.

        Its process gets SIGTERM, then SIGKILL; the job waits for capacity and starts again, with
        the checkpoints it has stored.
        """
        self._call("POST", "spot-interruptions", {"job_name": job_name})
