"""A promotion with the account of moto's around it and an endpoint that the test moves."""

import gzip
import io
import json
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from botocore.exceptions import ClientError

from contracts import layout, moment, state
from lambdas.adapters.champion import ChampionPointer
from lambdas.adapters.documents import Documents, render
from lambdas.adapters.leases import Leases
from lambdas.adapters.ledger import Ledger
from lambdas.adapters.pauses import Pauses
from lambdas.adapters.state import StateTable
from lambdas.promotion.alarms import RollbackAlarms
from lambdas.promotion.answers import CapturedAnswers
from lambdas.promotion.deployments import Deployments
from lambdas.promotion.ending import Ending
from lambdas.promotion.errors import CandidateUnfit
from lambdas.promotion.facts import Endpoint
from lambdas.promotion.figures import CandidateFigures
from lambdas.promotion.hosting import Hosting
from lambdas.promotion.inspection import Inspection
from lambdas.promotion.job_log import TransformLog
from lambdas.promotion.last_look import LastLook
from lambdas.promotion.lines import Lines
from lambdas.promotion.observation import Observation
from lambdas.promotion.planner import Planner
from lambdas.promotion.probes import Probes
from lambdas.promotion.registry import Registry
from lambdas.promotion.seen_shift import SeenShift
from lambdas.promotion.smoke_judge import SmokeJudge
from lambdas.promotion.succession import Succession
from lambdas.promotion.symptoms import Watched
from lambdas.promotion.targets import Targets
from tests.unit.lambdas.examples import CARD, IMAGE, METADATA

ARCHIVE = gzip.compress(bytes(1024))
"""An empty tar archive."""
URL = "s3://artifacts/churn/models/job/output/model.tar.gz"
ROWS = [",".join(digit * len(CARD.features)) for digit in "12"]
GOLDEN = "\n".join(ROWS)
SCORES = [0.25, 0.75]
"""What must be answered to the golden rows."""
AT = moment.parse("1997-07-01T03:00:00Z")
FEATURES = [{"name": each.name, "min": each.minimum, "max": each.maximum} for each in CARD.features]
PREDICTIONS = {"name": "score", "cuts": [0.5], "counts": [500, 500], "missing": 0}


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
            changed_at=AT,
            variants=("live",),
        )
        self.now = replace(standing, **changes)


class FakeRuntime:
    """Answers with the versions in turn, each row as it must be; an error stands for a 5xx."""

    def __init__(self, *answers: str | Exception, off_by: float = 0.0) -> None:
        self.answers = list(answers)
        self.off_by = off_by
        self.asked: list[dict[str, Any]] = []

    def invoke_endpoint(self, **asked: Any) -> dict[str, Any]:
        answer = self.answers[int(asked["InferenceId"].rsplit("-", 1)[1]) % len(self.answers)]
        self.asked.append(asked)
        if isinstance(answer, Exception):
            raise answer
        score = SCORES[ROWS.index(asked["Body"].decode())] + self.off_by
        document = {"model_version": answer, "predictions": [{"score": score}]}
        return {"Body": io.BytesIO(json.dumps(document).encode() if answer else b"<html>")}


class FakeImages:
    missing = False

    def refuse_missing(self, uri: str) -> None:
        if self.missing:
            raise CandidateUnfit(f"the image {uri} does not exist: injected")


class FakeMeasurements:
    def __init__(self) -> None:
        self.median: float | None = None
        self.count = 0
        self.asked: list[str] = []

    def median_ms(self, watched: Watched, at: datetime) -> float | None:
        self.asked.append(watched.deployment)
        return self.median

    def invocations(self, watched: Watched, at: datetime) -> int:
        return self.count


class FakeScaling:
    def __init__(self) -> None:
        self.applied: list[str] = []

    def apply(self, endpoint: str, card: object) -> str:
        self.applied.append(endpoint)
        return "no autoscaling"


class RememberingAlarms:
    """moto's CloudWatch with the alarms' history, which moto lacks."""

    def __init__(self, cloudwatch: Any) -> None:
        self._cloudwatch = cloudwatch
        self._history: list[dict[str, str]] = []

    def __getattr__(self, operation: str) -> Any:
        return getattr(self._cloudwatch, operation)

    def set_alarm_state(self, *, AlarmName: str, StateValue: str, StateReason: str) -> None:
        self._cloudwatch.set_alarm_state(
            AlarmName=AlarmName, StateValue=StateValue, StateReason=StateReason
        )
        summary = f"Alarm updated from OK to {StateValue}"
        self._history.append({"AlarmName": AlarmName, "HistorySummary": summary})

    def describe_alarm_history(self, **asked: Any) -> dict[str, Any]:
        assert (asked["HistoryItemType"], asked["ScanBy"]) == ("StateUpdate", "TimestampDescending")
        assert asked["StartDate"] <= AT
        items = [item for item in self._history if item["AlarmName"] == asked["AlarmName"]]
        return {"AlarmHistoryItems": items[::-1]}


class FakePolicy:
    """Of the package group, which moto lacks (test_rollback_targets tells what it must hold)."""

    def __init__(self) -> None:
        self.kept: list[str] = []

    def keep(self, arns: list[str]) -> None:
        self.kept = arns


SERVER_ERROR = ClientError(
    {"Error": {"Code": "ModelError", "Message": "Received server error (500) from primary"}},
    "InvokeEndpoint",
)


