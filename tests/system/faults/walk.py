"""One run that is made to fail state by state, and goes on from each by a redrive."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from contracts import state
from tests.system.loop.operator_inbox import Notice
from tests.system.loop.platform_under_test import LivePlatform
from tests.system.loop.platform_view import Run

_FOLLOWING = {
    "Snapshot": "Validate",
    "JudgeData": "Train",
    "Register": "JudgeCandidate",
    "JudgeCandidate": "Record",
    "Record": "Promote",
}
"""Which task comes after a handler's."""

BOUND = timedelta(hours=3)
"""Of the account's time: the longest retries are those of quotas, for two types."""
_STEP = 120.0
_MOST_STEPS = BOUND.total_seconds() / _STEP


@dataclass(slots=True, kw_only=True)
class Walk:
    platform: LivePlatform
    run_id: str = ""
    broken: list[str] = field(default_factory=list[str])
    """What did not hold, by fault: one run meets them all before the test fails."""
    met: int = 0
    """How many faults it met."""

    def go_on(self, what: str, *, linger: float = 0) -> tuple[Run, list[Notice]]:
        """Start the run, or redrive it; return how it ended and what was told of that."""
        told = len(self.platform.inbox.all())
        if self.run_id:
            arn = self.platform.ended(self.run_id).arn
            self.platform.client("stepfunctions").redrive_execution(executionArn=arn)
        else:
            self.run_id = self.platform.start(what)
        self.come_to_rest(what)
        self.platform.account.advance(linger, patience=60)
        run = self.platform.ended(self.run_id, told_before=told)
        # A pointer that the walk itself has taken away is told of as well, by an alarm.
        notices = [
            notice
            for notice in self.platform.inbox.all()[told:]
            if "Incident" not in notice.subject
        ]
        return run, notices

    def is_killed(self, what: str, step: str, acted: Callable[[], bool]) -> bool:
        """Go on; say whether the fault acted, which must then have been told of once."""
        run, notices = self.go_on(what)
        self._note(what, len(notices) == 1, f"{len(notices)} notifications")
        self._note(what, self.platform.lease_owner() is None, "the lease was not given back")
        if not acted():
            return False
        at = self.platform.steps(run)[-1]
        self._note(what, run.status == "FAILED", f"the run is {run.status}")
        self._note(what, at == step, f"it failed at {at}, not at {step}: {run.cause[:500]}")
        self._note(what, "Runtime.ExitError" in run.cause + run.error, run.failed()[:500])
        return True

    def after(self, step: str) -> tuple[str, str]:
        """The machine of the handler's state, and the task that comes after it."""
        return self.platform.deployed.retraining_arn.rpartition(":")[2], _FOLLOWING[step]

    def breaks(self, what: str, step: str, *said: str) -> None:
        """Go on into a fault: the run must fail at ``step``, and be told of once."""
        self.met += 1
        run, notices = self.go_on(what)
        entered = [name for name in self.platform.steps(run) if name != "WasApproved"]
        texts = [notice.text for notice in notices]
        self._note(what, run.status == "FAILED", f"the run is {run.status}: {run.cause[:500]}")
        at = entered[-1].removesuffix("Failed")
        self._note(what, at == step, f"it failed at {at}, not at {step}: {run.cause[:500]}")
        self._note(what, len(texts) == 1, f"{len(texts)} notifications: {texts}")
        for text in texts:
            for words in (*said, f"Failed step: {step}", run.arn, "docs/runbooks/"):
                self._note(what, words in text, f"not told {words!r} but {text}")
        self._note(what, self.platform.lease_owner() is None, "the lease was not given back")

    def succeeds(self, what: str) -> Run:
        ended = self.platform.ended(self.run_id)
        if ended.status == "SUCCEEDED":
            return ended
        run, notices = self.go_on(what)
        self._note(what, run.status == "SUCCEEDED", run.failed())
        self._note(what, len(notices) == 1, f"{len(notices)} notifications")
        return run

    def has_promoted_a_version(self) -> None:
        """See that an endpoint is up with a version that a run has trained."""
        if self.has_endpoint():
            return
        self.forget_champion()  # then a first model needs the floor only
        run, _ = Walk(platform=self.platform).go_on("a version to replace")
        assert run.output.get("outcome") == "promoted", run.failed()

    def has_champion(self) -> bool:
        deployed = self.platform.deployed
        answer = self.platform.client("dynamodb").get_item(
            TableName=deployed.state_table,
            Key={state.KEY: {"S": state.champion(deployed.model)}},
        )
        return "Item" in answer

    def trained(self) -> str:
        """ARN of the first version that a run has made: copies of it are as good."""
        pages = self.platform.client("sagemaker").list_model_packages(
            ModelPackageGroupName=self.platform.deployed.package_group,
            SortBy="CreationTime",
            SortOrder="Ascending",
        )
        return next(
            package["ModelPackageArn"]
            for package in pages["ModelPackageSummaryList"]
            if str(package.get("ModelPackageDescription", "")).startswith("Candidate of")
        )

    def has_endpoint(self) -> bool:
        name = self.platform.deployed.endpoint
        found = self.platform.client("sagemaker").list_endpoints(NameContains=name)
        return bool(found["Endpoints"])

    def forget_champion(self) -> None:
        deployed = self.platform.deployed
        self.platform.client("dynamodb").delete_item(
            TableName=deployed.state_table,
            Key={state.KEY: {"S": state.champion(deployed.model)}},
        )

    def note_hit(self, what: str, fault: int) -> None:
        hits = self.platform.account.faults_hit()[fault]
        self._note(what, hits.acted > 0, "no call met the fault")

    def note_fallback(self) -> None:
        """The job of the first instance type failed, and that of the second one trained."""
        [trained] = self.trainings()
        first = trained.removesuffix("-1")
        failed = self.trainings("Failed")
        self._note("Train: fall-back", first != trained and first in failed, f"{trained} {failed}")

    def registered(self) -> list[str]:
        """The model packages whose registration names the run."""
        sagemaker = self.platform.client("sagemaker")
        pages = sagemaker.get_paginator("list_model_packages").paginate(
            ModelPackageGroupName=self.platform.deployed.package_group
        )
        arns = [
            each["ModelPackageArn"] for page in pages for each in page["ModelPackageSummaryList"]
        ]
        packages = [sagemaker.describe_model_package(ModelPackageName=arn) for arn in arns]
        return [
            package["ModelPackageArn"]
            for package in packages
            if package["CustomerMetadataProperties"]["run_id"] == self.run_id
        ]

    def trainings(self, status: str = "Completed") -> list[str]:
        found = self.platform.client("sagemaker").list_training_jobs(
            NameContains=self.run_id, StatusEquals=status, MaxResults=100
        )
        return [job["TrainingJobName"] for job in found["TrainingJobSummaries"]]

    def deployments(self) -> list[str]:
        """What promotions of the run's version have made."""
        [package] = self.registered()
        version = package.rpartition("/")[2]
        found = self.platform.client("sagemaker").list_endpoint_configs(
            NameContains=f"-v{version}-", MaxResults=100
        )
        return [config["EndpointConfigName"] for config in found["EndpointConfigs"]]

    def come_to_rest(self, what: str) -> None:
        since, steps = self.platform.account.now(), 0
        while self.platform.running():
            steps += 1
            bound = steps < _MOST_STEPS
            assert bound, f"{what}: still running after {self.platform.account.now() - since}"
            self.platform.account.advance(_STEP, patience=60)
        self.platform.come_to_rest()

    def _note(self, what: str, holds: bool, otherwise: str) -> None:
        if not holds:
            self.broken.append(f"{what}: {otherwise}")

    def function_of(self, step: str) -> str:
        """The name of the handler that a state of the run calls."""
        return self._functions()[step].rpartition(":")[2]

    def function_like(self, words: str) -> str:
        pages = self.platform.client("lambda").get_paginator("list_functions").paginate()
        names = [each["FunctionName"] for page in pages for each in page["Functions"]]
        [name] = [name for name in names if words in name]
        return name

    def _functions(self) -> dict[str, str]:
        client = self.platform.client("stepfunctions")
        found: dict[str, str] = {}
        deployed = self.platform.deployed
        for machine in (deployed.retraining_arn, deployed.promotion_arn):
            described = client.describe_state_machine(stateMachineArn=machine)
            for name, task in json.loads(described["definition"])["States"].items():
                if "FunctionName" in task.get("Arguments", {}):
                    found[name] = task["Arguments"]["FunctionName"]
        return found
