"""The state of one model: what serves, what moves, what may be gone back to, what alarms."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from contracts.card_serving import ServingMode
from contracts.run import Champion
from perennial import endpoint, executions, registry, scaling, state, targets
from perennial.account import Account
from perennial.deployed import Deployed
from perennial.endpoint import Endpoint
from perennial.executions import Execution
from perennial.registry import Version
from perennial.scaling import Scaling
from perennial.state import Paused
from perennial.targets import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    name: str
    state: str
    reason: str
    runbook: str = ""

    @property
    def is_on(self) -> bool:
        return self.state == "ALARM"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    now: datetime
    model: str
    environment: str
    mode: str
    endpoint: Endpoint
    scaling: Scaling | None
    champion: Champion | None
    targets: tuple[Target, ...]
    versions: tuple[Version, ...]
    paused: Paused | None
    rejected: int
    """Candidates in a row; as many as ``most_rejected`` hold back runs, as a pause does."""
    most_rejected: int | None
    lease_owner: str | None
    last_run: Execution | None
    last_promotion: Execution | None
    watched: tuple[Alarm, ...]
    """Those of the model's stack, on or off."""
    alarms: tuple[Alarm, ...]

    @property
    def agrees(self) -> bool:
        """Whether endpoint and champion pointer name the same deployment, if there is to be one."""
        if self.mode == ServingMode.BATCH:
            return self.endpoint.status == endpoint.ABSENT
        serving = None if self.champion is None else self.champion.deployment
        return serving == self.endpoint.config

    @property
    def candidate_alarms(self) -> Sequence[Alarm]:
        """Those of the deployment under way: any of them rolls it back."""
        pending = self.endpoint.pending
        return () if pending is None else self._alarms_of(pending.config)

    def document(self) -> dict[str, Any]:
        ready = [target.document() for target in self.targets]
        return {**asdict(self), "targets": ready, "agrees": self.agrees}

    def _alarms_of(self, deployment: str) -> Sequence[Alarm]:
        return [alarm for alarm in self.alarms if alarm.name.startswith(f"{deployment}-")]


def gather(account: Account, deployed: Deployed) -> Status:
    dynamodb, sagemaker = account.client("dynamodb"), account.client("sagemaker")
    stepfunctions, table = account.client("stepfunctions"), deployed.state_table
    champion = state.champion(dynamodb, table, deployed.model)
    rejected, most = state.rejected_in_a_row(dynamodb, table, deployed.model)
    found = endpoint.find(sagemaker, deployed.endpoint)
    served = targets.services(account, deployed)
    return Status(
        now=account.now(),
        model=deployed.model,
        environment=deployed.environment,
        mode=deployed.serving_mode,
        endpoint=found,
        scaling=scaling.find(account, found),
        champion=champion,
        targets=tuple(
            targets.looked_at(
                account, deployed, served, None if champion is None else champion.version
            )
        ),
        versions=tuple(registry.versions(sagemaker, deployed.package_group)),
        paused=state.pause(dynamodb, table, deployed.model),
        rejected=rejected,
        most_rejected=most,
        lease_owner=state.lease_owner(dynamodb, table, deployed.model),
        last_run=executions.newest(stepfunctions, deployed.retraining_arn),
        last_promotion=executions.newest(stepfunctions, deployed.promotion_arn),
        watched=_watched(account.client("cloudwatch"), deployed),
        alarms=_alarms(account.client("cloudwatch"), deployed),
    )


def _watched(cloudwatch: Any, deployed: Deployed) -> tuple[Alarm, ...]:
    names = deployed.alarms.split(",")
    return _described(cloudwatch.describe_alarms(AlarmNames=names, MaxRecords=100)["MetricAlarms"])


def _alarms(cloudwatch: Any, deployed: Deployed) -> tuple[Alarm, ...]:
    """Return the drift alarm and every other that is named after the model."""
    named = cloudwatch.describe_alarms(AlarmNames=[deployed.drift_alarm])["MetricAlarms"]
    prefix = f"{deployed.model}-{deployed.environment}-"
    others = cloudwatch.describe_alarms(AlarmNamePrefix=prefix)["MetricAlarms"]
    return _described([*named, *others])


def _described(records: Sequence[Mapping[str, Any]]) -> tuple[Alarm, ...]:
    found = {record["AlarmName"]: record for record in records}
    return tuple(
        Alarm(
            name=name,
            state=each["StateValue"],
            reason=each.get("StateReason", ""),
            runbook=each.get("AlarmDescription", "").partition("Runbook: ")[2],
        )
        for name, each in found.items()
    )
