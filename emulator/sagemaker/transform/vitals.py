"""CPUUtilization and MemoryUtilization of a transform job's instance.

A datum for each minute of the account's clock that real time sees, and one at the end.
https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html (instance metrics)
"""

import logging
import os
from datetime import datetime

from emulator.ports import Account
from emulator.sagemaker.endpoints.vitals import Usage, usage_of

NAMESPACE = "/aws/sagemaker/TransformJobs"
_log = logging.getLogger(__name__)


class Vitals:
    def __init__(self, account: Account, host: str) -> None:
        """``host`` is ``<job>/<instance>``."""
        self._account = account
        self._host = host
        self._begun: Usage | None = None
        self._minute: datetime | None = None

    def begin(self, pid: int | None) -> None:
        self._begun = usage_of(pid)
        self._minute = self._now()

    def look(self, pid: int | None) -> None:
        """Take the metrics once another minute has begun."""
        if self._minute is not None and self._now() > self._minute:
            self.take(pid)

    def take(self, pid: int | None) -> None:
        """Publish what was used since the last time; nothing of what never began."""
        usage, before = usage_of(pid), self._begun
        if usage is None or before is None:
            return
        self._begun, self._minute = usage, self._now()
        elapsed = max(usage.at - before.at, 1e-3)
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        self._publish("CPUUtilization", 100 * (usage.cpu - before.cpu) / elapsed)
        self._publish("MemoryUtilization", 100 * usage.memory / memory)

    def _publish(self, name: str, value: float) -> None:
        try:
            self._account.put_metric(
                namespace=NAMESPACE,
                name=name,
                dimensions={"Host": self._host},
                value=value,
                unit="Percent",
            )
        except Exception:
            # A job's end does not depend on whether its metrics could be stored.
            _log.exception("no %s was stored for %s", name, self._host)

    def _now(self) -> datetime:
        return self._account.clock.now().replace(second=0, microsecond=0)
