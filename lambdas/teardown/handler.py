"""The custom resource that owns what run time made: deleting it deletes all of that."""

import logging
import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from lambdas.adapters import wiring
from lambdas.teardown.alarms import Alarms
from lambdas.teardown.answer import Answer, Status, send
from lambdas.teardown.hosting import Hosting
from lambdas.teardown.jobs import Jobs
from lambdas.teardown.removal import Removal
from lambdas.teardown.versions import Versions

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)

_RESERVE_MS = 60_000
"""Left for the answer: a handler that dies without one leaves the stack waiting for an hour."""


def lambda_handler(event: Mapping[str, Any], context: Any) -> None:
    answer = answer_to(
        event, _removal, time_left=lambda: context.get_remaining_time_in_millis() > _RESERVE_MS
    )
    logger.info("%s: %s", event["RequestType"], answer.reason)
    send(event, answer)


def answer_to(
    event: Mapping[str, Any], removal: Callable[[], Removal], *, time_left: Callable[[], bool]
) -> Answer:
    """Do what the event asks; whatever goes wrong becomes the answer, as there must be one."""
    if event["RequestType"] != "Delete":
        return Answer(status=Status.SUCCESS, reason="nothing to do before deletion")
    try:
        asked = event["ResourceProperties"]
        done = removal().remove(asked["Model"], asked["Environment"], time_left=time_left)
    except Exception as error:
        logger.exception("what run time made is not all removed")
        reason = f"what run time made is not all removed: {type(error).__name__}: {error}"
        return Answer(status=Status.FAILED, reason=reason)
    return Answer(status=Status.SUCCESS, reason=done)


@cache
def _removal() -> Removal:
    sagemaker = wiring.client("sagemaker")
    return Removal(
        hosting=Hosting(sagemaker, pause=lambda: time.sleep(5)),
        versions=Versions(sagemaker),
        jobs=Jobs(sagemaker),
        alarms=Alarms(wiring.client("cloudwatch")),
        state=wiring.state_table(),
    )
