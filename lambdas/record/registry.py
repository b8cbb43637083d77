"""The model registry, asked for a version's facts and told where its record lies."""

from collections.abc import Mapping
from typing import Any

MAX_ENTRIES = 50
"""https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateModelPackage.html."""


class TooManyFacts(Exception):
    """The registry's metadata has no room for the record's digest."""


class Registry:
    def __init__(self, sagemaker: Any) -> None:
        self._sagemaker = sagemaker

    def metadata(self, package_arn: str) -> Mapping[str, str]:
        found = self._sagemaker.describe_model_package(ModelPackageName=package_arn)
        return found.get("CustomerMetadataProperties", {})

    def tell(self, package_arn: str, facts: Mapping[str, str]) -> None:
        """Add ``facts`` to those that are there; the same ones again change nothing.

        All are given: the API's page does not say whether an update adds or replaces.
        """
        known = self.metadata(package_arn)
        every = {**known, **facts}
        if every == known:
            return
        if len(every) > MAX_ENTRIES:
            raise TooManyFacts(
                f"{package_arn} would hold {len(every)} entries, {MAX_ENTRIES} are allowed"
            )
        self._sagemaker.update_model_package(
            ModelPackageArn=package_arn, CustomerMetadataProperties=every
        )
