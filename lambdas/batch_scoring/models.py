"""The champion's Model, which transform jobs name, or one like it where that is gone."""

from typing import Any

from botocore.exceptions import ClientError

from contracts import artifact, naming
from contracts.run import Champion


class Models:
    def __init__(self, sagemaker: Any, *, role_arn: str) -> None:
        self._sagemaker = sagemaker
        self._role_arn = role_arn

    def ensure(self, champion: Champion) -> str:
        """Return the name of the Model that the champion's promotion made.

        Where somebody deleted it, batches get one of their own: under the same name an endpoint
        might take it for its own, which is told more (contracts.capture).
        """
        if self._exists(champion.deployment):
            return champion.deployment
        name = naming.batch_model(champion.deployment)
        if not self._exists(name):
            self._create(name, champion)
        return name

    def _exists(self, name: str) -> bool:
        try:
            self._sagemaker.describe_model(ModelName=name)
        except ClientError as error:
            if "Could not find" in error.response["Error"]["Message"]:
                return False
            raise
        return True

    def _create(self, name: str, champion: Champion) -> None:
        package = self._sagemaker.describe_model_package(
            ModelPackageName=champion.model_package_arn
        )
        [container] = package["InferenceSpecification"]["Containers"]
        try:
            self._sagemaker.create_model(
                ModelName=name,
                ExecutionRoleArn=self._role_arn,
                EnableNetworkIsolation=True,
                PrimaryContainer={
                    "Image": container["Image"],
                    "ModelDataUrl": champion.model_data_url,
                    "Environment": {
                        artifact.MANIFEST_VARIABLE: champion.manifest_sha256,
                        artifact.VERSION_VARIABLE: str(champion.version),
                    },
                },
            )
        except ClientError as error:
            if "already existing" not in error.response["Error"]["Message"]:
                raise
