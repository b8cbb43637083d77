"""The image repository, asked whether a version's image is there still."""

from typing import Any

from botocore.exceptions import ClientError

from lambdas.promotion.errors import CandidateUnfit


class Images:
    def __init__(self, ecr: Any) -> None:
        self._ecr = ecr

    def refuse_missing(self, uri: str) -> None:
        """Raise unless the repository holds the digest of ``<registry>/<repository>@<digest>``."""
        named, _, digest = uri.partition("@")
        registry, _, repository = named.partition("/")
        try:
            self._ecr.describe_images(
                registryId=registry.partition(".")[0],
                repositoryName=repository,
                imageIds=[{"imageDigest": digest}],
            )
        except ClientError as error:
            told = error.response["Error"]
            if told["Code"] not in ("ImageNotFoundException", "RepositoryNotFoundException"):
                raise
            raise CandidateUnfit(f"the image {uri} does not exist: {told['Message']}") from error
