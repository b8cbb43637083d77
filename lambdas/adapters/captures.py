"""The captures of one endpoint in S3, listed by hour and streamed line by line."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts import layout, moment, naming
from lambdas.adapters.capture_lines import lines_of
from lambdas.adapters.documents import render

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedLine:
    number: int
    reason: str
    content: str
    """Its beginning, as text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureFile:
    key: str
    hour: datetime
    """The hour of its folder; its records' own times may lie a little before."""


class Captures:
    def __init__(self, s3: Any, *, bucket: str, model: str, endpoint: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._model = model
        self._base = f"{layout.captures_prefix(model)}{endpoint}/{naming.VARIANT}/"

    def files(self, start: datetime, end: datetime) -> Iterator[CaptureFile]:
        """Files of the hours that may hold captures of [start, end), oldest first.

        A file is written after its records, so the hour after ``end`` is looked at as well.
        """
        last = self._hour(end + timedelta(hours=1))
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._base, StartAfter=self._hour(start)
        )
        for page in pages:
            for item in page.get("Contents", []):
                if item["Key"][: len(last)] > last:  # S3 lists keys in order
                    return
                if item["Key"].endswith(".jsonl"):
                    yield CaptureFile(key=item["Key"], hour=self._hour_of(item["Key"]))

    def lines(self, key: str) -> Iterator[bytes | None]:
        body = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"]
        return lines_of(body.iter_chunks(_CHUNK))

    def quarantine(
        self, key: str, refused: Sequence[RefusedLine], *, more: int, window_start: datetime
    ) -> None:
        """Put the refused lines of one file aside; done again, it writes the same object."""
        start = moment.render(window_start)
        document = {
            "source": layout.s3_uri(self._bucket, key),
            "lines": [
                {"number": line.number, "reason": line.reason, "content": line.content}
                for line in refused
            ],
            "more": more,
        }
        self._s3.put_object(
            Bucket=self._bucket,
            Key=layout.capture_quarantine_key(self._model, start, key),
            Body=render(document),
            ContentType="application/json",
        )

    def _hour_of(self, key: str) -> datetime:
        folder = "".join(key.removeprefix(self._base).split("/")[:4])
        return datetime.strptime(folder, "%Y%m%d%H").replace(tzinfo=UTC)

    def _hour(self, at: datetime) -> str:
        return f"{self._base}{at.astimezone(UTC):%Y/%m/%d/%H}/"
