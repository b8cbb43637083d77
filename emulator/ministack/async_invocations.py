"""Functions invoked as events are retried, and what fails for good reaches its destination.

"If the function returns an error, by default Lambda attempts to run it two more times, with a
one-minute wait between the first two attempts, and two minutes between the second and third."
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
EventBridge and Scheduler invoke functions so; MiniStack's rules do it once, and drop failures.
"""

import contextvars
import json
import logging
import threading
import uuid
from contextvars import ContextVar
from typing import Any

from ministack.services import eventbridge, lambda_svc

from emulator.clock import ClockStopped
from emulator.ports import Account

SEAMS = (
    "ministack.services.eventbridge:_dispatch_to_lambda",
    "ministack.services.lambda_svc:_execute_function_dispatch",
    "ministack.services.lambda_svc:_execute_function_with_config_scope",
    "ministack.services.lambda_svc:_execution_record_for_config",
    "ministack.services.lambda_svc:_get_func_record_for_ref",
    "ministack.services.lambda_svc:_route_async_failure",
    "ministack.services.lambda_svc:invoke_async_with_retry",
)

_WAITS = (60.0, 120.0)
_LONGEST_AGE = 6 * 3600
_log = logging.getLogger(__name__)

_request: ContextVar[str | None] = ContextVar("async_request_id", default=None)
"""An event keeps its request id when it is retried, so that a function can know it again.

Lambda's logs show it so; no page of the developer guide says it (unproven).
"""


def install(account: Account) -> None:
    def invoke(function: dict[str, Any], event: Any) -> None:
        context = contextvars.copy_context()
        threading.Thread(
            target=context.run, args=(_attempts, account, function, event), daemon=True
        ).start()

    def dispatch(arn: str, payload: str) -> None:
        function, config, name = lambda_svc._get_func_record_for_ref(arn)
        if not function or not config:
            _log.warning("the target function %s does not exist", name)
            return
        invoke(lambda_svc._execution_record_for_config(function, config), _event(payload))

    execute = lambda_svc._execute_function_dispatch

    def known(func: Any, config: Any, event: Any, request_id: str, started: float) -> Any:
        return execute(func, config, event, _request.get() or request_id, started)

    lambda_svc._execute_function_dispatch = known
    lambda_svc.invoke_async_with_retry = invoke
    eventbridge._dispatch_to_lambda = dispatch


def _event(payload: str) -> Any:
    try:
        return json.loads(payload)
    except json.JSONDecodeError:
        return payload


def _attempts(account: Account, function: dict[str, Any], event: Any) -> None:
    config = function.get("config") or function
    settings = _settings(function)
    clock = account.clock
    started = clock.now()
    age = int(settings.get("MaximumEventAgeInSeconds") or _LONGEST_AGE)
    retries = settings.get("MaximumRetryAttempts")
    waits = _WAITS if retries is None else _WAITS[: int(retries)]
    result: dict[str, Any] = {}
    _request.set(str(uuid.uuid4()))
    for wait in (0.0, *waits):
        if wait and (clock.now() - started).total_seconds() + wait > age:
            break
        try:
            clock.sleep(wait)
        except ClockStopped:
            return
        result = lambda_svc._execute_function_with_config_scope(function, event)
        if not result.get("error"):
            return
    _give_up(account, config, settings, event, result)


def _give_up(
    account: Account,
    config: dict[str, Any],
    settings: dict[str, Any],
    event: Any,
    result: dict[str, Any],
) -> None:
    """Hand a failed event on: a destination gets a record, a dead-letter queue the event itself."""
    failure = (settings.get("DestinationConfig") or {}).get("OnFailure") or {}
    if failure.get("Destination"):
        name = config["FunctionName"]
        lambda_svc._route_async_failure(failure["Destination"], name, event, result)
    target = (config.get("DeadLetterConfig") or {}).get("TargetArn")
    if target:
        _dead_letter(account, target, event, result)


def _dead_letter(account: Account, arn: str, event: Any, result: dict[str, Any]) -> None:
    body = result.get("body")
    message = body.get("errorMessage") if isinstance(body, dict) else str(body)
    attributes = {
        "ErrorCode": {"DataType": "Number", "StringValue": "200"},
        "ErrorMessage": {"DataType": "String", "StringValue": str(message)[:1024] or "-"},
    }
    service, name = arn.split(":")[2], arn.rsplit(":", 1)[-1]
    client = account.client(service)
    text = json.dumps(event)
    if service == "sqs":
        url = client.get_queue_url(QueueName=name)["QueueUrl"]
        client.send_message(QueueUrl=url, MessageBody=text, MessageAttributes=attributes)
    else:
        client.publish(TopicArn=arn, Message=text, MessageAttributes=attributes)


def _settings(function: dict[str, Any]) -> dict[str, Any]:
    stored = lambda_svc._functions.get((function.get("config") or function)["FunctionName"])
    source = stored or function
    configs = source.get("event_invoke_configs") or {}
    return configs.get("$LATEST") or source.get("event_invoke_config") or {}
