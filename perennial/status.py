"""The state of one model: what serves, what the registry holds, what runs, what alarms."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from contracts.run import Champion
from perennial import executions, registry, state
from perennial.account import Account
from perennial.deployed import Deployed
from perennial.executions import Execution
from perennial.registry import Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    name: str
    state: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    now: datetime
    model: str
    environment: str
    endpoint: str
    endpoint_status: str
    """SageMaker's word, or ``absent`` before the first promotion."""
    endpoint_config: str | None
    champion: Champion | None
    versions: tuple[Version, ...]
    lease_owner: str | None
    last_run: Execution | None
    last_promotion: Execution | None
    alarms: tuple[Alarm, ...]

    @property
    def agrees(self) -> bool:
        """Whether endpoint and champion pointer name the same deployment."""
        serving = None if self.champion is None else self.champion.deployment
        return serving == self.endpoint_config

    def document(self) -> dict[str, Any]:
        return {**asdict(self), "agrees": self.agrees}


def gather(account: Account, deployed: Deployed) -> Status:
    dynamodb, sagemaker = account.client("dynamodb"), account.client("sagemaker")
    stepfunctions = account.client("stepfunctions")
    endpoint_status, endpoint_config = _endpoint(sagemaker, deployed.endpoint)
    return Status(
        now=account.now(),
        model=deployed.model,
        environment=deployed.environment,
        endpoint=deployed.endpoint,
        endpoint_status=endpoint_status,
        endpoint_config=endpoint_config,
        champion=state.champion(dynamodb, deployed.state_table, deployed.model),
        versions=tuple(registry.versions(sagemaker, deployed.package_group)),
        lease_owner=state.lease_owner(dynamodb, deployed.state_table, deployed.model),
        last_run=executions.newest(stepfunctions, deployed.retraining_arn),
        last_promotion=executions.newest(stepfunctions, deployed.promotion_arn),
        alarms=_alarms(account.client("cloudwatch"), deployed),
    )


def _endpoint(sagemaker: Any, name: str) -> tuple[str, str | None]:
    try:
        described = sagemaker.describe_endpoint(EndpointName=name)
    except sagemaker.exceptions.ClientError as error:
        # SageMaker answers a missing endpoint with ValidationException.
        if "Could not find" not in str(error):
            raise
        return "absent", None
    return described["EndpointStatus"], described["EndpointConfigName"]


def _alarms(cloudwatch: Any, deployed: Deployed) -> tuple[Alarm, ...]:
    named = cloudwatch.describe_alarms(AlarmNames=[deployed.drift_alarm])["MetricAlarms"]
    prefix = f"{deployed.model}-{deployed.environment}-v"
    rollback = cloudwatch.describe_alarms(AlarmNamePrefix=prefix)["MetricAlarms"]
    return tuple(
        Alarm(name=each["AlarmName"], state=each["StateValue"], reason=each.get("StateReason", ""))
        for each in (*named, *rollback)
    )
