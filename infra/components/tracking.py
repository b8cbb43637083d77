"""Where training logs parameters, metrics and evidence, and what that needs of its job."""

from dataclasses import dataclass

from aws_cdk import aws_iam as iam

from infra.components.permissions import allow, allow_listing, allow_objects
from infra.components.stores import Stores

ARTIFACTS = "_tracking/"
"""Artifacts bucket: what is logged as files; no model can have this name."""

# What a client that logs a run calls:
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemakerwithmlflow.html
_LOGGING = (
    "CreateExperiment",
    "CreateRun",
    "GetExperiment",
    "GetExperimentByName",
    "GetRun",
    "ListArtifacts",
    "LogBatch",
    "LogInputs",
    "LogMetric",
    "LogModel",
    "LogParam",
    "SearchExperiments",
    "SearchRuns",
    "SetExperimentTag",
    "SetTag",
    "UpdateRun",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingServer:
    uri: str
    """A URL, or the ARN of a managed server (the image's sagemaker-mlflow signs requests to it)."""
    arn: str | None
    """Of the managed server; None: one's own, which asks for no permission of AWS."""

    def environment(self) -> dict[str, str]:
        return {"MLFLOW_TRACKING_URI": self.uri}

    def allow_logging(self, role: iam.Role, stores: Stores) -> None:
        if self.arn is None:
            return
        allow(role, *(f"sagemaker-mlflow:{action}" for action in _LOGGING), on=[self.arn])
        allow_keeping_artifacts(role, stores)


def allow_keeping_artifacts(role: iam.Role, stores: Stores) -> None:
    """MLflow's clients store files in S3 themselves; the server shows them."""
    allow_objects(
        role,
        "s3:GetObject",
        "s3:PutObject",
        bucket=stores.artifacts,
        prefixes=[ARTIFACTS],
        because="logged files get their names at run time, all below this prefix",
    )
    allow_listing(role, bucket=stores.artifacts, prefixes=[ARTIFACTS])
