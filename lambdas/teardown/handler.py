"""The custom resource that owns what run time made: deleting it deletes all of that."""

import time
from collections.abc import Mapping
from functools import cache
from typing import Any

from lambdas.adapters import custom_resource, wiring
from lambdas.teardown.alarms import Alarms
from lambdas.teardown.hosting import Hosting
from lambdas.teardown.jobs import Jobs
from lambdas.teardown.removal import Removal
from lambdas.teardown.versions import Versions

_RESERVE_MS = 60_000
"""Left for the answer: a handler that dies without one leaves the stack waiting for an hour."""


def lambda_handler(event: Mapping[str, Any], context: Any) -> None:
    def time_left() -> bool:
        return context.get_remaining_time_in_millis() > _RESERVE_MS

    def remove(properties: Mapping[str, Any]) -> str:
        return _removal().remove(
            properties["Model"], properties["Environment"], time_left=time_left
        )

    custom_resource.answer(event, on_delete=remove)


@cache
def _removal() -> Removal:
    sagemaker = wiring.client("sagemaker")
    return Removal(
        hosting=Hosting(sagemaker, pause=lambda: time.sleep(5)),
        versions=Versions(sagemaker),
        jobs=Jobs(sagemaker),
        alarms=Alarms(wiring.client("cloudwatch")),
        autoscaling=wiring.client("application-autoscaling"),
        state=wiring.state_table(),
    )
