"""Candidates made from the champion: the registry's word for it, with some of its facts changed."""

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from contracts import layout
from perennial import promotion
from perennial.account import Account
from tests.system.loop import image_folder
from tests.system.loop.platform_under_test import LivePlatform
from tests.system.promotion import bad_artifacts
from tests.system.promotion.bad_artifacts import Change

_NUMBERS = itertools.count(1)
_STEP, _LONG = 2.0, 240.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One approved version of the registry."""

    number: int
    arn: str


@dataclass(slots=True, kw_only=True)
class Registrar:
    """Registers copies of the version that the platform trained as approved ones."""

    platform: LivePlatform
    like: str
    """ARN of that version."""
    _own: dict[str, Any] = field(default_factory=dict[str, Any])

    def copy(
        self,
        *,
        root: Path | None = None,
        change: Change | None = None,
        after_registration: Change | None = None,
        image_digest: str | None = None,
        facts: Mapping[str, str] | None = None,
    ) -> Candidate:
        """Register the version again: with the image of the sources below ``root``, or the digest
        of one that is not there; with its archive changed before or after it is registered; and
        with other ``facts`` in its metadata.
        """
        found = self._described()
        [container] = found["InferenceSpecification"]["Containers"]
        told = dict(found["CustomerMetadataProperties"])
        image, archive = container["Image"], container["ModelDataUrl"]
        digest = image_digest if root is None else self._push(root)
        if digest is not None:
            image = f"{image.partition('@')[0]}@{digest}"
            told["image_digest"] = digest
        if change is not None or after_registration is not None:
            content = self._archive(archive)
            archive, version = self._kept(content if change is None else change(content))
            told |= {**self._digests(archive, told), "artifact_version": version}
            if after_registration is not None:
                self._put(archive, after_registration(content))
        return self._registered(found, image, archive, {**told, **(facts or {})})

    def _described(self) -> dict[str, Any]:
        if not self._own:
            sagemaker = self.platform.client("sagemaker")
            self._own.update(sagemaker.describe_model_package(ModelPackageName=self.like))
        return self._own

    def _push(self, root: Path) -> str:
        repository = self.platform.deployed.repository
        tag = f"spoilt-{next(_NUMBERS)}"
        return image_folder.push(self.platform.account, repository, tag, root)

    def _archive(self, uri: str) -> bytes:
        bucket, key = layout.split_s3_uri(uri)
        return self.platform.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()

    def _kept(self, content: bytes) -> tuple[str, str]:
        """Put the archive where a training job of its own would have left it."""
        prefix = layout.models_prefix(self.platform.deployed.model)
        key = f"{prefix}spoilt-{next(_NUMBERS)}/output/model.tar.gz"
        uri = layout.s3_uri(self.platform.deployed.artifacts_bucket, key)
        return uri, self._put(uri, content)

    def _put(self, uri: str, content: bytes) -> str:
        """Return the object's version."""
        bucket, key = layout.split_s3_uri(uri)
        put = self.platform.client("s3").put_object(Bucket=bucket, Key=key, Body=content)
        return put["VersionId"]

    def _digests(self, archive: str, told: Mapping[str, str]) -> dict[str, str]:
        content = self._archive(archive)
        try:
            manifest = bad_artifacts.manifest_sha256(content)
        except (OSError, EOFError):  # nobody can read it: what evaluation saw stays registered
            manifest = told["manifest_sha256"]
        return {"artifact_sha256": sha256(content).hexdigest(), "manifest_sha256": manifest}

    def _registered(
        self, found: Mapping[str, Any], image: str, archive: str, told: Mapping[str, str]
    ) -> Candidate:
        specification = {
            name: value
            for name, value in found["InferenceSpecification"].items()
            if name != "Containers"
        }
        answer = self.platform.client("sagemaker").create_model_package(
            ModelPackageGroupName=self.platform.deployed.package_group,
            ModelPackageDescription=f"A copy of {self.like}, {next(_NUMBERS)}",
            ModelApprovalStatus="Approved",
            InferenceSpecification={
                **specification,
                "Containers": [{"Image": image, "ModelDataUrl": archive}],
            },
            CustomerMetadataProperties=dict(told),
        )
        arn = answer["ModelPackageArn"]
        return Candidate(number=int(arn.rpartition("/")[2]), arn=arn)


class Person(Account):
    """A person at the account's own endpoint, whatever this process's environment says."""

    def __init__(self, platform: LivePlatform) -> None:
        super().__init__()
        self._platform = platform

    def client(self, service: str) -> Any:
        return self._platform.client(service)


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """One execution of the promotion machine, and what was told of it."""

    arn: str
    status: str
    error: str
    cause: str
    steps: tuple[str, ...]
    told: tuple[Any, ...]

    @property
    def name(self) -> str:
        return self.arn.rpartition(":")[2]

    def __str__(self) -> str:
        return f"{self.name} is {self.status} after {self.steps}: {self.error}: {self.cause}"


def start(platform: LivePlatform, candidate: Candidate, reason: str) -> str:
    """Have a person promote the candidate; return the execution's ARN."""
    return promotion.promote(
        Person(platform), platform.deployed, candidate.number, approve=False, reason=reason
    )


def promote(
    platform: LivePlatform, candidate: Candidate, reason: str, *, hangs: bool = False
) -> Promotion:
    """Promote the candidate and let time pass until that has ended and is told of.

    Time goes on without a candidate that ``hangs``: nothing else would end its start.
    """
    told = len(platform.inbox.all())
    arn = start(platform, candidate, reason)
    if hangs:
        _outlast(platform, arn)
    platform.come_to_rest()
    return ended(platform, arn, told)


def _outlast(platform: LivePlatform, arn: str) -> None:
    """Let time pass without patience while the candidate is to start, and only then."""
    while (now := ended(platform, arn, 0)).status == "RUNNING":
        starts = now.steps[-1:] == ("SmokeTest",) or _is_creating(platform)
        platform.account.advance(_LONG if starts else _STEP, patience=0.1 if starts else 1)
        platform.between_steps()


def _is_creating(platform: LivePlatform) -> bool:
    pending = platform.endpoint().get("PendingDeploymentSummary", {}).get("ProductionVariants", [])
    stages = [stage["Status"] for each in pending for stage in each.get("VariantStatus", ())]
    return "Creating" in stages


def ended(platform: LivePlatform, arn: str, told: int) -> Promotion:
    found = platform.client("stepfunctions").describe_execution(executionArn=arn)
    pages = platform.client("stepfunctions").get_paginator("get_execution_history")
    steps = [
        event["stateEnteredEventDetails"]["name"]
        for page in pages.paginate(executionArn=arn)
        for event in page["events"]
        if "stateEnteredEventDetails" in event
    ]
    return Promotion(
        arn=arn,
        status=found["status"],
        error=found.get("error", ""),
        cause=re.sub(r"\\+n", "\n", found.get("cause", "")),
        steps=tuple(steps),
        told=tuple(platform.inbox.all()[told:]),
    )
