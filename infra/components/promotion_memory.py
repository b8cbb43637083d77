"""What the promotion machine remembers from state to state, and hands to its handlers."""

from typing import Any

from infra.components.promotion_calls import REDRIVE
from infra.components.states import expression

RESULT = "$states.result.Payload"
INPUT = "$states.context.Execution.Input"
NOW = expression("$states.context.State.EnteredTime")
ABOUT = {
    "request": expression(f"{INPUT}.request"),
    "package": expression(f"{INPUT}.package"),
}
SEEN = {**ABOUT, "plan": "{% $plan %}", "at": NOW, "answered": "{% $answered %}"}
NO_FAILURE: dict[str, Any] = {"error": "", "cause": "", "calls": 0, "redrive": 0, "seen": ""}
AT_FIRST: dict[str, Any] = {
    "waits": 0,
    "smoked": False,
    "trialled": False,
    "looks": 0,
    "headroom": 0,
    "previous": "",
    "failure": NO_FAILURE,
    "answered": 0,
    "cause": "",
    "condemned": "",
}
_REMEMBERED = ("waits", "smoked", "trialled", "headroom", "previous", "failure")
PROGRESS = {
    "execution_id": expression("$states.context.Execution.Id"),
    "redrive": expression(REDRIVE),
    **{name: f"{{% ${name} %}}" for name in _REMEMBERED},
}
