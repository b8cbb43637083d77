"""What the endpoint's data capture holds of the requests that callers made."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from contracts import layout
from tests.system.loop.platform_under_test import LivePlatform
from tests.system.promotion.callers import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Answers beside captures, by inference id."""

    answered: int
    missing: tuple[str, ...]
    """Answered and captured nowhere."""
    repeated: tuple[str, ...]
    """Captured more than once."""
    otherwise: tuple[str, ...]
    """Captured with another version than the caller was told."""

    @property
    def complete(self) -> bool:
        return not (self.missing or self.repeated or self.otherwise)


def compared(platform: LivePlatform, answers: list[Answer]) -> Compared:
    """Compare once all there is has been uploaded: each request must be there exactly once."""
    platform.account.advance(1)
    told = {answer.id: answer.version for answer in answers if not answer.error}
    captured, counts = dict[str, str](), Counter[str]()
    for id, version in _captured(platform):
        counts[id] += 1
        captured[id] = version
    return Compared(
        answered=len(told),
        missing=tuple(sorted(told.keys() - counts.keys())),
        repeated=tuple(sorted(id for id in told if counts[id] > 1)),
        otherwise=tuple(
            sorted(id for id, version in told.items() if captured.get(id, version) != version)
        ),
    )


def _captured(platform: LivePlatform) -> Iterator[tuple[str, str]]:
    s3, bucket = platform.client("s3"), platform.deployed.captures_bucket
    prefix = f"{layout.captures_prefix(platform.deployed.model)}{platform.deployed.endpoint}/"
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for item in page.get("Contents", ()):
            content = s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
            for line in content.splitlines():
                record = json.loads(line)
                answer = json.loads(record["captureData"]["endpointOutput"]["data"])
                yield record["eventMetadata"].get("inferenceId", ""), answer["model_version"]
