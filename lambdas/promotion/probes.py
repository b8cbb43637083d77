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
    """Requests of one CSV row each: the features of the golden file, in the card's order."""
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8"))))
    missing = [name for name in features if not rows or any(row.get(name) is None for row in rows)]
    if missing:
        raise ContractError(
            f"golden.csv must have rows with all of the card's features, lacks {missing}"
        )
    return [",".join(row[name] for name in features) for row in rows]


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
