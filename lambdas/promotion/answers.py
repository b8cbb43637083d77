"""What a candidate has answered to callers, as the captures of its endpoint tell."""

import json
import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts import layout, moment, naming

logger = logging.getLogger(__name__)

_MOST = 10_000
"""Answers that are read at one look: more change no distribution."""


class CapturedAnswers:
    def __init__(self, s3: Any, *, bucket: str, model: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._prefix = layout.captures_prefix(model)

    def scores(
        self,
        endpoint: str,
        *,
        version: int,
        since: datetime,
        at: datetime,
        variant: str = naming.VARIANT,
    ) -> list[float]:
        """The scores that ``version`` gave to callers since then; probes are nobody's traffic."""
        found: list[float] = []
        for key in self._keys(f"{endpoint}/{variant}", since, at):
            body = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"]
            for line in body.iter_lines():
                if line.strip():
                    found += _scores(line, str(version), since)
                if len(found) >= _MOST:
                    return found
        return found

    def _keys(self, folder: str, since: datetime, at: datetime) -> Iterator[str]:
        hour = since.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        while hour <= at:
            prefix = f"{self._prefix}{folder}/{hour:%Y/%m/%d/%H}/"
            pages = self._s3.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=prefix
            )
            for page in pages:
                yield from (item["Key"] for item in page.get("Contents", []))
            hour += timedelta(hours=1)


def _scores(line: bytes, version: str, since: datetime) -> list[float]:
    """The scores of one record; what cannot be read or names no version says nothing.

    https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html
    """
    try:
        record = json.loads(line)
        about = record["eventMetadata"]
        if str(about.get("inferenceId") or "").startswith(layout.PROBE_PREFIX):
            return []
        if moment.parse(about["inferenceTime"], "inferenceTime") < since:
            return []
        answer = json.loads(record["captureData"]["endpointOutput"]["data"])
        return scores_of(answer) if str(answer["model_version"]) == version else []
    except (ValueError, KeyError, TypeError):
        return []


def scores_of(answer: Mapping[str, Any]) -> list[float]:
    return [float(prediction["score"]) for prediction in answer["predictions"]]
