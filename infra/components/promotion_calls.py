"""Calls that move the endpoint, whose failure or lost reply only the endpoint can explain."""

from collections.abc import Mapping
from typing import Any

from infra.components import states
from infra.components.states import State, expression

REDRIVE = "$states.context.Execution.RedriveCount"


def told() -> tuple[str, str]:
    """A caught error's name and cause; a time-out has no cause."""
    error = "$states.errorOutput.Error"
    cause = "$exists($states.errorOutput.Cause) ? $states.errorOutput.Cause : ''"
    return expression(error), expression(cause)


def watched(action: str, arguments: Mapping[str, Any], *, then: str = "LetItWork") -> State:
    """Call; whatever comes back, only the endpoint says whether the deployment is under way."""
    error, cause = told()
    failure = {
        "error": error,
        "cause": cause,
        "calls": expression(f"($failure.redrive = {REDRIVE} ? $failure.calls : 0) + 1"),
        "redrive": expression(REDRIVE),
        "seen": expression("$plan.seen"),
    }
    caught = {"ErrorEquals": ["States.ALL"], "Assign": {"failure": failure}, "Next": "LookAgain"}
    call = states.endpoint_call(action, arguments, Next=then, Catch=[caught])
    return {**call, "Retry": [states.LIMITED]}
