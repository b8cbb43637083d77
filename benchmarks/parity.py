"""Whether a row gets one answer, whoever asks: trainer's pipeline, transform job, endpoint.

``.venv/bin/python -m benchmarks.parity [model …]`` trains each model in the embedded account with
its card's own settings, asks 10,000 real rows of its data in four ways, and compares. It also shows
the export that design.md warns of, and what training says to it.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts import artifact
from contracts.layout import split_s3_uri
from demo import history, places, replay
from emulator import client
from emulator.client import PROJECT
from tests.system.integrations.test_sagemaker_sdk import manifest_digest
from tests.system.integrations.workbench import ARTIFACTS, AS_OF, DATA, ROLE, Workbench

ROWS = 10_000
ALLOWED = 1e-6
"""Of the larger of 1 and the answer: a chance is compared as it is, a demand by its share."""
_AT_ONCE = 1_000
_ML = places.ML_BIN / "python"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """The largest differences from what the trainer's pipeline answers."""

    model: str
    rows: int
    off: dict[str, float]
    """By who was asked."""

    @property
    def holds(self) -> bool:
        return all(found <= ALLOWED for found in self.off.values())


def measure(workbench: Workbench, room: Path, *, rows: int = ROWS) -> Parity:
    """Train the workbench's model as its card says, and ask ``rows`` rows in every way."""
    job = _trained(workbench, room)
    folder = workbench.account.state / "sagemaker" / "jobs" / "training-job"
    trainer = "answers", folder / job["TrainingJobName"] / "ml", rows, room / "trainer"
    _in_the_image(*trainer)
    lines = (room / "trainer" / "rows.csv").read_text().splitlines()
    wanted = json.loads((room / "trainer" / "scores.json").read_text())
    name = f"parity-{workbench.model}"
    _model(workbench, name, job["ModelArtifacts"]["S3ModelArtifacts"])
    answered = {"transform job": _transformed(workbench, name, lines)}
    with _endpoint(workbench, name):
        answered["endpoint, CSV"] = list(_asked_in_csv(workbench, name, lines))
        answered["endpoint, JSON"] = list(_asked_in_json(workbench, name, lines))
    off = {who: _off(wanted, scores) for who, scores in answered.items()}
    return Parity(model=workbench.model, rows=len(lines), off=off)


def refusal() -> dict[str, dict[str, Any]]:
    """Train a scaler before boosted trees, and trees alone; say what became of both exports."""
    return json.loads(_in_the_image("refusal"))


def _in_the_image(*arguments: object) -> str:
    command = [str(_ML), "-m", "benchmarks.parity_trainer", *map(str, arguments)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr[-3000:]}")
    return done.stdout


def _trained(workbench: Workbench, room: Path) -> dict[str, Any]:
    played = replay.load(workbench.model)
    known = history.prepared(played, room / "log")
    first = replay.load(workbench.model).start
    files = known.landing(played.landing_order, after=None, by=first.date())
    name = f"parity-{workbench.model}"
    given = {"model": workbench.model, "as_of": first.isoformat(), "run_id": name}
    workbench.start(name, workbench.give(files), given)
    job = workbench.ended(name)
    if job["TrainingJobStatus"] != "Completed":
        raise RuntimeError(f"training of {workbench.model}: {job.get('FailureReason')}")
    return job


def _model(workbench: Workbench, name: str, uri: str) -> None:
    workbench.client("sagemaker").create_model(
        ModelName=name,
        ExecutionRoleArn=ROLE,
        PrimaryContainer={
            "Image": workbench.image,
            "ModelDataUrl": uri,
            "Environment": {
                artifact.MANIFEST_VARIABLE: manifest_digest(workbench, uri),
                artifact.VERSION_VARIABLE: "1",
            },
        },
    )


def _transformed(workbench: Workbench, name: str, lines: Sequence[str]) -> list[float]:
    s3, sagemaker = workbench.client("s3"), workbench.client("sagemaker")
    s3.put_object(Bucket=DATA, Key=f"{name}/rows.csv", Body=_csv(lines))
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{DATA}/{name}/"}
    sagemaker.create_transform_job(
        TransformJobName=name,
        ModelName=name,
        BatchStrategy="MultiRecord",
        TransformInput={
            "DataSource": {"S3DataSource": source},
            "ContentType": "text/csv",
            "SplitType": "Line",
        },
        TransformOutput={
            "S3OutputPath": f"s3://{ARTIFACTS}/{name}",
            "Accept": "application/jsonlines",
        },
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
    )
    waiter = sagemaker.get_waiter("transform_job_completed_or_stopped")
    waiter.wait(TransformJobName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 120})
    bucket, key = split_s3_uri(f"s3://{ARTIFACTS}/{name}/rows.csv.out")
    body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    return [json.loads(line)["score"] for line in body.splitlines()]


@contextmanager
def _endpoint(workbench: Workbench, name: str) -> Generator[None]:
    sagemaker = workbench.client("sagemaker")
    variant = {
        "VariantName": "live",
        "ModelName": name,
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
    }
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    try:
        waiter = sagemaker.get_waiter("endpoint_in_service")
        waiter.wait(EndpointName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        yield
    finally:
        sagemaker.delete_endpoint(EndpointName=name)


def _asked_in_csv(workbench: Workbench, name: str, lines: Sequence[str]) -> Iterator[float]:
    for some in _parts(lines):
        yield from _asked(workbench, name, _csv(some), "text/csv")


def _asked_in_json(workbench: Workbench, name: str, lines: Sequence[str]) -> Iterator[float]:
    features = [feature.name for feature in replay.load(workbench.model).card.features]
    for some in _parts(lines):
        records = [dict(zip(features, map(float, line.split(",")), strict=True)) for line in some]
        body = json.dumps(records).encode()
        yield from _asked(workbench, name, body, "application/json")


def _asked(workbench: Workbench, name: str, body: bytes, content_type: str) -> list[float]:
    answer = workbench.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=name, Body=body, ContentType=content_type
    )
    return [each["score"] for each in json.loads(answer["Body"].read())["predictions"]]


def _parts(lines: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(lines), _AT_ONCE):
        yield lines[start : start + _AT_ONCE]


def _csv(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _off(wanted: Sequence[float], answered: Sequence[float]) -> float:
    pairs = zip(wanted, answered, strict=True)
    return max(abs(one - other) / max(1.0, abs(one)) for one, other in pairs)


def main(arguments: Sequence[str]) -> int:
    names = list(arguments) or ["churn", "forecast"]
    found: list[Parity] = []
    with (
        tempfile.TemporaryDirectory() as room,
        client.start(state=Path(room) / "account", clock=AS_OF) as account,
    ):
        Workbench.made(account)
        for name in names:
            found.append(measure(Workbench.of(account, name), Path(room) / name))
            print(found[-1], flush=True)
    for parity in found:
        for who, off in parity.off.items():
            print(f"| {parity.model}: {parity.rows:,} rows, {who} | {ALLOWED:g} | {off:.1e} |")
    exports = refusal()
    for name, told in exports.items():
        print(f"| export of {name}: off by {told['off_by']:.2g} | {told['training']} |")
    refused = exports["scaler and trees"]["training"] != "accepted"
    return 0 if refused and all(parity.holds for parity in found) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
