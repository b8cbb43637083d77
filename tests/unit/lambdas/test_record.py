"""A judged run is recorded once, from evidence that holds together."""

import gzip
import io
import json
import tarfile
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from contracts import archive, artifact
from contracts.errors import ContractError
from contracts.record import Provenance, parse_record
from lambdas.adapters.documents import Documents, render
from lambdas.adapters.ledger import Ledger
from lambdas.record.artifacts import Artifacts
from lambdas.record.decision import KEPT, Ended, EvidenceBroken, RecordDisagrees, compose
from lambdas.record.handler import ended, record_run
from lambdas.record.registry import Registry, TooManyFacts
from tests.unit.lambdas.examples import CHAMPION, IMAGE, evaluation, request, score

ARTIFACT = "s3://artifacts/churn/models/job/output/model.tar.gz"
RUN = request()
RECORD_KEY = f"churn/runs/{RUN.run_id}/record.json"
EVALUATION = f"churn/runs/{RUN.run_id}/evaluation/evaluation.json"

PROVENANCE = Provenance(
    run_id=RUN.run_id,
    as_of="1997-07-01T00:00:00Z",
    snapshot_digest="f" * 64,
    code_sha256="1" * 64,
    lock_sha256="2" * 64,
    image_commit="3" * 40,
    hyperparameters={"max_iter": "2", "seed": "1"},
    threads=1,
    python="3.12",
)


def packed(files: dict[str, bytes]) -> bytes:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as file:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            file.addfile(member, io.BytesIO(content))
    return gzip.compress(whole.getvalue(), mtime=0)


def files(provenance: Provenance = PROVENANCE) -> dict[str, bytes]:
    content = {
        artifact.MODEL: b"onnx",
        artifact.PROVENANCE: json.dumps(provenance.document()).encode(),
    }
    return {**content, artifact.MANIFEST: manifest(content)}


def manifest(content: dict[str, bytes]) -> bytes:
    digests = {name: sha256(each).hexdigest() for name, each in content.items()}
    return artifact.Manifest(files=digests).render()


def facts(content: dict[str, bytes]) -> dict[str, str]:
    return {
        "artifact_sha256": sha256(packed(content)).hexdigest(),
        "manifest_sha256": sha256(content[artifact.MANIFEST]).hexdigest(),
    }


def judged(content: dict[str, bytes], **changes: Any) -> Ended:
    run = Ended(
        request=RUN,
        snapshot_uri="s3://data/churn/snapshots/f/snapshot.json",
        snapshot_digest="f" * 64,
        training_job=f"{RUN.run_id}-train-0",
        model_data_url=ARTIFACT,
        model_package_arn="arn:package/churn-dev/2",
        verdict="approved",
        reason="auc 0.75, no champion to beat",
        registered=facts(content),
    )
    return replace(run, **changes)


def evaluated(content: dict[str, bytes]) -> dict[str, Any]:
    digest = sha256(content[artifact.MANIFEST]).hexdigest()
    return evaluation(candidate=score("a" * 64, 0.75, manifest=digest))


def contents(content: dict[str, bytes]) -> archive.Contents:
    return archive.read(io.BytesIO(packed(content)), ARTIFACT, keep=KEPT)


def test_the_record_holds_what_it_takes_to_build_the_model_again() -> None:
    good = files()
    record = compose(judged(good), contents(good), evaluated(good))

    assert record.image_uri == IMAGE
    assert record.provenance == PROVENANCE
    assert record.metrics == {"auc": 0.75, "brier": 0.2}
    assert record.manifest[artifact.MODEL] == sha256(b"onnx").hexdigest()
    assert record.artifact_sha256 == sha256(packed(good)).hexdigest()
    assert record.approved_by == "the gate"
    assert record.champion_version is None
    assert record.cause == "schedule: the schedule"
    assert parse_record(json.loads(record.render())) == record


