"""Compose the record of a run, from evidence that holds together."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts import artifact, moment
from contracts.archive import Contents
from contracts.errors import ContractError
from contracts.evaluation import parse_evaluation
from contracts.record import Provenance, Record, parse_provenance, parse_record
from contracts.run import RunRequest

GATE = "the gate"
APPROVED = "approved"
REJECTED = "rejected"
KEPT = (artifact.MANIFEST, artifact.PROVENANCE)


class EvidenceBroken(Exception):
    """The artifact is not what registry, manifest or run say: nothing may go live on it."""


class RecordDisagrees(Exception):
    """An earlier attempt recorded another outcome of this run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What the run's steps answered, and what the registry says of its candidate."""

    request: RunRequest
    snapshot_uri: str
    snapshot_digest: str
    training_job: str
    model_data_url: str
    model_package_arn: str
    verdict: str
    reason: str
    registered: Mapping[str, str]


def compose(ended: Ended, contents: Contents, evaluation: object) -> Record:
    """Each link is checked: registry, archive, manifest, provenance, run."""
    manifest = _manifest(ended, contents)
    provenance = _provenance(ended, contents)
    request = ended.request
    return Record(
        run_id=request.run_id,
        model=request.model,
        environment=request.environment,
        as_of=moment.render(request.as_of),
        cause=f"{request.cause.kind}: {request.cause.detail}",
        model_package_arn=ended.model_package_arn,
        image_uri=request.image_uri,
        image_digest=request.image_digest,
        code_uri=request.code_uri,
        code_commit=request.code_commit,
        snapshot_uri=ended.snapshot_uri,
        snapshot_digest=ended.snapshot_digest,
        training_job=ended.training_job,
        model_data_url=ended.model_data_url,
        artifact_sha256=contents.sha256,
        manifest=dict(sorted(manifest.files.items())),
        provenance=provenance,
        metrics=_metrics(ended, evaluation, manifest),
        champion_version=None if request.champion is None else request.champion.version,
        verdict=ended.verdict,
        reason=ended.reason,
        approved_by=GATE if ended.verdict == APPROVED else None,
    )


def first(written: bytes, composed: Record) -> Record:
    """Return the record that lies there; what it says of the outcome must be what is said now."""
    found = parse_record(json.loads(written))
    for name in ("model_package_arn", "artifact_sha256", "verdict"):
        was, now = getattr(found, name), getattr(composed, name)
        if was != now:
            raise RecordDisagrees(
                f"the record of {found.run_id} says {name} {was}, now it is {now}"
            )
    return found


def built_from(record: Record) -> dict[str, str]:
    """What only the artifact knew of its making, for who reads the registry."""
    provenance = record.provenance
    return {
        "lock_sha256": provenance.lock_sha256,
        "code_sha256": provenance.code_sha256,
        "image_commit": provenance.image_commit,
    }


def _manifest(ended: Ended, contents: Contents) -> artifact.Manifest:
    _same("artifact_sha256", contents.sha256, ended.registered.get("artifact_sha256"))
    content = contents.kept.get(artifact.MANIFEST)
    if content is None:
        raise EvidenceBroken(f"{ended.model_data_url} has no {artifact.MANIFEST}")
    try:
        manifest = artifact.parse_manifest(content)
    except ContractError as error:
        raise EvidenceBroken(f"{ended.model_data_url}: {error}") from error
    # A wrong or missing evaluation, which is where the registry has it from, is a rejection.
    if ended.verdict != REJECTED:
        registered = ended.registered.get("manifest_sha256")
        _same("manifest_sha256", contents.files[artifact.MANIFEST], registered)
    there = {name: digest for name, digest in contents.files.items() if name != artifact.MANIFEST}
    for name in sorted({*there, *manifest.files}):
        _same(f"sha256 of {name} by the manifest", there.get(name), manifest.files.get(name))
    return manifest


def _provenance(ended: Ended, contents: Contents) -> Provenance:
    content = contents.kept.get(artifact.PROVENANCE)
    if content is None:
        raise EvidenceBroken(f"{ended.model_data_url} has no {artifact.PROVENANCE}")
    try:
        provenance = parse_provenance(json.loads(content))
    except (ContractError, ValueError) as error:
        raise EvidenceBroken(f"{artifact.PROVENANCE} cannot be read: {error}") from error
    request = ended.request
    _same("run_id of the artifact", provenance.run_id, request.run_id)
    _same("as_of of the artifact", provenance.as_of, moment.render(request.as_of))
    _same("snapshot of the artifact", provenance.snapshot_digest, ended.snapshot_digest)
    return provenance


def _metrics(ended: Ended, evaluation: object, manifest: artifact.Manifest) -> dict[str, float]:
    """The candidate's; none when the gate rejected it for an evaluation that is not its own."""
    try:
        score = parse_evaluation(evaluation).candidate
        _same("manifest_sha256 of the evaluation", score.manifest_sha256, manifest.sha256)
    except (ContractError, EvidenceBroken):
        if ended.verdict != REJECTED:
            raise
        return {}
    return dict(sorted(score.metrics.items()))


def _same(name: str, found: Any, expected: Any) -> None:
    if found != expected:
        raise EvidenceBroken(f"{name} must be {expected}, got {found}")
