"""Errors of AWS services that pass by themselves, told apart from those that stay.

``ClientError`` is the name of a refused permission and of a throttled call alike, and a workflow
retries by name. What a client's own retries could not get through becomes :class:`ServiceBusy`.
"""

from collections.abc import Mapping
from typing import Any

from botocore.config import Config

# "standard" retries throttling and transient errors with full jitter, the same for all services:
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
CONFIG = Config(retries={"mode": "standard", "max_attempts": 4})

_PASSING = frozenset(
    {
        "ConditionalRequestConflict",  # S3: two conditional writes at once
        "OperationAborted",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "RequestTimeoutException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)


class ServiceBusy(Exception):
    """A service is throttling or not well; the step that asked it may be done again."""


def watch(client: Any) -> Any:
    """Have the client raise :class:`ServiceBusy`; returns the client."""
    client.meta.events.register("after-call.*.*", _told_apart)
    return client


def _told_apart(parsed: Mapping[str, Any], http_response: Any, model: Any, **_rest: object) -> None:
    status, error = http_response.status_code, parsed.get("Error", {})
    if status < 300:
        return
    code = str(error.get("Code", status))
    if code in _PASSING or status >= 500:
        service = model.service_model.service_name
        told = error.get("Message", "no message")
        raise ServiceBusy(f"{service} {model.name} answered {code}: {told}")
