"""The model packages of one group, all deleted; the group itself belongs to the stack."""

from typing import Any

from botocore.exceptions import ClientError

from lambdas.adapters.package_policy import PackagePolicy


class Versions:
    def __init__(self, sagemaker: Any) -> None:
        self._sagemaker = sagemaker

    def delete_all(self, group: str) -> int:
        """The policy goes first: it denies the deletion of what may be rolled back to."""
        arns = self._arns(group)
        PackagePolicy(self._sagemaker, group=group).remove()
        for arn in arns:
            self._sagemaker.delete_model_package(ModelPackageName=arn)
        return len(arns)

    def _arns(self, group: str) -> list[str]:
        pages = self._sagemaker.get_paginator("list_model_packages").paginate(
            ModelPackageGroupName=group, SortBy="CreationTime", SortOrder="Ascending"
        )
        try:
            return [
                package["ModelPackageArn"]
                for page in pages
                for package in page["ModelPackageSummaryList"]
            ]
        except ClientError as error:
            if _says_missing(error.response["Error"]["Message"]):
                return []
            raise


def _says_missing(message: str) -> bool:
    return "does not exist" in message or "Could not find" in message
