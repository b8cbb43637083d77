"""States of a JSONata workflow: every task has a limit, and a retry for each class of error."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import Aws

from infra.components.handler_function import HandlerFunction

State = dict[str, Any]

REDRIVES = "$string($states.context.Execution.RedriveCount)"
"""Counts up with each redrive, so that a repeated job gets a name of its own.

https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
"""


def expression(jsonata: str) -> str:
    return f"{{% {jsonata} %}}"


def integration(name: str) -> str:
    return f"arn:{Aws.PARTITION}:states:::{name}"


def retry(*errors: str, interval: int, attempts: int, most: int) -> State:
    return {
        "ErrorEquals": list(errors),
        "IntervalSeconds": interval,
        "BackoffRate": 2,
        "MaxAttempts": attempts,
        "MaxDelaySeconds": most,
        "JitterStrategy": "FULL",
    }


# https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html
_HANDLER = retry(
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    interval=2,
    attempts=6,
    most=60,
)

# What a handler's own calls ran into (lambdas.adapters.busy, and botocore's names for a connection
# that was lost), beyond the client's own retries.
_BUSY = retry(
    "ServiceBusy",
    "ConnectionClosedError",
    "ConnectTimeoutError",
    "EndpointConnectionError",
    "ReadTimeoutError",
    "ResponseStreamingError",
    interval=5,
    attempts=6,
    most=120,
)

# The names of the optimized integration: connect-sagemaker.html in the same guide. A job that ran
# and failed is States.TaskFailed, which nothing here retries.
_JOB = (
    retry("SageMaker.ResourceLimitExceededException", interval=60, attempts=5, most=600),
    retry("SageMaker.AmazonSageMakerException", interval=5, attempts=5, most=120),
)

# The AWS SDK integration names what the service model does not (throttling, an endpoint that is
# being updated) SageMakerException.
LIMITED = retry("SageMaker.ResourceLimitExceededException", interval=60, attempts=5, most=600)
"""A quota: refused before anything was done."""
_ENDPOINT = (
    LIMITED,
    retry("SageMaker.SageMakerException", interval=15, attempts=5, most=120),
)


def handler(
    function: HandlerFunction, payload: Mapping[str, Any], *retries: State, **rest: Any
) -> State:
    """Call a handler; its answer is ``$states.result.Payload``.

    ``retries`` are for errors of the handler's own that pass by themselves.
    """
    return {
        "Type": "Task",
        "Resource": integration("lambda:invoke"),
        "Arguments": {
            "FunctionName": function.function.function_arn,
            "Payload": dict(payload),
        },
        "TimeoutSeconds": int(function.timeout.to_seconds()) + 30,
        "Retry": [_HANDLER, _BUSY, *retries],
        "Output": expression("$states.result.Payload"),
        **rest,
    }


def job(action: str, arguments: Mapping[str, Any], *, limit_seconds: int, **rest: Any) -> State:
    """Run a SageMaker job to its end.

    The limit lies above the job's own, so that a job which runs too long is stopped by SageMaker
    and says so; half an hour is for finding an instance and pulling the image.
    """
    return {
        "Type": "Task",
        "Resource": integration(f"sagemaker:{action}.sync"),
        "Arguments": dict(arguments),
        "TimeoutSeconds": limit_seconds + 1800,
        "Retry": list(_JOB),
        **rest,
    }


def endpoint_call(action: str, arguments: Mapping[str, Any], **rest: Any) -> State:
    return {
        "Type": "Task",
        "Resource": integration(f"aws-sdk:sagemaker:{action}"),
        "Arguments": dict(arguments),
        "TimeoutSeconds": 60,
        "Retry": list(_ENDPOINT),
        **rest,
    }


def execution(
    machine_arn: str, arguments: Mapping[str, Any], *, limit_seconds: int, **rest: Any
) -> State:
    """Run another workflow to its end; ``:2`` gives its output as JSON rather than as text."""
    return {
        "Type": "Task",
        "Resource": integration("states:startExecution.sync:2"),
        "Arguments": {"StateMachineArn": machine_arn, **arguments},
        "TimeoutSeconds": limit_seconds,
        "Retry": [
            retry(
                "StepFunctions.AWSStepFunctionsException",
                "StepFunctions.ThrottlingException",
                interval=5,
                attempts=5,
                most=120,
            )
        ],
        **rest,
    }
