"""Faults in the AWS calls that states make themselves, with the error names of Step Functions.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from collections.abc import Callable
from typing import Any

from ministack.services import stepfunctions as sfn

from emulator.faults.book import FaultBook
from emulator.faults.callers import Caller, Kind
from emulator.faults.rule import Effect, Rule, service_name
from emulator.ministack.executions import CURRENT, STATE
from emulator.ministack.sagemaker_tasks import cause, optimized_error
from emulator.sagemaker.errors import ServiceError

SEAMS = (
    "ministack.services.stepfunctions:_AWS_SDK_ERROR_PREFIX",
    "ministack.services.stepfunctions:_ExecutionError",
    "ministack.services.stepfunctions:_invoke_resource",
    "ministack.services.stepfunctions:_prefix_sdk_error",
)

_SERVICES = {
    "lambda": "Lambda",
    "sagemaker": "SageMaker",
    "states": "StepFunctions",
    "dynamodb": "DynamoDB",
    "events": "EventBridge",
    "sns": "SNS",
    "sqs": "SQS",
}
"""How an optimized integration begins its errors' names."""
_CLIENT_SIDE = "SdkClientException"
"""What the AWS SDK for Java raises without an answer; for Lambda the page above names it."""


def install(book: FaultBook) -> None:
    invoke = sfn._invoke_resource

    def invoked(resource: str, arguments: Any) -> Any:
        run = CURRENT.get()
        called = None if run is None else _called(resource)
        if run is None or called is None:
            return invoke(resource, arguments)
        caller = Caller(
            kind=Kind.STATE_MACHINE,
            name=run.execution["stateMachineArn"].rsplit(":", 1)[-1],
            invocation=run.execution["executionArn"],
            state=STATE.get(),
        )
        rule = book.meet(caller, *called)
        if rule is None:
            return invoke(resource, arguments)
        # A lost reply is that of the call itself: what it set off runs on, and nobody waits.
        alone = resource.partition(".sync")[0]
        return _act(rule, resource, lambda: invoke(alone, arguments))

    sfn._invoke_resource = invoked


def _called(resource: str) -> tuple[str, str] | None:
    """Return service and operation of a task's resource; an activity calls nothing."""
    parts = resource.split(":")
    if parts[2] == "lambda":
        return "lambda", "Invoke"
    if not resource.startswith("arn:aws:states:::"):
        return None
    service, action = parts[-2:] if parts[-1] != "2" else parts[-3:-1]
    action = action.partition(".")[0]
    return service_name(service), action[0].upper() + action[1:]


def _act(rule: Rule, resource: str, perform: Callable[[], Any]) -> Any:
    if rule.effect is Effect.ANSWER:
        return rule.answer
    if rule.effect is Effect.LOSE_REPLY:
        perform()
        raise sfn._ExecutionError(
            _named(resource, _CLIENT_SIDE), "Unable to execute HTTP request: injected"
        )
    error = ServiceError(rule.code, rule.message, status=rule.status)
    raise sfn._ExecutionError(
        _named(resource, rule.code),
        "" if rule.code == "States.Timeout" else cause(error, _service(resource)),
    )


def _named(resource: str, code: str) -> str:
    """Return the name that a Retry or Catch sees; States' own errors go as they are."""
    if code.startswith("States."):
        return code
    service = _service(resource)
    if ":aws-sdk:" in resource:
        return sfn._prefix_sdk_error(service, code)
    if service == "sagemaker" and code != _CLIENT_SIDE:
        return optimized_error(code)
    return f"{_SERVICES.get(service, service)}.{code}"


def _service(resource: str) -> str:
    parts = resource.split(":")
    return parts[6] if ":aws-sdk:" in resource else (_called(resource) or ("states", ""))[0]
