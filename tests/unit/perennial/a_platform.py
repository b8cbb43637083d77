"""An account in which versions have served: real tables and buckets, the rest played."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from contracts import moment, state
from contracts.ledger import LedgerEntry, LedgerKind
from contracts.run import Cause, CauseKind, Champion, Purpose, RunRequest
from perennial import ledger
from perennial.deployed import Deployed
from tests.unit.perennial.conftest import put

DIGEST = f"sha256:{'4' * 64}"
NOW = moment.parse("1997-09-01T00:00:00Z")
_MACHINE = "arn:aws:states:us-east-1:1:stateMachine:"
DEPLOYED = Deployed(
    **{
        name: name
        for name in Deployed.__dataclass_fields__
        if name
        not in (
            "retraining_arn",
            "promotion_arn",
            "model",
            "environment",
            "endpoint",
            "serving_mode",
        )
    },
    serving_mode="real_time",
    model="churn",
    environment="dev",
    endpoint="churn-dev",
    retraining_arn=f"{_MACHINE}retraining",
    promotion_arn=f"{_MACHINE}promotion",
)


def arn(version: int) -> str:
    return f"arn:aws:sagemaker:us-east-1:1:model-package/churn-dev/{version}"


def deployment(version: int) -> str:
    return f"churn-dev-v{version}-{version:08}"


def error(operation: str, message: str, code: str = "ValidationException") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


class Exceptions:
    ClientError = ClientError
    ResourceNotFound = type("ResourceNotFound", (Exception,), {})
    ImageNotFoundException = type("ImageNotFoundException", (Exception,), {})
    RepositoryNotFoundException = type("RepositoryNotFoundException", (Exception,), {})


class FakeRegistry:
    """The endpoint and the versions, as SageMaker describes them."""

    exceptions = Exceptions

    def __init__(self) -> None:
        self.packages: dict[str, dict[str, Any]] = {}
        self.endpoint: dict[str, Any] | None = None
        self.kept: list[str] = []
        self.deleted: list[str] = []

    def describe_endpoint(self, *, EndpointName: str) -> dict[str, Any]:
        if self.endpoint is None:
            raise error("DescribeEndpoint", f'Could not find endpoint "{EndpointName}".')
        return {
            "EndpointStatus": "InService",
            "ProductionVariants": [],
            "LastModifiedTime": NOW - timedelta(days=1),
            **self.endpoint,
        }

    def describe_model_package(self, *, ModelPackageName: str) -> dict[str, Any]:
        if ModelPackageName not in self.packages:
            raise error("DescribeModelPackage", f"ModelPackage {ModelPackageName} does not exist.")
        return self.packages[ModelPackageName]

    def delete_model_package(self, *, ModelPackageName: str) -> None:
        self.deleted.append(ModelPackageName)
        del self.packages[ModelPackageName]

    def list_model_packages(self, **_: Any) -> dict[str, Any]:
        return {"ModelPackageSummaryList": list(self.packages.values())}

    def get_paginator(self, _: str) -> "FakeRegistry":
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return [self.list_model_packages()]

    def get_model_package_group_policy(self, *, ModelPackageGroupName: str) -> dict[str, str]:
        if not self.kept:
            raise error("Get", f"Cannot find resource policy for: {ModelPackageGroupName}")
        statement = {"Effect": "Deny", "Resource": self.kept}
        return {"ResourcePolicy": json.dumps({"Statement": [statement]})}


class FakeImages:
    exceptions = Exceptions

    def __init__(self) -> None:
        self.digests = {DIGEST}

    def describe_images(self, *, repositoryName: str, imageIds: Any) -> dict[str, Any]:
        if imageIds[0]["imageDigest"] not in self.digests:
            raise Exceptions.ImageNotFoundException(repositoryName)
        return {"imageDetails": [imageIds[0]]}


class FakeAlarms:
    exceptions = Exceptions

    def __init__(self) -> None:
        self.alarms: dict[str, str] = {}
        self.reasons: list[str] = []

    def describe_alarms(self, **asked: Any) -> dict[str, Any]:
        prefix, names = asked.get("AlarmNamePrefix"), asked.get("AlarmNames", ())
        return {
            "MetricAlarms": [
                {"AlarmName": name, "StateValue": value}
                for name, value in self.alarms.items()
                if name in names or (prefix is not None and name.startswith(prefix))
            ]
        }

    def set_alarm_state(self, *, AlarmName: str, StateValue: str, StateReason: str) -> None:
        if AlarmName not in self.alarms:
            raise Exceptions.ResourceNotFound(AlarmName)
        self.alarms[AlarmName] = StateValue
        self.reasons.append(StateReason)


class FakeMachines:
    """Executions by name; each look at one lets the story go on."""

    def __init__(self) -> None:
        self.executions: dict[str, dict[str, Any]] = {}
        self.stopped: list[dict[str, str]] = []

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> dict[str, str]:
        assert stateMachineArn == DEPLOYED.promotion_arn
        self.executions[name] = {
            "name": name,
            "status": "RUNNING",
            "startDate": NOW,
            "input": input,
        }
        return {"executionArn": _arn(name)}

    def list_executions(self, **asked: Any) -> dict[str, Any]:
        wanted = asked.get("statusFilter")
        newest = reversed(self.executions.values())
        return {
            "executions": [
                {"executionArn": _arn(each["name"])}
                for each in newest
                if wanted in (None, each["status"])
            ]
        }

    def describe_execution(self, *, executionArn: str) -> dict[str, Any]:
        return dict(self.executions[executionArn.rsplit(":", 1)[1]])

    def stop_execution(self, *, executionArn: str, error: str, cause: str) -> None:
        self.stopped.append({"error": error, "cause": cause})
        self.end(executionArn.rsplit(":", 1)[1], "ABORTED", error=error, cause=cause)

    def end(self, name: str, status: str = "SUCCEEDED", **facts: str) -> None:
        stopped = NOW + timedelta(seconds=41)
        self.executions[name] |= {"status": status, "stopDate": stopped, **facts}


def _arn(name: str) -> str:
    return f"arn:aws:states:us-east-1:1:execution:promotion:{name}"


class Platform:
    """What commands call an account, with the means to tell a story in it."""

    def __init__(self, aws: Callable[[str], Any], s3: Any) -> None:
        self.registry, self.images = FakeRegistry(), FakeImages()
        self.alarms, self.machines = FakeAlarms(), FakeMachines()
        self._s3, self._dynamodb = s3, aws("dynamodb")
        for name, *keys in (("ledger_table", "model", "entry"), ("state_table", state.KEY)):
            self._dynamodb.create_table(
                TableName=name,
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": k, "AttributeType": "S"} for k in keys],
                KeySchema=[
                    {"AttributeName": key, "KeyType": kind}
                    for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
                ],
            )
        self._clients: dict[str, Any] = {
            "s3": s3,
            "dynamodb": self._dynamodb,
            "sagemaker": self.registry,
            "ecr": self.images,
            "cloudwatch": self.alarms,
            "stepfunctions": self.machines,
        }
        self.said: list[str] = []
        self.meanwhile: list[Callable[[], object]] = []
        self._day = 0

    def client(self, service: str) -> Any:
        return self._clients[service]

    def add(self, service: str, client: Any) -> None:
        self._clients[service] = client

    def now(self) -> datetime:
        return NOW

    def caller(self) -> str:
        return "user/kim"

    def pause(self) -> None:
        """What a command waits for happens: the next event of the story."""
        if not self.meanwhile:
            raise AssertionError(f"the command waits for ever; it said {self.said}")
        self.meanwhile.pop(0)()

    def register(self, version: int, **metadata: str) -> None:
        key = f"churn/models/{version}/output/model.tar.gz"
        written = put(self._s3, "artifacts", key, b"tar")
        self.registry.packages[arn(version)] = {
            "ModelPackageArn": arn(version),
            "ModelPackageVersion": version,
            "ModelApprovalStatus": "Approved",
            "CreationTime": datetime(1997, 6, version, tzinfo=UTC),
            "InferenceSpecification": {
                "Containers": [
                    {
                        "Image": f"account/images@{DIGEST}",
                        "ModelDataUrl": f"s3://artifacts/{key}",
                    }
                ]
            },
            "CustomerMetadataProperties": {
                "run_id": f"run-{version}",
                "image_digest": DIGEST,
                "code_uri": "s3://assets/code.zip",
                "artifact_version": written,
                **metadata,
            },
        }

    def serve(self, version: int, *, back: str | None = None) -> None:
        """A version takes over; ``back``: a person put it back, for that reason."""
        if arn(version) not in self.registry.packages:
            self.register(version)
        self._day += 1
        kind = LedgerKind.PROMOTED if back is None else LedgerKind.RESTORED
        entry = LedgerEntry(
            model="churn",
            at=datetime(1997, 7, self._day, tzinfo=UTC),
            kind=kind,
            subject=deployment(version),
            summary="serves",
            details={
                "model_package_arn": arn(version),
                "cause": "drift: alarm" if back is None else f"person: {back}",
            },
        )
        ledger.append(self._dynamodb, table="ledger_table", entry=entry)
        self.point(version)
        self.registry.endpoint = {"EndpointConfigName": deployment(version)}

    def point(self, version: int) -> None:
        champion = CHAMPION | {
            "version": {"N": str(version)},
            "model_package_arn": {"S": arn(version)},
            "deployment": {"S": deployment(version)},
        }
        item = {state.KEY: {"S": state.champion("churn")}, **champion}
        self._dynamodb.put_item(TableName="state_table", Item=item)

    def hold(self, reason: str) -> None:
        """A person pauses the model."""
        fields = {"by": "kim", "reason": reason, "since": moment.render(NOW)}
        item = {state.KEY: state.paused("churn"), **fields}
        self._dynamodb.put_item(
            TableName="state_table", Item={name: {"S": value} for name, value in item.items()}
        )

    def running(self, version: int, purpose: Purpose = Purpose.RETRAIN) -> str:
        """A promotion under way that somebody started; return its name."""
        asked = replace(REQUEST, run_id=f"run-{version}", purpose=purpose)
        package = {"model_package_arn": arn(version), "version": version}
        document = {"request": asked.document(), "package": package}
        name = f"{asked.run_id}-promote-0"
        self.machines.start_execution(
            stateMachineArn=DEPLOYED.promotion_arn, name=name, input=json.dumps(document)
        )
        return name

    def updating(self, to: int) -> None:
        pending = {
            "EndpointConfigName": deployment(to),
            "StartTime": NOW,
            "ProductionVariants": [
                {"VariantName": "live", "VariantStatus": [{"Status": "Baking"}]}
            ],
        }
        assert self.registry.endpoint is not None
        self.registry.endpoint |= {
            "EndpointStatus": "Updating",
            "PendingDeploymentSummary": pending,
        }
        self.alarms.alarms[f"{deployment(to)}-5xx"] = "OK"

    def lines(self) -> list[tuple[str, str]]:
        found = ledger.entries(self._dynamodb, table="ledger_table", model="churn", limit=100)
        return [(line.kind.value, line.summary) for line in found]


CHAMPION = {
    name: {"S": name}
    for name in Champion.__dataclass_fields__
    if name not in ("version", "model_package_arn", "deployment")
}
REQUEST = RunRequest(
    run_id="run",
    model="churn",
    environment="dev",
    purpose=Purpose.RETRAIN,
    as_of=NOW,
    cause=Cause(kind=CauseKind.DRIFT, id="1", detail="alarm"),
    fencing_token=1,
    image_uri="image",
    image_digest="digest",
    code_uri="code",
    code_commit="unknown",
    champion=None,
)
