"""Inputs are looked at first, the listed versions are trained on, and one job is enough."""

import gzip
import io
import json
import tarfile
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from botocore.exceptions import ClientError

from contracts import artifact, layout
from contracts.record import Record
from contracts.snapshot import Snapshot
from perennial import code
from perennial.deployed import Deployed
from perennial.recreation import recreate as recreation
from perennial.recreation.comparison import Outcome
from perennial.recreation.inputs import Inputs, Instead, looked_at
from perennial.recreation.job import Training
from perennial.refusal import Refused
from tests.unit.perennial.conftest import (
    RUN,
    data_file,
    provenance,
    put,
    put_snapshot,
    record,
    snapshot_of,
)
from tests.unit.perennial.test_code import zipped

PURCHASES = "churn/incoming/purchases/1997/05.csv"
LABELS = "churn/incoming/labels/05.csv"
CODE = zipped({"card.toml": b"card", "model.py": b"1"})
OLD, NEW = f"sha256:{'4' * 64}", f"sha256:{'5' * 64}"
DEPLOYED = Deployed(
    **{name: name for name in Deployed.__dataclass_fields__ if name != "reports_bucket"},
    reports_bucket="reports",
)


class FakeErrors:
    ClientError = ClientError

    class ImageNotFoundException(Exception):
        pass

    class RepositoryNotFoundException(Exception):
        pass


class FakeImages:
    exceptions = FakeErrors

    def __init__(self) -> None:
        self.images = {OLD: OLD, "standard-new": NEW}

    def describe_images(
        self, *, repositoryName: str, imageIds: list[dict[str, str]]
    ) -> dict[str, Any]:
        assert repositoryName == DEPLOYED.repository
        [[name]] = [each.values() for each in imageIds]
        if name not in self.images:
            raise FakeErrors.ImageNotFoundException
        return {"imageDetails": [{"imageDigest": self.images[name]}]}


class FakeJobs:
    """Jobs that end after one more look at them."""

    exceptions = FakeErrors

    def __init__(self) -> None:
        self.jobs: dict[str, dict[str, Any]] = {}
        self.ends_as = "Completed"

    def create_training_job(self, **asked: Any) -> None:
        url = f"{asked['OutputDataConfig']['S3OutputPath']}{asked['TrainingJobName']}/model.tar.gz"
        self.jobs[asked["TrainingJobName"]] = {
            **asked,
            "TrainingJobStatus": "InProgress",
            "FailureReason": "AlgorithmError: no rows",
            "ModelArtifacts": {"S3ModelArtifacts": url},
        }

    def describe_training_job(self, *, TrainingJobName: str) -> dict[str, Any]:
        if TrainingJobName not in self.jobs:
            answer = {"Code": "ValidationException", "Message": "Requested resource not found."}
            raise ClientError({"Error": answer}, "DescribeTrainingJob")
        return dict(self.jobs[TrainingJobName])

    def let_end(self) -> None:
        for job in self.jobs.values():
            if job["TrainingJobStatus"] == "InProgress":
                job["TrainingJobStatus"] = self.ends_as


class Stage:
    def __init__(self, s3: Any) -> None:
        self.s3, self.images, self.jobs = s3, FakeImages(), FakeJobs()
        self.told: list[str] = []
        files = (
            data_file(s3, LABELS, b"labels", rows=1),
            data_file(s3, PURCHASES, b"purchases", rows=1),
        )
        self.snapshot: Snapshot = snapshot_of(*files)
        put(s3, "assets", "code.zip", CODE)
        self.record: Record = record(
            snapshot_uri=put_snapshot(s3, self.snapshot),
            snapshot_digest=self.snapshot.digest,
            provenance=provenance(
                snapshot_digest=self.snapshot.digest,
                code_sha256=code.of_archive(CODE, "x").sha256,
            ),
        )
        self.jobs.create_training_job(
            TrainingJobName=self.record.training_job,
            HyperParameters={"max_iter": "5", "model": "churn", "run_id": RUN},
            OutputDataConfig={"S3OutputPath": "s3://artifacts/churn/models/", "KmsKeyId": "key"},
            ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1},
            StoppingCondition={"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 90},
            EnableManagedSpotTraining=True,
            CheckpointConfig={"S3Uri": "s3://artifacts/churn/checkpoints/"},
        )
        self.jobs.let_end()

    def client(self, service: str) -> Any:
        return {"s3": self.s3, "ecr": self.images, "sagemaker": self.jobs}[service]

    def inputs(self, **instead: str) -> Inputs:
        account: Any = self
        return looked_at(
            account, DEPLOYED, self.record, instead=Instead(**instead), say=self.told.append
        )

    def train(self, inputs: Inputs, *, again: bool = False) -> str:
        training = Training(
            s3=self.s3,
            sagemaker=self.jobs,
            deployed=DEPLOYED,
            pause=self.jobs.let_end,
            say=self.told.append,
        )
        return training.of(inputs, again=again)["TrainingJobName"]


