"""The model registry: versions of one package group, and what each says of itself."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from perennial.refusal import Refused


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