def test_the_record_names_the_champion_that_was_to_be_beaten() -> None:
    good = files()
    run = judged(good, request=request(champion=CHAMPION))
    assert compose(run, contents(good), evaluated(good)).champion_version == CHAMPION.version


@pytest.mark.parametrize("verdict", ["rejected", "pending"])
def test_nobody_has_approved_what_the_gate_did_not(verdict: str) -> None:
    good = files()
    record = compose(judged(good, verdict=verdict), contents(good), evaluated(good))
    assert (record.verdict, record.approved_by) == (verdict, None)


@pytest.mark.parametrize("spoiled", [None, {}, evaluation()], ids=["none", "empty", "another's"])
def test_a_candidate_rejected_for_its_evaluation_is_recorded_without_metrics(
    spoiled: object,
) -> None:
    good = files()
    registered = {"artifact_sha256": facts(good)["artifact_sha256"]}
    run = judged(good, verdict="rejected", registered=registered)
    assert compose(run, contents(good), spoiled).metrics == {}


@pytest.mark.parametrize("spoiled", [None, evaluation()], ids=["none", "another's"])
def test_an_approval_without_an_evaluation_of_its_own_is_no_record(spoiled: object) -> None:
    good = files()
    with pytest.raises((ContractError, EvidenceBroken)):
        compose(judged(good), contents(good), spoiled)


def _without(name: str) -> dict[str, bytes]:
    rest = {each: content for each, content in files().items() if each != name}
    if name == artifact.MANIFEST:
        return rest
    return {**rest, artifact.MANIFEST: manifest({artifact.MODEL: b"onnx"})}


TAMPERED = {
    "another model": ({**files(), artifact.MODEL: b"evil"}, "sha256 of model.onnx by the manifest"),
    "an unlisted file": ({**files(), "x.so": b"evil"}, "sha256 of x.so by the manifest"),
    "no manifest": (_without(artifact.MANIFEST), "has no manifest.json"),
    "manifest that is none": ({**files(), artifact.MANIFEST: b"{"}, "manifest.json is not JSON"),
    "no provenance": (_without(artifact.PROVENANCE), "has no provenance.json"),
    "another run": (files(replace(PROVENANCE, run_id="r")), "run_id of the artifact must be"),
    "another day": (files(replace(PROVENANCE, as_of="x")), "as_of of the artifact must be"),
    "other data": (files(replace(PROVENANCE, snapshot_digest="e")), "snapshot of the artifact"),
    "threads of nobody": (files(replace(PROVENANCE, threads=0)), "provenance.json cannot be read"),
}


@pytest.mark.parametrize("case", TAMPERED)
@pytest.mark.parametrize("verdict", ["approved", "rejected"])
def test_an_artifact_that_is_not_what_it_says_is_refused(case: str, verdict: str) -> None:
    content, message = TAMPERED[case]
    whole = packed(content)
    registered = {"artifact_sha256": sha256(whole).hexdigest()}
    if artifact.MANIFEST in content:
        registered["manifest_sha256"] = sha256(content[artifact.MANIFEST]).hexdigest()
    run = judged(files(), registered=registered, verdict=verdict)
    with pytest.raises(EvidenceBroken, match=message):
        compose(run, contents(content), evaluation())


def test_a_manifest_other_than_the_registered_one_is_refused() -> None:
    good, other = files(), files(replace(PROVENANCE, threads=2))
    registered = {**facts(good), "artifact_sha256": sha256(packed(other)).hexdigest()}
    with pytest.raises(EvidenceBroken, match="manifest_sha256 must be"):
        compose(judged(good, registered=registered), contents(other), evaluated(other))


def test_an_archive_other_than_the_registered_one_is_refused() -> None:
    good = files()
    registered = {**facts(good), "artifact_sha256": "0" * 64}
    with pytest.raises(EvidenceBroken, match="artifact_sha256 must be 000"):
        compose(judged(good, registered=registered), contents(good), evaluated(good))


