"""Requests that promotion itself sends, so that a candidate is asked before it is trusted."""

import json
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from contracts import layout, naming
from contracts.card import ModelCard, ServingMode
from contracts.errors import ContractError
from lambdas.promotion.answers import scores_of
from lambdas.promotion.known_answers import KnownAnswers

_AT_ONCE = 8
"""Fewer than a client keeps connections (10)."""
_SHARE_OF_SERVERLESS = 5
"""One in so many of a serverless endpoint's concurrent requests: beyond its limit AWS refuses
whoever asks, callers too."""


def at_once(card: ModelCard) -> int:
    """How many probes may be under way together without crowding callers out."""
    serving = card.serving
    if serving.mode is not ServingMode.SERVERLESS:
        return _AT_ONCE
    return max(1, min(_AT_ONCE, serving.serverless.max_concurrency // _SHARE_OF_SERVERLESS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """How many probes each version answered, how many failed, and how many of the candidate's
    answers were wrong."""

    by_version: Mapping[str, int]
    errors: int
    first_error: str
    wrong: int
    first_wrong: str

    def of(self, version: int) -> int:
        return self.by_version.get(str(version), 0)

    def and_then(self, later: "Answers") -> "Answers":
        return Answers(
            by_version=Counter(self.by_version) + Counter(later.by_version),
            errors=self.errors + later.errors,
            first_error=self.first_error or later.first_error,
            wrong=self.wrong + later.wrong,
            first_wrong=self.first_wrong or later.first_wrong,
        )


class Probes:
    def __init__(self, runtime: Any, *, at_once: int) -> None:
        self._runtime = runtime
        self._at_once = at_once

    def send(
        self, endpoint: str, known: KnownAnswers, *, count: int, version: int, label: str
    ) -> Answers:
        """Send ``count`` requests; a failed one is counted, and is traffic all the same.

        Their inference ids carry layout.PROBE_PREFIX, so that drift checks skip them. Only what
        ``version`` answers is compared: the champion's answers are its own.
        """

        def probe(number: int) -> tuple[str, str, str]:
            row = number % len(known.rows)
            id = f"{layout.PROBE_PREFIX}{naming.digest(label)}-{number}"
            try:
                answered_by, scores = self._ask(endpoint, known.rows[row], id)
            except (ClientError, ContractError) as error:
                return "", str(error), ""
            judged = answered_by == str(version)
            return answered_by, "", (known.wrong(row, scores) or "") if judged else ""

        with ThreadPoolExecutor(self._at_once) as threads:
            sent = list(threads.map(probe, range(count)))
        errors = [error for _, error, _ in sent if error]
        wrong = [found for _, _, found in sent if found]
        return Answers(
            by_version=Counter(answered_by for answered_by, _, _ in sent if answered_by),
            errors=len(errors),
            first_error=errors[0] if errors else "",
            wrong=len(wrong),
            first_wrong=wrong[0] if wrong else "",
        )

    def _ask(self, endpoint: str, row: str, id: str) -> tuple[str, list[float]]:
        answer = self._runtime.invoke_endpoint(
            EndpointName=endpoint,
            ContentType="text/csv",
            Accept="application/json",
            InferenceId=id,
            Body=row.encode(),
        )
        content = answer["Body"].read()
        try:
            document = json.loads(content)
            return str(document["model_version"]), scores_of(document)
        except (ValueError, KeyError, TypeError) as error:
            raise ContractError(
                f"endpoint {endpoint} must answer JSON with model_version and a score for each "
                f"row, got {content[:200]!r}"
            ) from error
