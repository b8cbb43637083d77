"""The inputs of a recorded run, each looked at before anything is built from it again."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from contracts.record import Record
from contracts.snapshot import Snapshot, SnapshotFile
from perennial import code
from perennial.account import Account
from perennial.code import Code
from perennial.deployed import Deployed
from perennial.evidence import Evidence
from perennial.refusal import Refused

Say = Callable[[str], object]
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    record: Record
    snapshot: Snapshot
    code: Code
    image_uri: str
    job: dict[str, Any]
    """The recorded run's training job as SageMaker describes it: what it ran on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instead:
    """What a person wants taken in place of what the record names, to see the effect."""

    image: str | None = None
    """A tag or digest of the environment's repository."""
    code: str | None = None
    """A folder, an archive, or an ``s3://`` URI."""


def looked_at(
    account: Account, deployed: Deployed, record: Record, *, instead: Instead, say: Say
) -> Inputs:
    """Return the inputs; the first that is gone or changed is named in the refusal."""
    s3 = account.client("s3")
    snapshot = Evidence.of(account, deployed).snapshot(record)
    say(f"data: {len(snapshot.files)} files of snapshot {snapshot.digest[:12]}")
    for file in snapshot.files:
        _refuse_other_data(s3, snapshot.bucket, file)
    say(f"code: {instead.code or record.code_uri}")
    model_code = _code(s3, record) if instead.code is None else code.of_place(s3, instead.code)
    say(f"image: {instead.image or record.image_digest}")
    return Inputs(
        record=record,
        snapshot=snapshot,
        code=model_code,
        image_uri=_image(account.client("ecr"), deployed, record, instead.image),
        job=_job(account.client("sagemaker"), record),
    )


def _refuse_other_data(s3: Any, bucket: str, file: SnapshotFile) -> None:
    where = f"data object s3://{bucket}/{file.key}, version {file.version_id},"
    try:
        body = s3.get_object(Bucket=bucket, Key=file.key, VersionId=file.version_id)["Body"]
    except s3.exceptions.ClientError as error:
        # https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
        if error.response["Error"]["Code"] not in ("NoSuchVersion", "NoSuchKey", "404"):
            raise
        raise _lost(f"{where} is gone") from None
    running = sha256()
    for chunk in body.iter_chunks(_CHUNK):
        running.update(chunk)
    if running.hexdigest() != file.sha256:
        raise _lost(f"{where} has sha256 {running.hexdigest()}, the snapshot says {file.sha256}")


def _code(s3: Any, record: Record) -> Code:
    found = code.of_s3(s3, record.code_uri)
    if found is None:
        raise _lost(f"code archive {record.code_uri} is gone")
    if found.sha256 != record.provenance.code_sha256:
        raise _lost(
            f"code archive {record.code_uri} differs: its files have sha256 {found.sha256}, "
            f"the record says {record.provenance.code_sha256}",
            next_step="give the code of commit "
            f"{record.code_commit} yourself: --code <folder or archive>",
        )
    return found


def _image(ecr: Any, deployed: Deployed, record: Record, wanted: str | None) -> str:
    name = wanted or record.image_digest
    kind = "imageDigest" if name.startswith("sha256:") else "imageTag"
    try:
        found = ecr.describe_images(repositoryName=deployed.repository, imageIds=[{kind: name}])
    except (ecr.exceptions.ImageNotFoundException, ecr.exceptions.RepositoryNotFoundException):
        found = {"imageDetails": []}
    if not found["imageDetails"]:
        raise _lost(
            f"image {name} is not in the repository {deployed.repository}",
            next_step=f"build it again from commit {record.provenance.image_commit}, push it, "
            "and name its tag: --image <tag>",
        )
    repository = record.image_uri.partition("@")[0]
    return f"{repository}@{found['imageDetails'][0]['imageDigest']}"


def _job(sagemaker: Any, record: Record) -> dict[str, Any]:
    try:
        return sagemaker.describe_training_job(TrainingJobName=record.training_job)
    except sagemaker.exceptions.ClientError as error:
        if "not found" not in str(error).lower():
            raise
        raise _lost(f"training job {record.training_job} is gone") from None


def _lost(message: str, *, next_step: str = "restore it, then ask again") -> Refused:
    return Refused(f"cannot be built again as it was: {message}", next_step=next_step)
