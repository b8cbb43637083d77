"""One model package group: the name that a model's versions share."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from emulator.sagemaker.listing import Entry
from emulator.sagemaker.operations import Response


def _from_one() -> Iterator[int]:
    return itertools.count(1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Group:
    name: str
    arn: str
    created: datetime
    by: Mapping[str, Any]
    description: str | None
    versions: Iterator[int] = field(default_factory=_from_one)
    """The next version's number; that of a deleted version is not given again."""

    def describe(self) -> Response:
        facts: dict[str, Any] = {
            "ModelPackageGroupName": self.name,
            "ModelPackageGroupArn": self.arn,
            "ModelPackageGroupDescription": self.description,
            "CreationTime": self.created,
            "CreatedBy": dict(self.by),
            "ModelPackageGroupStatus": "Completed",
        }
        return {name: value for name, value in facts.items() if value is not None}

    def entry(self) -> Entry:
        summary = {name: value for name, value in self.describe().items() if name != "CreatedBy"}
        return Entry(
            name=self.name,
            created=self.created,
            modified=self.created,
            status="Completed",
            summary=summary,
        )