class Registered:
    """A package as the real registry keeps it: an update leaves what it does not name."""

    def __init__(self, metadata: dict[str, str]) -> None:
        self.metadata = metadata
        self.updates = 0
        self.dies = False

    def describe_model_package(self, *, ModelPackageName: str) -> dict[str, Any]:
        return {"CustomerMetadataProperties": dict(self.metadata)}

    def update_model_package(
        self, *, ModelPackageArn: str, CustomerMetadataProperties: dict[str, str]
    ) -> None:
        if self.dies:
            raise ConnectionError("killed")
        self.updates += 1
        self.metadata = CustomerMetadataProperties


class Stage:
    def __init__(self, s3: Any, documents: Documents, ledger: Ledger) -> None:
        self.files, self.documents = files(), documents
        self.package = Registered({**facts(self.files), "run_id": RUN.run_id})
        self._ledger, self._artifacts = ledger, Artifacts(s3)
        bucket, key = "artifacts", ARTIFACT.removeprefix("s3://artifacts/")
        s3.put_object(Bucket=bucket, Key=key, Body=packed(self.files))
        documents.write("reports", EVALUATION, render(evaluated(self.files)))

    def record(self, **judgement: str) -> dict[str, str]:
        event = {
            "request": RUN.document(),
            "snapshot": {"uri": "s3://data/s.json", "digest": "f" * 64},
            "training": {"job_name": "job", "model_data_url": ARTIFACT},
            "package": {"model_package_arn": "arn:package/churn-dev/2", "version": 2},
            "judgement": {"verdict": "approved", "reason": "good", **judgement},
        }
        registry = Registry(self.package)
        return record_run(
            ended(event, registry),
            reports_bucket="reports",
            documents=self.documents,
            artifacts=self._artifacts,
            registry=registry,
            ledger=self._ledger,
        )

    def written(self) -> bytes:
        return self.documents.read(f"s3://reports/{RECORD_KEY}")


@pytest.fixture
def stage(s3: Any, documents: Documents, ledger: Ledger) -> Stage:
    return Stage(s3, documents, ledger)


def test_registry_and_ledger_name_the_digest_of_what_lies_in_s3(
    stage: Stage, ledger_table: Any
) -> None:
    told = stage.record()

    assert told["record_sha256"] == sha256(stage.written()).hexdigest()
    assert told["record_uri"] == f"s3://reports/{RECORD_KEY}"
    built_from = {"lock_sha256": "2" * 64, "code_sha256": "1" * 64, "image_commit": "3" * 40}
    known = {**facts(stage.files), "run_id": RUN.run_id}
    assert stage.package.metadata == {**known, **told, **built_from}
    [line] = ledger_table.scan()["Items"]
    assert (line["kind"], line["subject"]) == ("recorded", RUN.run_id)
    assert line["details"]["record_sha256"] == told["record_sha256"]
    assert line["details"]["lock_sha256"] == "2" * 64


def test_a_step_that_was_killed_after_writing_follows_its_record(
    stage: Stage, ledger_table: Any
) -> None:
    stage.package.dies = True
    with pytest.raises(ConnectionError):
        stage.record()
    before = stage.written()
    stage.package.dies = False

    again = stage.record(reason="said otherwise")
    assert stage.record() == again

    assert stage.written() == before
    assert stage.package.metadata["record_sha256"] == sha256(before).hexdigest()
    assert stage.package.updates == 1
    assert len(ledger_table.scan()["Items"]) == 1


def test_a_verdict_that_changed_is_not_recorded_over_the_first(stage: Stage) -> None:
    stage.record(verdict="rejected", reason="worse")
    before = stage.written()
    with pytest.raises(RecordDisagrees, match="says verdict rejected, now it is approved"):
        stage.record()
    assert stage.written() == before


def test_a_registry_without_room_is_named(stage: Stage) -> None:
    stage.package.metadata |= {str(number): "x" for number in range(43)}
    with pytest.raises(TooManyFacts, match="would hold 51 entries, 50 are allowed"):
        stage.record()