class Stage:
    """``card`` and the fakes may be changed before they are asked."""

    def __init__(
        self, sagemaker: Any, cloudwatch: Any, s3: Any, state_table: StateTable, ledger: Ledger
    ) -> None:
        self.card = CARD
        self.sagemaker, self.s3 = sagemaker, s3
        self.cloudwatch = RememberingAlarms(cloudwatch)
        self.documents = Documents(s3)
        self.endpoints = FakeEndpoints()
        self.images, self.measurements = FakeImages(), FakeMeasurements()
        self.scaling, self.policy = FakeScaling(), FakePolicy()
        self.champion = ChampionPointer(state_table, "churn")
        self.pauses = Pauses(state_table, "churn")
        self.leases = Leases(state_table, state.promotion_lease("churn"))
        self.ledger, self.lines = ledger, Lines(ledger=ledger)
        self.version_id = s3.put_object(
            Bucket="artifacts", Key=URL.removeprefix("s3://artifacts/"), Body=ARCHIVE
        )["VersionId"]
        self.write("golden_uri", GOLDEN.encode())
        self.write("answers_uri", render({"scores": SCORES}))
        self.write("predictions_uri", render(PREDICTIONS))
        self.write("schema_uri", render({"features": FEATURES}))
        self.first = self.register()
        self.arn = self.register()

    def write(self, name: str, content: bytes) -> None:
        self.documents.write(*layout.split_s3_uri(METADATA[name]), content)

    def register(self, *, status: str = "Approved", **metadata: str) -> str:
        return self.sagemaker.create_model_package(
            ModelPackageGroupName="churn-dev",
            ModelApprovalStatus=status,
            CustomerMetadataProperties={
                **METADATA,
                "artifact_sha256": sha256(ARCHIVE).hexdigest(),
                "artifact_version": self.version_id,
                **metadata,
            },
            InferenceSpecification={"Containers": [{"Image": IMAGE, "ModelDataUrl": URL}]},
        )["ModelPackageArn"]

    def planner(self) -> Planner:
        hosting = Hosting(
            card=self.card,
            environment="dev",
            role_arn="arn:aws:iam::123456789012:role/endpoint",
            captures_bucket="captures",
            key_arn="arn:aws:kms:eu-west-1:123456789012:key/1",
        )
        return Planner(
            card=self.card,
            environment="dev",
            registry=Registry(self.sagemaker),
            inspection=Inspection(
                environment="dev",
                registry=Registry(self.sagemaker),
                documents=self.documents,
                images=self.images,  # pyright: ignore[reportArgumentType]
                pauses=self.pauses,
                champion=self.champion,
            ),
            endpoints=self.endpoints,  # pyright: ignore[reportArgumentType]
            deployments=Deployments(self.sagemaker, hosting),
            alarms=RollbackAlarms(self.cloudwatch),
            measurements=self.measurements,  # pyright: ignore[reportArgumentType]
            leases=self.leases,
            champion=self.champion,
            ledger=self.ledger,
        )

    def seen_shift(self) -> SeenShift:
        captured = CapturedAnswers(self.s3, bucket="captures", model="churn")
        return SeenShift(card=self.card, documents=self.documents, captured=captured)

    def observation(self, runtime: FakeRuntime) -> Observation:
        return Observation(
            card=self.card,
            environment="dev",
            endpoints=self.endpoints,  # pyright: ignore[reportArgumentType]
            documents=self.documents,
            probes=Probes(runtime, at_once=8),
            measurements=self.measurements,  # pyright: ignore[reportArgumentType]
            seen_shift=self.seen_shift(),
            figures=CandidateFigures(self.cloudwatch, model="churn"),
        )

    def smoke_judge(self, logs: Any) -> SmokeJudge:
        return SmokeJudge(
            card=self.card,
            registry=Registry(self.sagemaker),
            documents=self.documents,
            log=TransformLog(logs),
            alarms=RollbackAlarms(self.cloudwatch),
            lines=self.lines,
        )

    def ending(self, runtime: FakeRuntime) -> Ending:
        alarms = RollbackAlarms(self.cloudwatch)
        return Ending(
            card=self.card,
            registry=Registry(self.sagemaker),
            endpoints=self.endpoints,  # pyright: ignore[reportArgumentType]
            alarms=alarms,
            last_look=LastLook(
                card=self.card,
                documents=self.documents,
                probes=Probes(runtime, at_once=8),
                alarms=alarms,
            ),
            succession=Succession(
                card=self.card,
                champion=self.champion,
                alarms=alarms,
                scaling=self.scaling,  # pyright: ignore[reportArgumentType]
                targets=Targets(
                    card=self.card,
                    environment="dev",
                    policy=self.policy,  # pyright: ignore[reportArgumentType]
                    ledger=self.ledger,
                    sagemaker=self.sagemaker,
                ),
                lines=self.lines,
            ),
            lines=self.lines,
        )

    def status(self) -> str:
        package = self.sagemaker.describe_model_package(ModelPackageName=self.arn)
        return package["ModelApprovalStatus"]

    def alarm_names(self) -> list[str]:
        alarms = self.cloudwatch.describe_alarms(MaxRecords=100)["MetricAlarms"]
        return sorted(alarm["AlarmName"] for alarm in alarms)
