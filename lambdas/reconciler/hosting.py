"""SageMaker, asked what serves and what the registry says of it; what is missing is None."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from contracts import artifact, naming
from contracts.run import Champion
from lambdas.reconciler.facts import Account, Endpoint, Hosted, Package


class Hosting:
    def __init__(self, sagemaker: Any, *, endpoint: str) -> None:
        self._sagemaker = sagemaker
        self._endpoint = endpoint

    def look(self, champion: Champion | None) -> Account:
        return Account(
            package=None if champion is None else self._package(champion.model_package_arn),
            endpoint=self._found(),
            deployment=None if champion is None else self._hosted(champion.deployment),
        )

    def _package(self, arn: str) -> Package | None:
        found = _unless_missing(
            lambda: self._sagemaker.describe_model_package(ModelPackageName=arn)
        )
        if found is None:
            return None
        facts = found.get("CustomerMetadataProperties", {})
        [container] = found["InferenceSpecification"]["Containers"]
        return Package(
            status=found["ModelApprovalStatus"],
            artifact_sha256=facts.get("artifact_sha256", ""),
            image_digest=_digest(container["Image"]),
        )

    def _found(self) -> Endpoint | None:
        found = _unless_missing(
            lambda: self._sagemaker.describe_endpoint(EndpointName=self._endpoint)
        )
        if found is None:
            return None
        return Endpoint(
            name=self._endpoint,
            status=found["EndpointStatus"],
            config=found.get("EndpointConfigName", ""),
            failure=found.get("FailureReason"),
        )

    def _hosted(self, deployment: str) -> Hosted | None:
        config = _unless_missing(
            lambda: self._sagemaker.describe_endpoint_config(EndpointConfigName=deployment)
        )
        live = [] if config is None else config["ProductionVariants"]
        names = [one["ModelName"] for one in live if one["VariantName"] == naming.VARIANT]
        if not names:
            return None
        model = _unless_missing(lambda: self._sagemaker.describe_model(ModelName=names[0]))
        if model is None:
            return None
        # A Model that somebody made of several containers has no primary one: it differs.
        container = model.get("PrimaryContainer", {})
        return Hosted(
            image_digest=_digest(container.get("Image", "")),
            manifest_sha256=container.get("Environment", {}).get(artifact.MANIFEST_VARIABLE, ""),
            model_data_url=container.get("ModelDataUrl", ""),
        )


def _digest(image_uri: str) -> str:
    """An image that is named by a tag has no digest, and could be another tomorrow."""
    return image_uri.rpartition("@")[2]


def _unless_missing(describe: Callable[[], Any]) -> Any | None:
    try:
        return describe()
    except ClientError as error:
        told = error.response["Error"]
        missing = ("Could not find", "does not exist", "Cannot find")
        if told["Code"] == "ResourceNotFound" or any(how in told["Message"] for how in missing):
            return None
        raise
