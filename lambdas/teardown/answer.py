"""How a custom resource answers CloudFormation: a PUT to the address it was given."""

import json
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

_LONGEST_REASON = 1000
"""The whole answer may have 4096 bytes; a longer one is refused and the stack hangs."""


class Status(StrEnum):
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: Status
    reason: str

    def body(self, event: Mapping[str, Any]) -> bytes:
        """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html."""
        document = {
            "Status": self.status.value,
            "Reason": self.reason[:_LONGEST_REASON],
            # The same id for life: another one would make CloudFormation delete "the old one".
            "PhysicalResourceId": event.get("PhysicalResourceId") or event["LogicalResourceId"],
            "StackId": event["StackId"],
            "RequestId": event["RequestId"],
            "LogicalResourceId": event["LogicalResourceId"],
            "NoEcho": False,
        }
        return json.dumps(document).encode()


def send(event: Mapping[str, Any], answer: Answer) -> None:
    """The address is signed for an empty content type."""
    request = urllib.request.Request(  # noqa: S310  CloudFormation's own address
        event["ResponseURL"],
        data=answer.body(event),
        method="PUT",
        headers={"Content-Type": ""},
    )
    with urllib.request.urlopen(request, timeout=30):  # noqa: S310
        pass
