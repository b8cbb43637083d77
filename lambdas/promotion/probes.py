"""Requests that promotion itself sends, so that a candidate is asked before it is trusted."""

import csv
import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from contracts import layout, naming
from contracts.errors import ContractError


class ProbesUnanswered(Exception):
    """The candidate serves but does not answer its probes as it must."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """How many probes each version answered, and how many failed."""

    by_version: Mapping[str, int]
    errors: int
    first_error: str | None

    def document(self) -> dict[str, Any]:
        return {
            "answers": dict(self.by_version),
            "errors": self.errors,
            "first_error": self.first_error or "",
        }


def golden_rows(content: bytes, features: Sequence[str]) -> list[str]:
    """Requests of one CSV row each, as evaluation left them: the card's features in its order."""
    rows = [row for row in csv.reader(io.StringIO(content.decode("utf-8"))) if row]
    if rows and rows[0] == list(features):  # a header
        rows = rows[1:]
    if not rows:
        raise ContractError("golden.csv must have at least one row, got none")
    for number, row in enumerate(rows, start=1):
        if len(row) != len(features):
            raise ContractError(
                f"golden.csv row {number} must have {len(features)} values, got {len(row)}"
            )
    return [",".join(row) for row in rows]


class Probes:
    def __init__(self, runtime: Any) -> None:
        self._runtime = runtime

    def send(self, endpoint: str, rows: Sequence[str], *, count: int, label: str) -> Answers:
        """Send ``count`` requests; a failed one is counted, and is traffic all the same.

        Their inference ids carry layout.PROBE_PREFIX, so that drift checks skip them.
        """
        versions: Counter[str] = Counter()
        failures: list[str] = []
        for number in range(count):
            id = f"{layout.PROBE_PREFIX}{naming.digest(label)}-{number}"
            try:
                versions[self._ask(endpoint, rows[number % len(rows)], id)] += 1
            except (ClientError, ContractError) as error:
                failures.append(str(error))
        return Answers(
            by_version=versions,
            errors=len(failures),
            first_error=failures[0] if failures else None,
        )

    def _ask(self, endpoint: str, row: str, id: str) -> str:
        answer = self._runtime.invoke_endpoint(
            EndpointName=endpoint,
            ContentType="text/csv",
            Accept="application/json",
            InferenceId=id,
            Body=row.encode(),
        )
        content = answer["Body"].read()
        try:
            return str(json.loads(content)["model_version"])
        except (ValueError, KeyError, TypeError) as error:
            raise ContractError(
                f"endpoint {endpoint} must answer JSON with model_version, got {content[:200]!r}"
            ) from error
