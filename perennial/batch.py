"""Score a file, or all below a prefix, with the version that serves, and bring the answers."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from contracts import layout, moment, naming
from contracts.batch import SUFFIXES, BatchRequest
from contracts.run import Cause, CauseKind
from perennial.account import Account
from perennial.deployed import Deployed
from perennial.refusal import Refused

_ANSWERS = ".out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """``status`` is the execution's; the rest is known once it succeeded."""

    execution_arn: str
    status: str
    input: str
    rows: int | None = None
    version: int | None = None
    output: str | None = None
    files: list[str] = field(default_factory=list[str])
    """What was downloaded."""

    def document(self) -> dict[str, Any]:
        return asdict(self)


def start(account: Account, deployed: Deployed, source: str, *, reason: str) -> Scored:
    """Start the batch of an S3 URI or of a file on this machine, which is uploaded first."""
    as_of = account.now()
    cause = Cause(
        kind=CauseKind.PERSON,
        id=f"person scores {source} {moment.render(as_of)}",
        detail=reason,
    )
    batch_id = naming.batch_id(deployed.model, deployed.environment, cause.id)
    uri = source if source.startswith("s3://") else _upload(account, deployed, source, batch_id)
    request = BatchRequest(as_of=as_of, cause=cause, input=uri, output=None)
    answer = account.client("stepfunctions").start_execution(
        stateMachineArn=deployed.batch_arn, name=batch_id, input=json.dumps(request.document())
    )
    return Scored(execution_arn=answer["executionArn"], status="RUNNING", input=uri)


def wait(account: Account, scored: Scored, *, pause: Callable[[], object]) -> Scored:
    """Return what came of it; a batch that failed says why."""
    stepfunctions = account.client("stepfunctions")
    while True:
        described = stepfunctions.describe_execution(executionArn=scored.execution_arn)
        if described["status"] != "RUNNING":
            break
        pause()
    if described["status"] != "SUCCEEDED":
        name = scored.execution_arn.rpartition(":")[2]
        raise Refused(
            f"the batch {described['status'].lower()}: {described.get('error', 'no error name')}: "
            f"{_plain(described.get('cause', ''))}",
            next_step="docs/runbooks/batch-failed.md; once mended: perennial redrive " + name,
        )
    ended: Mapping[str, Any] = json.loads(described["output"])
    return Scored(
        execution_arn=scored.execution_arn,
        status="SUCCEEDED",
        input=scored.input,
        rows=ended["rows"],
        version=ended["version"],
        output=ended["output"],
    )


def bring(account: Account, scored: Scored, out: Path) -> Scored:
    """Download the answers: of one file into ``out``, of several below it."""
    bucket, prefix = layout.split_s3_uri(f"{scored.output}/")
    s3 = account.client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    keys = [each["Key"] for page in pages for each in page.get("Contents", ())]
    written: list[str] = []
    for key in keys:
        name = key.removeprefix(prefix)
        several = len(keys) > 1 or out.is_dir()
        target = out / f"{name.removesuffix(_ANSWERS)}.jsonl" if several else out
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            for chunk in s3.get_object(Bucket=bucket, Key=key)["Body"].iter_chunks(1 << 20):
                file.write(chunk)
        written.append(str(target))
    return replace(scored, files=written)


def _upload(account: Account, deployed: Deployed, source: str, batch_id: str) -> str:
    file = Path(source)
    if not file.is_file():
        raise Refused(
            f"{source} is neither an S3 URI nor a file",
            next_step="name a file that ends with " + ", ".join(SUFFIXES),
        )
    if file.suffix.lower() not in SUFFIXES:
        raise Refused(
            f"a file must end with {', '.join(SUFFIXES)}, got {file.name}",
            next_step="rows as CSV in the card's order, or one JSON object a line",
        )
    key = f"{layout.batch_run_prefix(deployed.model, batch_id)}input/{file.name}"
    with file.open("rb") as body:
        account.client("s3").upload_fileobj(body, deployed.data_bucket, key)
    return layout.s3_uri(deployed.data_bucket, key)


def _plain(cause: str) -> str:
    """Return what a handler or a job says of itself within the cause."""
    try:
        document = json.loads(cause)
    except ValueError:
        return cause or "no cause was given"
    said = document.get("errorMessage") or document.get("FailureReason")
    named = document.get("TransformJobName")
    return f"transform job {named}: {said}" if named else str(said or cause)
