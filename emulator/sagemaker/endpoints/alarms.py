"""The alarms of a deployment, watched while it bakes."""

import logging
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

_log = logging.getLogger("emulator.endpoints")
_POLL = 0.2


class AlarmWatch:
    """Looks at the alarms every 0.2 real seconds, however fast the account's clock goes."""

    def __init__(self, cloudwatch: Callable[[], Any], names: Sequence[str]) -> None:
        self.tripped = threading.Event()
        self.reason = ""
        self._cloudwatch = cloudwatch
        self._names = list(names)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="endpoint-alarms", daemon=True)

    def __enter__(self) -> Self:
        if self._names:
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()

    def settle(self) -> bool:
        """Look once more after two polls: the alarms may still be taking the last data in."""
        if self._names and not self.tripped.wait(2 * _POLL):
            self.look()
        return self.tripped.is_set()

    def look(self) -> bool:
        """Ask once; say whether one of the alarms has been in ALARM since the watch began."""
        found = self._alarms() if self._names else []
        ringing = [one["AlarmName"] for one in found if one["StateValue"] == "ALARM"]
        if ringing:
            self.reason = ", ".join(sorted(ringing))
            self.tripped.set()
        return self.tripped.is_set()

    def missing(self) -> list[str]:
        """Return the names that no alarm has."""
        if not self._names:
            return []
        found = {alarm["AlarmName"] for alarm in self._alarms()}
        return [name for name in self._names if name not in found]

    def _watch(self) -> None:
        while not self._over.is_set() and not self.tripped.is_set():
            try:
                self.look()
            except Exception:
                _log.exception("could not read the alarms %s", self._names)
            self._over.wait(_POLL)

    def _alarms(self) -> list[dict[str, Any]]:
        # DescribeAlarms gives metric alarms only, unless AlarmTypes asks for composite ones too.
        answer = self._cloudwatch().describe_alarms(
            AlarmNames=self._names, AlarmTypes=["MetricAlarm", "CompositeAlarm"], MaxRecords=100
        )
        return [*answer.get("MetricAlarms", []), *answer.get("CompositeAlarms", [])]
