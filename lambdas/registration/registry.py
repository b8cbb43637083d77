"""The model registry, asked to hold a run's candidate once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts import naming
from contracts.run import RunRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    arn: str
    version: int


class Registry:
    def __init__(self, sagemaker: Any, *, group: str, instance_type: str) -> None:
        self._sagemaker = sagemaker
        self._group = group
        self._instance_type = instance_type

    def of_run(self, run: str) -> Package | None:
        """The package an earlier attempt of this run registered: its description names the run.

        All pages are read, newest first (the API's own default is Ascending: oldest first).
        """
        pages = self._sagemaker.get_paginator("list_model_packages").paginate(
            ModelPackageGroupName=self._group, SortBy="CreationTime", SortOrder="Descending"
        )
        for page in pages:
            for package in page["ModelPackageSummaryList"]:
                if package.get("ModelPackageDescription") == _description(run):
                    return _package(package["ModelPackageArn"])
        return None

    def register(
        self, request: RunRequest, *, model_data_url: str, metadata: Mapping[str, str]
    ) -> Package:
        """Register as pending; the client token makes a lost reply harmless."""
        answer = self._sagemaker.create_model_package(
            ModelPackageGroupName=self._group,
            ModelPackageDescription=_description(request.run_id),
            ModelApprovalStatus="PendingManualApproval",
            ClientToken=naming.digest("register", request.run_id, length=32),
            InferenceSpecification={
                "Containers": [{"Image": request.image_uri, "ModelDataUrl": model_data_url}],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["application/json"],
                "SupportedRealtimeInferenceInstanceTypes": [self._instance_type],
            },
            CustomerMetadataProperties=dict(metadata),
        )
        return _package(answer["ModelPackageArn"])


def _description(run: str) -> str:
    return f"Candidate of {run}"


def _package(arn: str) -> Package:
    return Package(arn=arn, version=int(arn.rsplit("/", 1)[1]))
