"""The states that watch a deployment and conclude it: look, confirm, go back, begin again."""

from dataclasses import dataclass

from infra.components import states
from infra.components.promotion_calls import REDRIVE
from infra.components.promotion_memory import INPUT, NO_FAILURE, RESULT, SEEN
from infra.components.promotion_requests import PromotionRequests
from infra.components.promotion_steps import PromotionSteps
from infra.components.states import State, expression

_RESTORES = f"{INPUT}.request.purpose in ['rollback', 'wake']"
"""A person waits for it."""
_MOVING = "['Creating', 'Updating', 'RollingBack', 'SystemUpdating']"
"""Endpoint states that end by themselves (DescribeEndpoint's EndpointStatus)."""
_UNSETTLED = states.retry(
    "EndpointUnsettled", "ProbesUnanswered", interval=15, attempts=4, most=120
)
"""The endpoint has begun to change again, or does not answer yet; neither says it rolled back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchStates:
    steps: PromotionSteps
    requests: PromotionRequests

    def all(self) -> dict[str, State]:
        return {**self._look(), **self._conclude()}

    def _look(self) -> dict[str, State]:
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
                SEEN,
                Assign={
                    "endpoint_status": expression(f"{RESULT}.status"),
                    "answered": expression(f"{RESULT}.answered"),
                    "looks": expression(f"{RESULT}.status in {_MOVING} ? 0 : $looks + 1"),
                    "cause": expression(f"$cause != '' ? $cause : {RESULT}.cause"),
                },
                Next="IsItDone",
            ),
            "IsItDone": {
                "Type": "Choice",
                "Choices": [{"Condition": expression(unfinished), "Next": "LetItWork"}],
                "Default": "Confirm",
            },
        }

    def _conclude(self) -> dict[str, State]:
        return {
            "Confirm": states.handler(
                self.steps.confirm,
                {
                    **SEEN,
                    "cause": "{% $cause %}",
                    "condemned": "{% $condemned %}",
                    "redrive": expression(REDRIVE),
                    "planned_in": "{% $planned_in %}",
                },
                _UNSETTLED,
                Assign={
                    "condemned": expression(
                        f"{RESULT}.outcome = 'go_back' ? {RESULT}.reason : $condemned"
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
                "Assign": {"answered": 0, "cause": "", "failure": NO_FAILURE},
                "Next": "Plan",
            },
            "ItServes": {"Type": "Succeed"},
        }
