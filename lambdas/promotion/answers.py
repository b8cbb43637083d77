"""What a candidate has answered to callers, as the captures of its endpoint tell."""

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from contracts import layout, moment, naming
from lambdas.promotion.guard import Given

logger = logging.getLogger(__name__)

_AROUND = timedelta(minutes=10)
_FILE = timedelta(minutes=5)
"""The records of one file lie within; SageMaker and the server write more often."""
_MOST = 10_000
"""Answers that are read at one look: more change no distribution."""
_MOST_FILES = 200
"""A serverless endpoint leaves a file for each answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    at: datetime
    version: str
    scores: list[float]


class CapturedAnswers:
    def __init__(self, s3: Any, *, bucket: str, model: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._prefix = layout.captures_prefix(model)

    def given(
        self, endpoint: str, variant: str, *, version: int, since: datetime, at: datetime
    ) -> tuple[Given, Given]:
        """The scores that ``version`` gave to callers since then, and those that another gave them.

        Of its own, as ``variant``, the newest count; of the other, as ``live``, those around that
        moment: it may have no traffic left. Probes are nobody's traffic.
        """
        before, after = since - _AROUND, since + _AROUND
        own = self._scores(
            reversed(list(self._keys(f"{endpoint}/{variant}", since, at))),
            lambda answer: answer.version == str(version) and answer.at >= since,
        )
        others = self._scores(
            self._keys(f"{endpoint}/{naming.VARIANT}", before, after),
            lambda answer: answer.version != str(version) and before <= answer.at <= after,
        )
        return own, others

    def _scores(self, keys: Iterable[str], wanted: Callable[[Answered], bool]) -> Given:
        found, requests = list[float](), 0
        for key in islice(keys, _MOST_FILES):
            body = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"]
            for line in body.iter_lines():
                answer = _answer(line) if line.strip() else None
                if answer is not None and wanted(answer):
                    found += answer.scores
                    requests += 1
                if len(found) >= _MOST:
                    return Given(scores=found, requests=requests)
        return Given(scores=found, requests=requests)

    def _keys(self, folder: str, since: datetime, at: datetime) -> Iterator[str]:
        """Files of [since, at], oldest first; one is named after its first record's minute."""
        base = f"{self._prefix}{folder}/"
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=base, StartAfter=f"{base}{_minute(since - _FILE)}"
        )
        last = f"{base}{_minute(at)}~"
        for page in pages:
            for item in page.get("Contents", []):
                if item["Key"] > last:  # S3 lists keys in order
                    return
                yield item["Key"]


def _minute(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y/%m/%d/%H/%M}"


def _answer(line: bytes) -> Answered | None:
    """What one record holds; what cannot be read or names none says nothing.

    https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html
    """
    try:
        record = json.loads(line)
        about = record["eventMetadata"]
        if str(about.get("inferenceId") or "").startswith(layout.PROBE_PREFIX):
            return None
        answer = json.loads(record["captureData"]["endpointOutput"]["data"])
        return Answered(
            at=moment.parse(about["inferenceTime"], "inferenceTime"),
            version=str(answer["model_version"]),
            scores=scores_of(answer),
        )
    except (ValueError, KeyError, TypeError):
        return None


def scores_of(answer: Mapping[str, Any]) -> list[float]:
    return [float(prediction["score"]) for prediction in answer["predictions"]]
