"""What a model may be rolled back to: each version that served, and what is left of it."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from contracts import layout, rollback
from contracts.rollback import SERVED, Service
from perennial import ledger, registry
from perennial.account import Account
from perennial.deployed import Deployed
from perennial.registry import Package

_CHUNK = 1 << 20
_ALL = 10_000
_OVERWRITTEN = "its artifact {} was overwritten: {} lies there now, {} was registered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    version: int
    since: datetime
    """When it began to serve the last time."""
    kept: bool
    """Whether the registry refuses its deletion (the policy that promotion keeps)."""
    gone: tuple[str, ...]
    """What it lacks to serve again; empty: it is ready."""

    @property
    def ready(self) -> bool:
        return not self.gone

    def document(self) -> dict[str, Any]:
        return {**asdict(self), "ready": self.ready}


def services(account: Account, deployed: Deployed) -> list[Service]:
    """Return what served, newest first."""
    lines = ledger.entries(
        account.client("dynamodb"),
        table=deployed.ledger_table,
        model=deployed.model,
        kinds=SERVED,
        limit=_ALL,
    )
    return rollback.services(lines)


def looked_at(
    account: Account,
    deployed: Deployed,
    served: Sequence[Service],
    champion: int | None,
    *,
    most: int = 10,
) -> list[Target]:
    """Return the versions that served last beside the champion, each with what it lacks."""
    kept = protected(account.client("sagemaker"), deployed.package_group)
    found = rollback.kept(served, champion or 0, count=most)
    return [
        Target(
            version=service.version,
            since=service.since,
            kept=service.model_package_arn in kept,
            gone=tuple(gone(account, deployed, service.model_package_arn)),
        )
        for service in found
    ]


def protected(sagemaker: Any, group: str) -> frozenset[str]:
    """Return the versions that the group's policy denies to delete."""
    try:
        answer = sagemaker.get_model_package_group_policy(ModelPackageGroupName=group)
    except sagemaker.exceptions.ClientError as error:
        if "Cannot find" not in str(error):
            raise
        return frozenset()
    return frozenset(
        arn
        for statement in json.loads(answer["ResourcePolicy"])["Statement"]
        if statement["Effect"] == "Deny"
        for arn in statement["Resource"]
    )


def gone(account: Account, deployed: Deployed, arn: str, *, hashing: bool = False) -> list[str]:
    """Name what a version lacks to serve again: package, artifact or image.

    An S3 version never changes, so its id proves the artifact; one that was registered without
    an id is read and hashed, if ``hashing``. Promotion itself hashes it in any case.
    """
    package = registry.by_arn(account.client("sagemaker"), arn)
    if package is None:
        return ["its package was deleted from the registry"]
    found = (
        _artifact_gone(account.client("s3"), package, hashing=hashing),
        _image_gone(account.client("ecr"), deployed, package),
    )
    return [each for each in found if each is not None]


def _artifact_gone(s3: Any, package: Package, *, hashing: bool) -> str | None:
    url, wanted = package.model_data_url, package.metadata.get("artifact_version")
    bucket, key = layout.split_s3_uri(url)
    try:
        now = s3.head_object(Bucket=bucket, Key=key).get("VersionId", "null")
    except s3.exceptions.ClientError as error:
        # HeadObject has no body, so its errors are the status alone.
        if error.response["Error"]["Code"] not in ("404", "NoSuchKey"):
            raise
        return f"its artifact {url} was deleted"
    if wanted is not None:
        return None if now == wanted else _OVERWRITTEN.format(url, f"S3 version {now}", wanted)
    if not hashing:
        return None
    digest = _sha256(s3.get_object(Bucket=bucket, Key=key)["Body"])
    if digest != package.evidence("artifact_sha256"):
        return _OVERWRITTEN.format(url, f"sha256 {digest}", package.evidence("artifact_sha256"))
    return None


def _sha256(body: Any) -> str:
    running = sha256()
    for chunk in body.iter_chunks(_CHUNK):
        running.update(chunk)
    return running.hexdigest()


def _image_gone(ecr: Any, deployed: Deployed, package: Package) -> str | None:
    digest = package.image_uri.rpartition("@")[2]
    try:
        found = ecr.describe_images(
            repositoryName=deployed.repository, imageIds=[{"imageDigest": digest}]
        )["imageDetails"]
    except (ecr.exceptions.ImageNotFoundException, ecr.exceptions.RepositoryNotFoundException):
        found = []
    return None if found else f"its image {digest} is not in the repository {deployed.repository}"
