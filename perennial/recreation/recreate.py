"""Recreate a version: look at its inputs, train from them, compare what came out."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from contracts import archive, artifact, layout
from contracts.archive import Contents
from contracts.errors import ContractError
from contracts.record import Record
from perennial.account import Account
from perennial.deployed import Deployed
from perennial.difference import recorded
from perennial.recreation.comparison import KEPT, Comparison, Outcome, compare, golden_of
from perennial.recreation.inputs import Instead, Say, looked_at
from perennial.recreation.job import Training
from perennial.refusal import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Recreation:
    version: int
    run_id: str
    training_job: str
    model_data_url: str
    comparison: Comparison

    @property
    def same(self) -> bool:
        return self.comparison.outcome is not Outcome.DIFFERENT

    def document(self) -> dict[str, Any]:
        return {**asdict(self), "same": self.same}


def recreate(
    account: Account,
    deployed: Deployed,
    number: int,
    *,
    instead: Instead,
    again: bool,
    pause: Callable[[], object],
    say: Say,
) -> Recreation:
    record = recorded(account, deployed, number)
    say(f"record of {record.run_id}: verified")
    return of_record(
        account,
        deployed,
        record,
        version=number,
        instead=instead,
        again=again,
        pause=pause,
        say=say,
    )


def of_record(
    account: Account,
    deployed: Deployed,
    record: Record,
    *,
    version: int,
    instead: Instead,
    again: bool,
    pause: Callable[[], object],
    say: Say,
) -> Recreation:
    s3 = account.client("s3")
    inputs = looked_at(account, deployed, record, instead=instead, say=say)
    training = Training(
        s3=s3, sagemaker=account.client("sagemaker"), deployed=deployed, pause=pause, say=say
    )
    job = training.of(inputs, again=again)
    url = job["ModelArtifacts"]["S3ModelArtifacts"]
    return Recreation(
        version=version,
        run_id=record.run_id,
        training_job=job["TrainingJobName"],
        model_data_url=url,
        comparison=compare(record, _built(s3, url), _recorded_golden(s3, record)),
    )


def _built(s3: Any, url: str) -> Contents:
    """Read the new artifact; one that its own manifest does not describe is no answer."""
    contents = _contents(s3, url)
    missing = [name for name in KEPT if contents is None or name not in contents.kept]
    if contents is None or missing:
        raise Refused(f"{url} lacks {', '.join(missing)}", next_step="train it anew with: --again")
    listed = artifact.parse_manifest(contents.kept[artifact.MANIFEST]).files
    there = {n: digest for n, digest in contents.files.items() if n != artifact.MANIFEST}
    if listed != there:
        raise Refused(
            f"{url} holds other files than its manifest lists", next_step="train it anew: --again"
        )
    return contents


def _recorded_golden(s3: Any, record: Record) -> bytes | None:
    try:
        contents = _contents(s3, record.model_data_url)
    except ContractError:
        return None
    return None if contents is None else golden_of(record, contents)


def _contents(s3: Any, url: str) -> Contents | None:
    bucket, key = layout.split_s3_uri(url)
    try:
        body = s3.get_object(Bucket=bucket, Key=key)["Body"]
    except s3.exceptions.NoSuchKey:
        return None
    return archive.read(body, url, keep=KEPT)
