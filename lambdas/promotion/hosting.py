"""What SageMaker is asked to host: the Model and EndpointConfig of a version, or of its trial."""

from dataclasses import dataclass
from typing import Any

from contracts import artifact, capture, layout, naming
from contracts.capture import ContainerCapture
from contracts.card import CapturePath, ModelCard, ServingMode, Trial
from lambdas.promotion.facts import Version

_STARTUP_SECONDS = 600
"""How long a container may take to answer its first ping, and its model data to arrive."""
_VARIANT_OF = {Trial.SHADOW: naming.SHADOW, Trial.CHALLENGER: naming.CHALLENGER}


def variant_of(trial: Trial) -> str:
    """The variant that a candidate is during its trial."""
    return _VARIANT_OF[trial]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosting:
    """Where and as whom a deployment runs; each method returns the arguments of a Create call."""

    card: ModelCard
    environment: str
    role_arn: str
    captures_bucket: str
    key_arn: str

    @property
    def _own_capture(self) -> bool:
        return self.card.serving.capture is CapturePath.CONTAINER

    @property
    def _serverless(self) -> bool:
        return self.card.serving.mode is ServingMode.SERVERLESS

    @property
    def _captures_uri(self) -> str:
        prefix = layout.captures_prefix(self.card.name).rstrip("/")
        return layout.s3_uri(self.captures_bucket, prefix)

    def model(self, name: str, version: Version, variant: str = naming.VARIANT) -> dict[str, Any]:
        """A container that captures by itself must reach S3: it is not isolated."""
        return {
            "ModelName": name,
            "ExecutionRoleArn": self.role_arn,
            "EnableNetworkIsolation": not self._own_capture,
            "PrimaryContainer": {
                "Image": version.image_uri,
                "ModelDataUrl": version.model_data_url,
                "Environment": {
                    artifact.MANIFEST_VARIABLE: version.fact("manifest_sha256"),
                    artifact.VERSION_VARIABLE: str(version.number),
                    **(self._capturing(variant) if self._own_capture else {}),
                },
            },
        }

    def config(self, name: str, *, instances: int) -> dict[str, Any]:
        if self._serverless:
            return {"EndpointConfigName": name, "ProductionVariants": [self._serverless_of(name)]}
        return self._on_instances(name, [self._variant(naming.VARIANT, name, instances, 1.0)])

    def trial_config(self, name: str, *, champion: str, instances: int) -> dict[str, Any]:
        """The champion as it is, and the candidate's trial beside it.

        A weight counts relative to the others: a shadow's to the champion's 1, of which it is the
        share that is copied; a challenger's to the sum of both.
        https://docs.aws.amazon.com/sagemaker/latest/dg/model-shadow-deployment.html
        https://docs.aws.amazon.com/sagemaker/latest/dg/model-ab-testing.html
        """
        trial, share = self.card.rollout.trial, self.card.rollout.trial_percent / 100
        shadow = trial is Trial.SHADOW
        live = self._variant(naming.VARIANT, champion, instances, 1.0 if shadow else 1.0 - share)
        tried = self._variant(variant_of(trial), name, instances, share)
        if shadow:
            return {**self._on_instances(name, [live]), "ShadowProductionVariants": [tried]}
        return self._on_instances(name, [live, tried])

    def _on_instances(self, name: str, variants: list[dict[str, Any]]) -> dict[str, Any]:
        config = {
            "EndpointConfigName": name,
            "KmsKeyId": self.key_arn,
            "ProductionVariants": variants,
        }
        return config if self._own_capture else {**config, "DataCaptureConfig": self._captured()}

    def _variant(self, variant: str, model: str, instances: int, weight: float) -> dict[str, Any]:
        return {
            "VariantName": variant,
            "ModelName": model,
            "InstanceType": self.card.serving.instance_type,
            "InitialInstanceCount": instances,
            "InitialVariantWeight": weight,
            "ModelDataDownloadTimeoutInSeconds": _STARTUP_SECONDS,
            "ContainerStartupHealthCheckTimeoutInSeconds": _STARTUP_SECONDS,
        }

    def _serverless_of(self, model: str) -> dict[str, Any]:
        size = self.card.serving.serverless
        return {
            "VariantName": naming.VARIANT,
            "ModelName": model,
            "ServerlessConfig": {
                "MemorySizeInMB": size.memory_mib,
                "MaxConcurrency": size.max_concurrency,
            },
        }

    def _captured(self) -> dict[str, Any]:
        return {
            "EnableCapture": True,
            "InitialSamplingPercentage": self.card.serving.capture_percent,
            "DestinationS3Uri": self._captures_uri,
            "KmsKeyId": self.key_arn,
            "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
            # A content type that is not named here is captured in Base64.
            "CaptureContentTypeHeader": {
                "CsvContentTypes": ["text/csv"],
                "JsonContentTypes": ["application/json", "application/jsonlines"],
            },
        }

    def _capturing(self, variant: str) -> dict[str, str]:
        return ContainerCapture(
            uri=self._captures_uri,
            key_arn=self.key_arn,
            percent=self.card.serving.capture_percent,
            endpoint=naming.endpoint(self.card.name, self.environment),
            variant=variant,
            flush_seconds=capture.BEFORE_ANSWERING if self._serverless else capture.FLUSH_SECONDS,
        ).variables()
