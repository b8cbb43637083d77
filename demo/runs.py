"""What runs in the account now, and why a run failed."""

import json
from dataclasses import dataclass
from typing import Any

from perennial.deployed import Deployed


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    stepfunctions: Any
    deployed: Deployed

    def active(self) -> bool:
        """Whether a retraining or a promotion is in flight."""
        return bool(self._running(self.deployed.retraining_arn)) or self.promoting()

    def promoting(self) -> bool:
        return bool(self._running(self.deployed.promotion_arn))

    def failures(self) -> dict[str, str]:
        """Return cause by name of every execution that ended badly."""
        return {
            execution["name"]: self._cause(execution["executionArn"])
            for machine in (self.deployed.retraining_arn, self.deployed.promotion_arn)
            for status in ("FAILED", "TIMED_OUT", "ABORTED")
            for execution in self.stepfunctions.list_executions(
                stateMachineArn=machine, statusFilter=status
            )["executions"]
        }

    def _running(self, machine: str) -> list[dict[str, Any]]:
        return self.stepfunctions.list_executions(stateMachineArn=machine, statusFilter="RUNNING")[
            "executions"
        ]

    def _cause(self, arn: str) -> str:
        described = self.stepfunctions.describe_execution(executionArn=arn)
        cause = described.get("cause", "")
        try:
            # A failed .sync job's cause is the job's description as JSON.
            job = json.loads(cause)
            cause = job.get("FailureReason") or job.get("ExitMessage") or cause
        except (ValueError, AttributeError):
            pass
        return f"{described.get('error', described['status'])}: {cause}"
