"""CloudFormation's custom resources: only their deletion does anything, and it always answers."""

import json
import logging
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)

_MOST_REASON = 1000
"""CloudFormation takes an answer of 4096 bytes at most."""


def answer(event: Mapping[str, Any], *, on_delete: Callable[[Mapping[str, Any]], str]) -> None:
    """Do what the event asks and put the outcome to its ResponseURL.

    ``on_delete`` takes the resource's properties and says in words what it deleted.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
    An exception must become an answer too: without one, CloudFormation waits until it times out.
    """
    outcome = {"Status": "SUCCESS", "Reason": "nothing to do before deletion"}
    if event["RequestType"] == "Delete":
        try:
            outcome["Reason"] = on_delete(event["ResourceProperties"])
        except Exception as error:
            logger.exception("deleting %s failed", event["LogicalResourceId"])
            outcome = {"Status": "FAILED", "Reason": f"{type(error).__name__}: {error}"}
    logger.info("%s %s: %s", event["RequestType"], event["LogicalResourceId"], outcome["Reason"])
    outcome["Reason"] = outcome["Reason"][:_MOST_REASON]
    _put(event["ResponseURL"], _document(event, outcome))


def _document(event: Mapping[str, Any], outcome: Mapping[str, str]) -> bytes:
    """The physical id never changes: another one would make CloudFormation delete this one."""
    identity = {name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
    physical_id = event.get("PhysicalResourceId", event["LogicalResourceId"])
    return json.dumps({**outcome, **identity, "PhysicalResourceId": physical_id}).encode()


def _put(url: str, body: bytes) -> None:
    """The URL is presigned for an empty content type, which urllib would fill in."""
    request = urllib.request.Request(  # noqa: S310 - CloudFormation's own URL
        url, data=body, method="PUT", headers={"Content-Type": ""}
    )
    urllib.request.urlopen(request, timeout=30).close()  # noqa: S310