@pytest.fixture
def stage(s3: Any) -> Stage:
    return Stage(s3)


def test_inputs_that_are_all_there_are_those_of_the_record(stage: Stage) -> None:
    found = stage.inputs()
    assert found.snapshot == stage.snapshot
    assert found.code.archive == CODE
    assert found.image_uri == stage.record.image_uri


def test_a_listed_version_that_was_deleted_is_named(stage: Stage) -> None:
    listed = stage.snapshot.files[1]
    put(stage.s3, "data", PURCHASES, b"purchases")
    stage.s3.delete_object(Bucket="data", Key=PURCHASES, VersionId=listed.version_id)
    with pytest.raises(Refused, match=f"s3://data/{PURCHASES}, version {listed.version_id}, is g"):
        stage.inputs()


def test_a_listed_version_with_other_bytes_is_named(stage: Stage) -> None:
    labels, purchases = stage.snapshot.files
    snapshot = replace(stage.snapshot, files=(replace(labels, sha256="0" * 64), purchases))
    stage.record = replace(
        stage.record,
        snapshot_uri=put_snapshot(stage.s3, snapshot),
        snapshot_digest=snapshot.digest,
    )
    with pytest.raises(Refused, match=rf"{LABELS}, version \S+, has sha256 \w+, the snapshot says"):
        stage.inputs()


def test_an_image_that_is_gone_is_named_with_its_commit(stage: Stage) -> None:
    del stage.images.images[OLD]
    with pytest.raises(Refused, match=f"image {OLD} is not in the repository") as refused:
        stage.inputs()
    assert "3" * 40 in refused.value.next_step


def test_code_that_is_gone_or_differs_is_named(stage: Stage) -> None:
    put(stage.s3, "assets", "code.zip", zipped({"card.toml": b"card", "model.py": b"2"}))
    with pytest.raises(Refused, match=r"code archive s3://assets/code\.zip differs: its files"):
        stage.inputs()
    stage.s3.delete_object(Bucket="assets", Key="code.zip")
    with pytest.raises(Refused, match=r"code archive s3://assets/code\.zip is gone"):
        stage.inputs()


def test_a_training_job_that_is_gone_is_named(stage: Stage) -> None:
    stage.jobs.jobs.clear()
    with pytest.raises(Refused, match=f"training job {RUN}-train-0 is gone"):
        stage.inputs()


def test_the_job_reads_the_listed_versions_and_not_what_lies_there_today(stage: Stage) -> None:
    put(stage.s3, "data", PURCHASES, b"written since")
    name = stage.train(stage.inputs())

    assert name == f"{RUN}-recreate-0"
    channels = {
        channel["ChannelName"]: channel["DataSource"]["S3DataSource"]
        for channel in stage.jobs.jobs[name]["InputDataConfig"]
    }
    assert set(channels) == {"purchases", "labels", "snapshot", "code"}
    assert channels["snapshot"]["S3Uri"] == stage.record.snapshot_uri
    assert channels["purchases"]["S3DataType"] == "ManifestFile"
    [prefix, rest] = json.loads(_read(stage.s3, channels["purchases"]["S3Uri"]))
    assert rest == "1997/05.csv"
    assert _read(stage.s3, prefix["prefix"] + rest) == b"purchases"
    assert _read(stage.s3, channels["code"]["S3Uri"]) == CODE
    below = layout.staged_prefix("churn", name, "purchases")
    assert prefix["prefix"] == f"s3://data/{below}"


