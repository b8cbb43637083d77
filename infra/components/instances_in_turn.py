"""A job that asks for other instances when AWS has none of one type to give."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.card import Job
from infra.components import states
from infra.components.handler_function import HandlerFunction
from infra.components.states import REDRIVES, State, expression

WAIT_SECONDS = 3600
"""How long one type is asked for at most: a quota's retries, or AWS's own search for capacity."""

_COUNT = "$states.context.Execution.RedriveCount"
_FIRST = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class InstancesInTurn:
    """What a request says of a job's instances, and the states around it.

    A card with one type needs none of this: its job is a plain task. With more, the failure is
    caught, and the next type asked for on a quota or a lack of capacity; anything else, or the
    last type's failure, fails the execution at ``<Step>Failed``, from where a redrive begins
    again with the first type.
    """

    step: str
    job: Job

    @property
    def several(self) -> bool:
        return len(self.job.instance_types) > 1

    @property
    def limit_seconds(self) -> int:
        """How long one job may take: on spare capacity, waiting counts too."""
        return self.job.max_wait_seconds if self.job.spot else self.job.max_runtime_seconds

    @property
    def turns_seconds(self) -> int:
        """How long the job may take with all that is tried before it."""
        return self.limit_seconds + WAIT_SECONDS * (len(self.job.instance_types) - 1)

    @property
    def instance_type(self) -> str:
        if not self.several:
            return self.job.instance_types[0]
        return expression(f"{list(self.job.instance_types)}[{self._variable}]")

    @property
    def job_name(self) -> str:
        """``<run>-train-<redrives>``, and ``-1`` for the second type: at most 63 characters."""
        name = f"$request.run_id & '-{self.step.lower()}-' & {REDRIVES}"
        if self.several:
            number = self._variable
            name = f"{name} & ({number} = {_FIRST} ? '' : '-' & $string({number}))"
        return expression(name)

    @property
    def at_first(self) -> Mapping[str, int]:
        """Variables that the workflow assigns before the job."""
        return {self._variable.removeprefix("$"): _FIRST} if self.several else {}

    def states(self, task: State, failed: HandlerFunction | None) -> dict[str, State]:
        if not self.several or failed is None:
            return {self.step: task}
        elsewhere, gave_up = f"{self.step}Elsewhere", f"{self.step}Failed"
        caught: dict[str, Any] = {
            # Matches every error but a time-out, ResourceLimitExceeded among them.
            "ErrorEquals": ["States.TaskFailed"],
            "Assign": {"failure": "{% $states.errorOutput %}", "failed_in": expression(_COUNT)},
            "Next": elsewhere,
        }
        return {
            self.step: {**task, "Catch": [caught]},
            elsewhere: {
                "Type": "Choice",
                "Choices": [
                    {
                        "Condition": expression(f"{self._another_is_left} and ({_SCARCE})"),
                        "Assign": {**self._assign(f"{self._variable} + 1")},
                        "Next": self.step,
                    }
                ],
                "Default": gave_up,
            },
            gave_up: states.handler(
                failed,
                {
                    "failure": "{% $failure %}",
                    "failed_in": "{% $failed_in %}",
                    "redrive": expression(_COUNT),
                },
                Assign={**self.at_first},
                Next=self.step,
            ),
        }

    @property
    def _variable(self) -> str:
        return f"${self.step.lower()}_type"

    @property
    def _another_is_left(self) -> str:
        return f"{self._variable} < {len(self.job.instance_types) - 1}"

    def _assign(self, value: str) -> dict[str, str]:
        return {self._variable.removeprefix("$"): expression(value)}


# A job without capacity fails with "CapacityError: Unable to provision requested ML compute
# capacity", one on spare capacity is stopped when it waited too long. The cause is the job's
# description as JSON.
_SCARCE = (
    "$failure.Error = 'SageMaker.ResourceLimitExceededException' or "
    "$failure.Error = 'States.TaskFailed' and $contains($failure.Cause, "
    """/"FailureReason": ?"CapacityError|"SecondaryStatus": ?"MaxWaitTimeExceeded"/)"""
)
