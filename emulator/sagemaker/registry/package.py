"""One model package: a version of a group's model, or one that stands alone."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from emulator.sagemaker.errors import validation
from emulator.sagemaker.listing import Entry
from emulator.sagemaker.operations import Request, Response

METADATA_LIMIT = 50
"""https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModelPackage.html"""
PENDING = "PendingManualApproval"
_COPIED = (
    "ModelPackageDescription",
    "ModelPackageRegistrationType",
    "InferenceSpecification",
    "MetadataProperties",
    "ModelMetrics",
    "Domain",
    "Task",
    "SamplePayloadUrl",
    "CustomerMetadataProperties",
    "DriftCheckBaselines",
    "AdditionalInferenceSpecifications",
    "SkipModelValidation",
    "SourceUri",
    "SecurityConfig",
    "ModelCard",
    "ModelLifeCycle",
    "ManagedStorageType",
)
_UPDATED = (
    "ModelApprovalStatus",
    "ModelPackageRegistrationType",
    "ApprovalDescription",
    "InferenceSpecification",
    "SourceUri",
    "ModelCard",
    "ModelLifeCycle",
)
_IN_SUMMARY = (
    "ModelPackageGroupName",
    "ModelPackageVersion",
    "ModelPackageArn",
    "ModelPackageDescription",
    "CreationTime",
    "ModelPackageStatus",
    "ModelApprovalStatus",
    "ModelLifeCycle",
    "ModelPackageRegistrationType",
)


@dataclass(slots=True, kw_only=True, eq=False)
class Package:
    arn: str
    name: str
    group: str | None
    version: int | None
    created: datetime
    by: Mapping[str, Any]
    details: dict[str, Any]
    modified: datetime | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def from_request(
        cls,
        request: Request,
        *,
        arn: str,
        group: str | None,
        version: int | None,
        now: datetime,
        by: Mapping[str, Any],
    ) -> "Package":
        details = {name: request[name] for name in _COPIED if name in request}
        if group is not None:
            details["ModelApprovalStatus"] = request.get("ModelApprovalStatus", PENDING)
        details["CertifyForMarketplace"] = request.get("CertifyForMarketplace", False)
        name = group if group is not None else request["ModelPackageName"]
        return cls(
            arn=arn, name=name, group=group, version=version, created=now, by=by, details=details
        )

    @property
    def approval(self) -> str | None:
        return self.details.get("ModelApprovalStatus")

    def update(self, request: Request, now: datetime, by: Mapping[str, Any]) -> list[str]:
        """Change what the request names; return the names of what it changed."""
        with self.lock:
            details = dict(self.details)
            details |= {name: request[name] for name in _UPDATED if name in request}
            if more := request.get("AdditionalInferenceSpecificationsToAdd"):
                held = details.get("AdditionalInferenceSpecifications", [])
                details["AdditionalInferenceSpecifications"] = [*held, *more]
            metadata = self._metadata(request)
            if metadata:
                details["CustomerMetadataProperties"] = metadata
            else:
                details.pop("CustomerMetadataProperties", None)
            changed = [name for name in details if details[name] != self.details.get(name)]
            changed += [name for name in self.details if name not in details]
            self.details = details | {"LastModifiedBy": by}
            self.modified = now
            return changed

    def _metadata(self, request: Request) -> dict[str, str]:
        metadata = dict(self.details.get("CustomerMetadataProperties", {}))
        metadata |= request.get("CustomerMetadataProperties", {})
        for name in request.get("CustomerMetadataPropertiesToRemove", []):
            metadata.pop(name, None)
        if len(metadata) > METADATA_LIMIT:
            raise validation(
                f"CustomerMetadataProperties holds at most {METADATA_LIMIT} entries, "
                f"got {len(metadata)}"
            )
        return metadata

    def describe(self) -> Response:
        with self.lock:
            facts: dict[str, Any] = {
                "ModelPackageName": self.name,
                "ModelPackageGroupName": self.group,
                "ModelPackageVersion": self.version,
                "ModelPackageArn": self.arn,
                "CreationTime": self.created,
                "CreatedBy": self.by,
                "LastModifiedTime": self.modified,
                "ModelPackageStatus": "Completed",
                "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
                **self.details,
            }
        return {name: value for name, value in facts.items() if value is not None}

    def entry(self) -> Entry:
        described = self.describe()
        summary = {name: described[name] for name in _IN_SUMMARY if name in described}
        if self.group is None:
            summary["ModelPackageName"] = self.name
        return Entry(
            name=self.name,
            created=self.created,
            modified=self.modified or self.created,
            status="Completed",
            summary=summary,
        )
