"""The Model and EndpointConfig of one promotion, made once under one name."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from contracts import artifact, layout, naming
from contracts.card import ModelCard
from lambdas.promotion.endpoints import is_existing, is_missing
from lambdas.promotion.facts import Version

_STARTUP_SECONDS = 600
"""How long a container may take to answer its first ping, and its model data to arrive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosting:
    """Where and as whom a deployment runs."""

    card: ModelCard
    role_arn: str
    captures_bucket: str
    key_arn: str


class Deployments:
    def __init__(self, sagemaker: Any, hosting: Hosting) -> None:
        self._sagemaker = sagemaker
        self._hosting = hosting

    def ensure(self, name: str, version: Version, *, instances: int) -> None:
        """Make the Model, then its EndpointConfig; what an earlier attempt made is kept."""
        sagemaker = self._sagemaker
        if not _exists(lambda: sagemaker.describe_model(ModelName=name)):
            _create(lambda: sagemaker.create_model(**self._model(name, version)))
        if not _exists(lambda: sagemaker.describe_endpoint_config(EndpointConfigName=name)):
            _create(lambda: sagemaker.create_endpoint_config(**self._config(name, instances)))

    def _model(self, name: str, version: Version) -> dict[str, Any]:
        return {
            "ModelName": name,
            "ExecutionRoleArn": self._hosting.role_arn,
            "EnableNetworkIsolation": True,
            "PrimaryContainer": {
                "Image": version.image_uri,
                "ModelDataUrl": version.model_data_url,
                "Environment": {
                    artifact.MANIFEST_VARIABLE: version.fact("manifest_sha256"),
                    artifact.VERSION_VARIABLE: str(version.number),
                },
            },
        }

    def _config(self, name: str, instances: int) -> dict[str, Any]:
        hosting, serving = self._hosting, self._hosting.card.serving
        prefix = layout.captures_prefix(hosting.card.name).rstrip("/")
        return {
            "EndpointConfigName": name,
            "KmsKeyId": hosting.key_arn,
            "ProductionVariants": [
                {
                    "VariantName": naming.VARIANT,
                    "ModelName": name,
                    "InstanceType": serving.instance_type,
                    "InitialInstanceCount": instances,
                    "InitialVariantWeight": 1.0,
                    "ModelDataDownloadTimeoutInSeconds": _STARTUP_SECONDS,
                    "ContainerStartupHealthCheckTimeoutInSeconds": _STARTUP_SECONDS,
                }
            ],
            "DataCaptureConfig": {
                "EnableCapture": True,
                "InitialSamplingPercentage": serving.capture_percent,
                "DestinationS3Uri": layout.s3_uri(hosting.captures_bucket, prefix),
                "KmsKeyId": hosting.key_arn,
                "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
                # A content type that is not named here is captured in Base64.
                "CaptureContentTypeHeader": {
                    "CsvContentTypes": ["text/csv"],
                    "JsonContentTypes": ["application/json"],
                },
            },
        }


def _exists(describe: Callable[[], Any]) -> bool:
    try:
        describe()
    except ClientError as error:
        if is_missing(error):
            return False
        raise
    return True


def _create(create: Callable[[], Any]) -> None:
    try:
        create()
    except ClientError as error:
        if not is_existing(error):
            raise
