"""The states of a trial: the candidate beside the champion, for as long as the card says."""

from dataclasses import dataclass

from infra.components import states
from infra.components.promotion_calls import watched
from infra.components.promotion_requests import PromotionRequests
from infra.components.promotion_steps import PromotionSteps
from infra.components.states import State, expression

ACTIONS = {"try": "TryCandidate", "watch_trial": "LetTrialRun", "end_trial": "EndTrial"}
_STATES = {
    "running": "LetTrialRun",
    "over": "TrialIsOver",
    "failed": "TrialFailed",
    "ended": "TrialNeverRan",
}
_SETTLING = states.retry("EndpointUnsettled", interval=15, attempts=4, most=120)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialStates:
    steps: PromotionSteps
    requests: PromotionRequests

    def all(self) -> dict[str, State]:
        condemned = {"condemned": expression("$states.input.reason")}
        return {
            "TryCandidate": watched("updateEndpoint", self.requests.trial(), then="LetTrialRun"),
            "LetTrialRun": {"Type": "Wait", "Seconds": 60, "Next": "WatchTrial"},
            "WatchTrial": states.handler(
                self.steps.trial,
                {"plan": "{% $plan %}", "at": expression("$states.context.State.EnteredTime")},
                _SETTLING,
                Next="HowTheTrialStands",
            ),
            "HowTheTrialStands": {
                "Type": "Choice",
                "Choices": [
                    {"Condition": expression(f"$states.input.verdict = '{name}'"), "Next": state}
                    for name, state in _STATES.items()
                ],
                "Default": "UnknownAction",
            },
            "TrialIsOver": {"Type": "Pass", "Assign": {"trialled": True}, "Next": "Plan"},
            # The champion's own configuration comes back first, then the ending says why.
            "TrialFailed": {"Type": "Pass", "Assign": condemned, "Next": "GoBack"},
            "TrialNeverRan": {"Type": "Pass", "Assign": condemned, "Next": "Confirm"},
            "EndTrial": watched("updateEndpoint", self.requests.go_back(), then="EndpointIsBusy"),
        }
