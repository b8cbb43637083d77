"""Executions of the promotion machine: started, found while they run, waited for to their end."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from contracts.run import RunRequest, parse_request
from perennial import endpoint
from perennial.account import Account
from perennial.deployed import Deployed
from perennial.executions import REDRIVABLE
from perennial.refusal import Refused

Say = Callable[[str], object]
Pause = Callable[[], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    arn: str
    name: str
    status: str
    version: int
    request: RunRequest
    started: datetime
    stopped: datetime | None
    reason: str
    """What came of it, or the error and its cause."""

    @property
    def running(self) -> bool:
        return self.status in ("RUNNING", "PENDING_REDRIVE")

    @property
    def seconds(self) -> float | None:
        """By the account's clock; None while it runs."""
        return None if self.stopped is None else (self.stopped - self.started).total_seconds()

    def document(self) -> dict[str, Any]:
        return {
            **asdict(self),
            "request": self.request.document(),
            "execution_arn": self.arn,
            "seconds": self.seconds,
        }


def start(account: Account, deployed: Deployed, request: RunRequest, *, arn: str) -> str:
    """Start the machine for a version; the ledger names who asked by the request's cause."""
    answer = account.client("stepfunctions").start_execution(
        stateMachineArn=deployed.promotion_arn,
        name=f"{request.run_id}-promote-0",
        input=json.dumps(
            {
                "request": request.document(),
                "package": {"model_package_arn": arn, "version": int(arn.rsplit("/", 1)[1])},
            }
        ),
    )
    return answer["executionArn"]


def under_way(account: Account, deployed: Deployed) -> Promotion | None:
    """Return the promotion that started last of those that run; one at a time has the lease."""
    stepfunctions = account.client("stepfunctions")
    answer = stepfunctions.list_executions(
        stateMachineArn=deployed.promotion_arn, statusFilter="RUNNING", maxResults=1
    )
    found = answer["executions"]
    return describe(stepfunctions, found[0]["executionArn"]) if found else None


def describe(stepfunctions: Any, arn: str) -> Promotion:
    found = stepfunctions.describe_execution(executionArn=arn)
    given = json.loads(found["input"])
    stopped = found.get("stopDate")
    return Promotion(
        arn=arn,
        name=found["name"],
        status=found["status"],
        version=given["package"]["version"],
        request=parse_request(given["request"]),
        started=found["startDate"].astimezone(UTC),
        stopped=None if stopped is None else stopped.astimezone(UTC),
        reason=_reason(found),
    )


def ended(account: Account, deployed: Deployed, arn: str, *, pause: Pause, say: Say) -> Promotion:
    """Wait for the end, telling each change of the endpoint on the way."""
    stepfunctions, sagemaker = account.client("stepfunctions"), account.client("sagemaker")
    told = ""
    while (promotion := describe(stepfunctions, arn)).running:
        line = endpoint.find(sagemaker, deployed.endpoint).line()
        if line != told:
            say(f"endpoint {deployed.endpoint}: {line}")
            told = line
        pause()
    return promotion


def succeeded(promotion: Promotion) -> Promotion:
    """Return the promotion if it ended well; else refuse with its cause and what to do."""
    if promotion.status == "SUCCEEDED":
        return promotion
    next_step = "see what serves with: perennial status"
    if promotion.status in REDRIVABLE:
        next_step += f"; once its cause is mended, go on with: perennial redrive {promotion.name}"
    raise Refused(
        f"{promotion.name} of version {promotion.version} is {promotion.status}: "
        f"{promotion.reason}",
        next_step=next_step,
    )


def _reason(found: dict[str, Any]) -> str:
    if found.get("error"):
        return f"{found['error']}: {_said(found.get('cause') or 'no cause given')}"
    output = json.loads(found.get("output") or "{}")
    return str(output.get("reason", "")) if isinstance(output, dict) else ""


def _said(cause: str) -> str:
    """A handler's error comes as a document that holds its message."""
    try:
        document = json.loads(cause)
    except ValueError:
        return cause
    return str(document["errorMessage"]) if "errorMessage" in document else cause
