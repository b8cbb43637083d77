"""A person asks for a retraining: the admission function decides, as for every other cause."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from contracts import moment
from contracts.run import CauseKind
from perennial.account import Account
from perennial.deployed import Deployed
from perennial.refusal import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    outcome: str
    reason: str
    execution_arn: str | None

    def document(self) -> dict[str, Any]:
        return asdict(self)


def ask(account: Account, deployed: Deployed, *, reason: str, force: bool) -> Admitted:
    """Invoke admission as a person, at the account's own time."""
    as_of = moment.render(account.now())
    event = {
        "cause": CauseKind.PERSON.value,
        "as_of": as_of,
        "id": f"person-{as_of}",
        "detail": reason,
        "force": force,
    }
    answer = account.client("lambda").invoke(
        FunctionName=deployed.admission_function, Payload=json.dumps(event).encode()
    )
    document = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise Refused(
            f"admission failed: {document.get('errorMessage', document)}",
            next_step=f"read the log of function {deployed.admission_function}",
        )
    return Admitted(
        outcome=document["outcome"],
        reason=document.get("reason", ""),
        execution_arn=document.get("execution_arn"),
    )
