"""The numbers that a training job's MetricDefinitions find in its log.

https://docs.aws.amazon.com/sagemaker/latest/dg/define-train-metrics.html
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from emulator.sagemaker.errors import validation


class FinalMetrics:
    """Keeps the last value of each metric."""

    def __init__(
        self, definitions: Sequence[Mapping[str, str]], now: Callable[[], datetime]
    ) -> None:
        self._now = now
        self._last: dict[str, dict[str, Any]] = {}
        self._patterns: list[tuple[str, re.Pattern[str]]] = []
        for definition in definitions:
            try:
                self._patterns.append((definition["Name"], re.compile(definition["Regex"])))
            except re.error as error:
                raise validation(
                    f"Invalid regex for metric {definition['Name']}: {definition['Regex']}"
                ) from error

    def see(self, line: str) -> None:
        for name, pattern in self._patterns:
            found = pattern.search(line)
            if found is None or not found.groups():
                continue
            try:
                value = float(found[1])
            except (TypeError, ValueError):
                continue
            self._last[name] = {"MetricName": name, "Value": value, "Timestamp": self._now()}

    def as_list(self) -> list[dict[str, Any]]:
        return list(self._last.values())
