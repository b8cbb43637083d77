"""A promotion with the account of moto's around it and an endpoint that the test moves."""

import io
import json
from dataclasses import replace
from hashlib import sha256
from typing import Any

from botocore.exceptions import ClientError

from contracts import moment, state
from lambdas.adapters.champion import ChampionPointer
from lambdas.adapters.documents import Documents
from lambdas.adapters.leases import Leases
from lambdas.adapters.ledger import Ledger
from lambdas.adapters.state import StateTable
from lambdas.promotion.alarms import RollbackAlarms
from lambdas.promotion.deployments import Deployments, Hosting
from lambdas.promotion.ending import Ending
from lambdas.promotion.facts import Endpoint
from lambdas.promotion.plan import Planner
from lambdas.promotion.probes import Probes
from lambdas.promotion.registry import Registry
from tests.unit.lambdas.examples import CARD, IMAGE, METADATA

URL = "s3://artifacts/churn/models/job/output/model.tar.gz"
ROWS = [",".join(digit * len(CARD.features)) for digit in "12"]
GOLDEN = "\n".join(ROWS)


class FakeEndpoints:
    def __init__(self) -> None:
        self.now: Endpoint | None = None
        self.deleted: list[str] = []

    def find(self, name: str) -> Endpoint | None:
        assert name == "churn-dev"
        return self.now

    def delete_failed(self, name: str) -> None:
        self.deleted.append(name)

    def serve(self, config: str, *, status: str = "InService", **changes: Any) -> None:
        standing = Endpoint(
            name="churn-dev",
            status=status,
            config=config,
            instances=2,
            failure=None,
            changed_at=moment.parse("1997-07-01T03:00:00Z"),
        )
        self.now = replace(standing, **changes)


class FakeRuntime:
    """Answers with the versions in turn; an error stands for a 5xx."""

    def __init__(self, *answers: str | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[dict[str, Any]] = []

    def invoke_endpoint(self, **asked: Any) -> dict[str, Any]:
        answer = self.answers[len(self.asked) % len(self.answers)]
        self.asked.append(asked)
        if isinstance(answer, Exception):
            raise answer
        body = json.dumps({"model_version": answer, "predictions": []}) if answer else "<html>"
        return {"Body": io.BytesIO(body.encode())}


SERVER_ERROR = ClientError(
    {"Error": {"Code": "ModelError", "Message": "Received server error (500) from primary"}},
    "InvokeEndpoint",
)


class Stage:
    def __init__(
        self, sagemaker: Any, cloudwatch: Any, s3: Any, state_table: StateTable, ledger: Ledger
    ) -> None:
        self.sagemaker, self.cloudwatch, self.s3 = sagemaker, cloudwatch, s3
        self.documents = Documents(s3)
        self.endpoints = FakeEndpoints()
        self.champion = ChampionPointer(state_table, "churn")
        self.leases = Leases(state_table, state.promotion_lease("churn"))
        s3.put_object(Bucket="artifacts", Key=URL.removeprefix("s3://artifacts/"), Body=b"tar")
        self.documents.write(
            "reports", METADATA["golden_uri"].removeprefix("s3://reports/"), GOLDEN.encode()
        )
        self._ledger = ledger
        self.register()
        self.arn = self.register()

    def register(self) -> str:
        return self.sagemaker.create_model_package(
            ModelPackageGroupName="churn-dev",
            ModelApprovalStatus="Approved",
            CustomerMetadataProperties={
                **METADATA,
                "artifact_sha256": sha256(b"tar").hexdigest(),
            },
            InferenceSpecification={"Containers": [{"Image": IMAGE, "ModelDataUrl": URL}]},
        )["ModelPackageArn"]

    def planner(self) -> Planner:
        hosting = Hosting(
            card=CARD,
            role_arn="arn:aws:iam::123456789012:role/endpoint",
            captures_bucket="captures",
            key_arn="arn:aws:kms:eu-west-1:123456789012:key/1",
        )
        return Planner(
            card=CARD,
            environment="dev",
            registry=Registry(self.sagemaker),
            documents=self.documents,
            endpoints=self.endpoints,  # pyright: ignore[reportArgumentType]
            deployments=Deployments(self.sagemaker, hosting),
            alarms=RollbackAlarms(self.cloudwatch),
            leases=self.leases,
            champion=self.champion,
        )

    def ending(self, runtime: FakeRuntime) -> Ending:
        return Ending(
            card=CARD,
            registry=Registry(self.sagemaker),
            endpoints=self.endpoints,  # pyright: ignore[reportArgumentType]
            alarms=RollbackAlarms(self.cloudwatch),
            probes=Probes(runtime),
            documents=self.documents,
            champion=self.champion,
            ledger=self._ledger,
        )

    def status(self) -> str:
        package = self.sagemaker.describe_model_package(ModelPackageName=self.arn)
        return package["ModelApprovalStatus"]

    def alarm_names(self) -> list[str]:
        alarms = self.cloudwatch.describe_alarms()["MetricAlarms"]
        return sorted(alarm["AlarmName"] for alarm in alarms)
