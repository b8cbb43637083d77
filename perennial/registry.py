"""The model registry: versions of one package group, and what each says of itself."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from perennial.refusal import Refused

APPROVED_BY_A_PERSON = "approved by a person: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    arn: str
    version: int
    approval: str
    created: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One version with its evidence's pointers."""

    version: Version
    reason: str
    image_uri: str
    model_data_url: str
    metadata: dict[str, str]

    @property
    def approved_by(self) -> str | None:
        """A person whose word the registry holds, else the gate; None: nobody approved it."""
        if self.version.approval != "Approved":
            return None
        person = self.reason.startswith(APPROVED_BY_A_PERSON)
        return self.reason.removeprefix("approved by ") if person else "the gate"

    def evidence(self, name: str) -> str:
        """Return a fact that the retraining machine registers with every version."""
        value = self.metadata.get(name)
        if not value:
            raise Refused(
                f"version {self.version.version} carries no {name} in its metadata; "
                f"it has: {', '.join(sorted(self.metadata)) or 'none'}",
                next_step="name a version that the retraining machine registered",
            )
        return value


def versions(sagemaker: Any, group: str, *, limit: int = 10) -> list[Version]:
    """Return the newest versions first; ListModelPackages sorts ascending unless told otherwise."""
    answer = sagemaker.list_model_packages(
        ModelPackageGroupName=group,
        SortBy="CreationTime",
        SortOrder="Descending",
        MaxResults=limit,
    )
    found = [_version(each) for each in answer["ModelPackageSummaryList"]]
    return sorted(found, key=lambda each: each.version, reverse=True)


def package(sagemaker: Any, group: str, number: int) -> Package:
    for page in sagemaker.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName=group
    ):
        for each in page["ModelPackageSummaryList"]:
            if each["ModelPackageVersion"] == number:
                return _package(
                    sagemaker.describe_model_package(ModelPackageName=each["ModelPackageArn"])
                )
    known = ", ".join(str(each.version) for each in versions(sagemaker, group)) or "none"
    raise Refused(
        f"package group {group} has no version {number}; its newest: {known}",
        next_step="see all of them with: perennial status",
    )


def by_arn(sagemaker: Any, arn: str) -> Package | None:
    """Return the version, or None when it was deleted from the registry.

    SageMaker answers a missing version with ValidationException.
    """
    try:
        return _package(sagemaker.describe_model_package(ModelPackageName=arn))
    except sagemaker.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in ("ValidationException", "ResourceNotFound"):
            raise
        return None


def _package(described: dict[str, Any]) -> Package:
    container = described["InferenceSpecification"]["Containers"][0]
    return Package(
        version=_version(described),
        reason=described.get("ApprovalDescription", ""),
        image_uri=container["Image"],
        model_data_url=container["ModelDataUrl"],
        metadata=described.get("CustomerMetadataProperties", {}),
    )


def _version(described: dict[str, Any]) -> Version:
    return Version(
        arn=described["ModelPackageArn"],
        version=described["ModelPackageVersion"],
        approval=described["ModelApprovalStatus"],
        created=described["CreationTime"].astimezone(UTC),
    )
