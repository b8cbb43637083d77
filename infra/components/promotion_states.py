"""The states of a promotion: plan, smoke test, headroom, shift, watch, confirm."""

from dataclasses import dataclass
from typing import Any

from infra.components import states
from infra.components.promotion_calls import REDRIVE, told, watched
from infra.components.promotion_memory import ABOUT, AT_FIRST, NOW, PROGRESS, RESULT
from infra.components.promotion_requests import PromotionRequests
from infra.components.promotion_steps import PromotionSteps
from infra.components.states import State, expression
from infra.components.trial_states import ACTIONS, TrialStates
from infra.components.watch_states import WatchStates

SMOKE_SECONDS = 900
"""For the job itself; states.job adds what finding an instance takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionStates:
    """Whatever may have changed meanwhile, the plan is made anew: every wait leads back to it.

    Variables: ``$plan``, ``$planned_in`` (of which redrive it is), the smoke ``$test``, and those
    of ``promotion_memory.AT_FIRST``.
    """

    steps: PromotionSteps
    requests: PromotionRequests

    def all(self) -> dict[str, State]:
        trial = TrialStates(steps=self.steps, requests=self.requests)
        watch = WatchStates(steps=self.steps, requests=self.requests)
        return {
            **self._plan(),
            **self._smoke_test(),
            **trial.all(),
            **self._move(),
            **watch.all(),
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
            "Begin": {"Type": "Pass", "Assign": AT_FIRST, "Next": "Plan"},
            "Plan": states.handler(
                self.steps.plan,
                {**ABOUT, "progress": PROGRESS, "at": NOW},
                Assign={
                    "plan": expression(RESULT),
                    "previous": expression(f"{RESULT}.previous"),
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
                    **ABOUT,
                    "plan": "{% $plan %}",
                    "test": "{% $test %}",
                    "redrive": expression(REDRIVE),
                },
                Assign={"smoked": expression(f"{RESULT}.verdict = 'passed'")},
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
