"""What is deployed for one model in one environment, read from the outputs of its stacks."""

from dataclasses import dataclass
from typing import Any

from contracts.card_serving import ServingMode
from perennial.refusal import ExitCode, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    environment: str
    model: str
    data_bucket: str
    artifacts_bucket: str
    captures_bucket: str
    reports_bucket: str
    repository: str
    ledger_table: str
    state_table: str
    topic_arn: str
    admission_function: str
    retraining_arn: str
    promotion_arn: str
    drift_check_function: str
    endpoint: str
    package_group: str
    drift_alarm: str
    alarms: str
    """The names of the stack's metric alarms, by comma."""
    job_role_arn: str
    serving_mode: str
    """``contracts.card_serving.ServingMode`` of the card that was deployed."""

    @property
    def has_endpoint(self) -> bool:
        return self.serving_mode != ServingMode.BATCH

    @property
    def batch_arn(self) -> str:
        """A model's machines are named alike, by what each is for."""
        return f"{self.promotion_arn.removesuffix('promotion')}batch"


def find(cloudformation: Any, *, environment: str, model: str) -> Deployed:
    """Return what the environment's three stacks say that they made."""
    storage = _outputs(cloudformation, environment, "storage")
    operations = _outputs(cloudformation, environment, "operations")
    workload = _outputs(cloudformation, environment, model)
    return Deployed(
        environment=environment,
        model=model,
        data_bucket=storage.text("DataBucket"),
        artifacts_bucket=storage.text("ArtifactsBucket"),
        captures_bucket=storage.text("CapturesBucket"),
        reports_bucket=storage.text("ReportsBucket"),
        repository=storage.text("RepositoryName"),
        ledger_table=storage.text("LedgerTable"),
        state_table=storage.text("StateTable"),
        topic_arn=operations.text("TopicArn"),
        admission_function=workload.text("AdmissionFunction"),
        retraining_arn=workload.text("RetrainingArn"),
        promotion_arn=workload.text("PromotionArn"),
        drift_check_function=workload.text("DriftCheckFunction"),
        endpoint=workload.text("EndpointName"),
        package_group=workload.text("PackageGroup"),
        drift_alarm=workload.text("DriftAlarm"),
        alarms=workload.text("Alarms"),
        job_role_arn=workload.text("JobRoleArn"),
        serving_mode=workload.text("ServingMode"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    stack: str
    values: dict[str, str]

    def text(self, name: str) -> str:
        value = self.values.get(name)
        if value is None:
            there = ", ".join(sorted(self.values)) or "none"
            raise Refused(
                f"stack {self.stack} has no output {name!r}; it has: {there}",
                next_step="deploy the stacks of this version: make deploy",
                code=ExitCode.NOT_DEPLOYED,
            )
        return value


def _outputs(cloudformation: Any, environment: str, name: str) -> Outputs:
    stack = f"perennial-{environment}-{name}"
    try:
        described = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    except cloudformation.exceptions.ClientError as error:
        # CloudFormation answers a missing stack with ValidationError, not with a code of its own.
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html
        if "does not exist" not in str(error):
            raise
        raise Refused(
            f"stack {stack} does not exist in this account",
            next_step=f"deploy it with: make deploy ENV={environment}; or name another "
            "environment with --env, another model with --model",
            code=ExitCode.NOT_DEPLOYED,
        ) from None
    outputs = described.get("Outputs", ())
    return Outputs(stack=stack, values={each["OutputKey"]: each["OutputValue"] for each in outputs})