def _read(s3: Any, uri: str) -> bytes:
    bucket, key = layout.split_s3_uri(uri)
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def test_the_job_is_asked_as_the_recorded_one_without_spare_capacity(stage: Stage) -> None:
    """The record's ``max_iter`` of 2 is what a search found that began with 5."""
    job = stage.jobs.jobs[stage.train(stage.inputs())]
    assert job["HyperParameters"] == {
        "max_iter": "5",
        "model": "churn",
        "as_of": "1997-07-01T00:00:00Z",
        "run_id": RUN,
    }
    assert job["AlgorithmSpecification"]["TrainingImage"] == stage.record.image_uri
    assert job["RoleArn"] == "job_role_arn"
    assert job["StoppingCondition"] == {"MaxRuntimeInSeconds": 60}
    assert job["OutputDataConfig"]["KmsKeyId"] == "key"
    assert job["EnableNetworkIsolation"] is True
    assert not {"EnableManagedSpotTraining", "CheckpointConfig", "VpcConfig"} & set(job)


def test_a_second_call_goes_on_with_the_job_of_the_first(stage: Stage) -> None:
    first = stage.train(stage.inputs())
    stage.jobs.jobs[first]["TrainingJobStatus"] = "InProgress"
    assert stage.train(stage.inputs(), again=True) == first
    assert stage.train(stage.inputs()) == first
    assert f"training job {first}: InProgress" in stage.told


def test_a_job_that_is_wanted_again_has_the_next_number(stage: Stage) -> None:
    assert stage.train(stage.inputs()) == f"{RUN}-recreate-0"
    assert stage.train(stage.inputs(), again=True) == f"{RUN}-recreate-1"


def test_another_image_or_other_code_is_another_job(stage: Stage) -> None:
    put(stage.s3, "assets", "other.zip", zipped({"model.py": b"2"}))
    first = stage.train(stage.inputs())
    other_image = stage.train(stage.inputs(image="standard-new"))
    other_code = stage.train(stage.inputs(code="s3://assets/other.zip"))
    assert len({first, other_image, other_code}) == 3
    image = stage.jobs.jobs[other_image]["AlgorithmSpecification"]["TrainingImage"]
    assert image == f"account/images@{NEW}"
    assert stage.train(stage.inputs()) == first


def test_a_job_that_fails_says_why_and_is_not_waited_for_again(stage: Stage) -> None:
    stage.jobs.ends_as = "Failed"
    with pytest.raises(Refused, match=f"job {RUN}-recreate-0 is Failed: AlgorithmError: no rows"):
        stage.train(stage.inputs())
    stage.jobs.ends_as = "Completed"
    assert stage.train(stage.inputs()) == f"{RUN}-recreate-1"


def packed(files: dict[str, bytes]) -> bytes:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as file:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            file.addfile(member, io.BytesIO(content))
    return gzip.compress(whole.getvalue(), mtime=0)


def built(stage: Stage) -> dict[str, bytes]:
    content = {
        artifact.MODEL: b"onnx",
        artifact.GOLDEN: json.dumps({"rows": [[1.0]], "scores": [0.5]}).encode(),
        artifact.PROVENANCE: json.dumps(stage.record.provenance.document()).encode(),
    }
    return {**content, artifact.MANIFEST: artifact.Manifest(files=digests(content)).render()}


def digests(content: dict[str, bytes]) -> dict[str, str]:
    return {
        name: sha256(each).hexdigest()
        for name, each in content.items()
        if name != artifact.MANIFEST
    }


def recreated(stage: Stage, content: dict[str, bytes]) -> recreation.Recreation:
    put(stage.s3, "artifacts", f"churn/models/{RUN}-recreate-0/model.tar.gz", packed(content))
    original = stage.record.model_data_url.removeprefix("s3://artifacts/")
    put(stage.s3, "artifacts", original, packed(built(stage)))
    account: Any = stage
    return recreation.of_record(
        account,
        DEPLOYED,
        stage.record,
        version=2,
        instead=Instead(),
        again=False,
        pause=stage.jobs.let_end,
        say=stage.told.append,
    )


def test_a_version_that_comes_out_the_same_is_said_to_be(stage: Stage) -> None:
    stage.record = replace(stage.record, manifest=digests(built(stage)))
    found = recreated(stage, built(stage))
    assert (found.same, found.comparison.outcome) == (True, Outcome.SAME)
    assert found.training_job == f"{RUN}-recreate-0"


def test_an_artifact_that_its_manifest_does_not_describe_is_no_answer(stage: Stage) -> None:
    with pytest.raises(Refused, match="holds other files than its manifest lists"):
        recreated(stage, {**built(stage), artifact.MODEL: b"evil"})


def test_an_artifact_without_provenance_is_no_answer(stage: Stage) -> None:
    content = built(stage)
    del content[artifact.PROVENANCE]
    with pytest.raises(Refused, match=r"model\.tar\.gz lacks provenance\.json"):
        recreated(stage, content)
