"""The states of a promotion: plan, smoke test, headroom, shift, watch, confirm."""

from dataclasses import dataclass
from typing import Any

from infra.components import states
from infra.components.promotion_calls import REDRIVE, told, watched
from infra.components.promotion_requests import PromotionRequests
from infra.components.promotion_steps import PromotionSteps
from infra.components.states import State, expression
from infra.components.trial_states import ACTIONS, TrialStates

_RESULT = "$states.result.Payload"
_INPUT = "$states.context.Execution.Input"
_RESTORES = f"{_INPUT}.request.purpose in ['rollback', 'wake']"
"""A person waits for it."""
_NOW = expression("$states.context.State.EnteredTime")
_ABOUT = {
    "request": expression(f"{_INPUT}.request"),
    "package": expression(f"{_INPUT}.package"),
}
_SEEN = {**_ABOUT, "plan": "{% $plan %}", "at": _NOW, "answered": "{% $answered %}"}
_MOVING = "['Creating', 'Updating', 'RollingBack', 'SystemUpdating']"
"""Endpoint states that end by themselves (DescribeEndpoint's EndpointStatus)."""

_NO_FAILURE: dict[str, Any] = {"error": "", "cause": "", "calls": 0, "redrive": 0, "seen": ""}
_AT_FIRST: dict[str, Any] = {
    "waits": 0,
    "smoked": False,
    "trialled": False,
    "looks": 0,
    "headroom": 0,
    "previous": "",
    "failure": _NO_FAILURE,
    "answered": 0,
    "cause": "",
    "condemned": "",
}
_REMEMBERED = ("waits", "smoked", "trialled", "headroom", "previous", "failure")
_PROGRESS = {
    "execution_id": expression("$states.context.Execution.Id"),
    "redrive": expression(REDRIVE),
    **{name: f"{{% ${name} %}}" for name in _REMEMBERED},
}
_UNSETTLED = states.retry(
    "EndpointUnsettled", "ProbesUnanswered", interval=15, attempts=4, most=120
)
"""The endpoint has begun to change again, or does not answer yet; neither says it rolled back."""
SMOKE_SECONDS = 900
"""For the job itself; states.job adds what finding an instance takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionStates:
    """Whatever may have changed meanwhile, the plan is made anew: every wait leads back to it.

    Variables: ``$plan``, ``$planned_in`` (of which redrive it is), those of ``_AT_FIRST``, and the
    smoke ``$test``.
    """

    steps: PromotionSteps
    requests: PromotionRequests

    def all(self) -> dict[str, State]:
        trial = TrialStates(steps=self.steps, requests=self.requests)
        return {
            **self._plan(),
            **self._smoke_test(),
            **trial.all(),
            **self._move(),
            **self._watch(),
        }

    def _plan(self) -> dict[str, State]:
        action = {
            "create": "CreateEndpoint",
            "update": "UpdateEndpoint",
            "restore": "RestoreEndpoint",
            "watch": "LetItWork",
            "model": "Confirm",
            "wait": "EndpointIsBusy",
            "none": "Confirm",
            **ACTIONS,
        }
        asked = {f"$plan.action = '{name}'": state for name, state in action.items()}
        before = {"$plan.smoke": "SmokeTest", "$plan.headroom > 0": "Headroom"}
        return {
            "Begin": {"Type": "Pass", "Assign": _AT_FIRST, "Next": "Plan"},
            "Plan": states.handler(
                self.steps.plan,
                {**_ABOUT, "progress": _PROGRESS, "at": _NOW},
                Assign={
                    "plan": expression(_RESULT),
                    "previous": expression(f"{_RESULT}.previous"),
                    "planned_in": expression(REDRIVE),
                },
                Next="WhatToDo",
            ),
            "WhatToDo": {
                "Type": "Choice",
                "Choices": [
                    {"Condition": expression(condition), "Next": state}
                    for condition, state in {**before, **asked}.items()
                ],
                "Default": "UnknownAction",
            },
            "UnknownAction": {
                "Type": "Fail",
                "Error": "UnknownAction",
                "Cause": expression(
                    f"'the plan must be {', '.join(action)}, got ' & $string($plan.action)"
                ),
            },
            "EndpointIsBusy": {
                "Type": "Wait",
                "Seconds": 30,
                "Assign": {"waits": expression("$waits + 1")},
                "Next": "Plan",
            },
        }

    def _smoke_test(self) -> dict[str, State]:
        def test(error: str, cause: str) -> dict[str, Any]:
            return {
                "output_uri": expression(f"{self.requests.smoke_output} & '/golden.csv.out'"),
                "error": error,
                "cause": cause,
                "redrive": expression(REDRIVE),
            }

        return {
            "SmokeTest": states.job(
                "createTransformJob",
                self.requests.smoke_test(),
                limit_seconds=SMOKE_SECONDS,
                Assign={"test": test("", "")},
                Catch=[
                    {
                        "ErrorEquals": ["States.ALL"],
                        "Assign": {"test": test(*told())},
                        "Next": "JudgeSmoke",
                    }
                ],
                Next="JudgeSmoke",
            ),
            "JudgeSmoke": states.handler(
                self.steps.smoke,
                {
                    **_ABOUT,
                    "plan": "{% $plan %}",
                    "test": "{% $test %}",
                    "redrive": expression(REDRIVE),
                },
                Assign={"smoked": expression(f"{_RESULT}.verdict = 'passed'")},
                Next="Plan",
            ),
        }

    def _move(self) -> dict[str, State]:
        requests = self.requests
        return {
            "Headroom": states.endpoint_call(
                "updateEndpointWeightsAndCapacities",
                requests.headroom(),
                Assign={"headroom": expression("$plan.headroom")},
                Next="EndpointIsBusy",
            ),
            "CreateEndpoint": watched("createEndpoint", requests.endpoint()),
            "UpdateEndpoint": watched("updateEndpoint", requests.update()),
            "RestoreEndpoint": watched("updateEndpoint", requests.restore()),
            # After any error, and a reply that was lost: has it begun?
            "LookAgain": {"Type": "Wait", "Seconds": 30, "Next": "Plan"},
        }

    def _watch(self) -> dict[str, State]:
        unfinished = f"$endpoint_status in {_MOVING}"
        if self.requests.looks:  # nobody bakes it: the machine does
            unfinished = f"{unfinished} or $looks < {self.requests.looks}"
        return {
            "LetItWork": {
                "Type": "Wait",
                "Seconds": expression(f"{_RESTORES} ? 10 : 60"),
                "Next": "Observe",
            },
            "Observe": states.handler(
                self.steps.observe,
                _SEEN,
                Assign={
                    "endpoint_status": expression(f"{_RESULT}.status"),
                    "answered": expression(f"{_RESULT}.answered"),
                    "looks": expression(f"{_RESULT}.status in {_MOVING} ? 0 : $looks + 1"),
                    "cause": expression(f"$cause != '' ? $cause : {_RESULT}.cause"),
                },
                Next="IsItDone",
            ),
            "IsItDone": {
                "Type": "Choice",
                "Choices": [{"Condition": expression(unfinished), "Next": "LetItWork"}],
                "Default": "Confirm",
            },
            "Confirm": states.handler(
                self.steps.confirm,
                {
                    **_SEEN,
                    "cause": "{% $cause %}",
                    "condemned": "{% $condemned %}",
                    "redrive": expression(REDRIVE),
                    "planned_in": "{% $planned_in %}",
                },
                _UNSETTLED,
                Assign={
                    "condemned": expression(
                        f"{_RESULT}.outcome = 'go_back' ? {_RESULT}.reason : $condemned"
                    )
                },
                Next="HowItEnded",
            ),
            "HowItEnded": {
                "Type": "Choice",
                "Choices": [
                    {"Condition": expression(f"$states.input.outcome = '{name}'"), "Next": state}
                    for name, state in {"go_back": "GoBack", "again": "BeginAgain"}.items()
                ],
                "Default": "ItServes",
            },
            "GoBack": states.endpoint_call(
                "updateEndpoint", self.requests.go_back(), Next="LetItWork"
            ),
            "BeginAgain": {
                "Type": "Pass",
                "Assign": {"answered": 0, "cause": "", "failure": _NO_FAILURE},
                "Next": "Plan",
            },
            "ItServes": {"Type": "Succeed"},
        }
