"""The package group's resource policy: the versions that nobody may delete now.

Versions of a group carry no tags ("Model packages in the SageMaker Model Registry do not support
tags", https://docs.aws.amazon.com/sagemaker/latest/dg/modelregistryfaq.html), so no condition on
aws:ResourceTag can protect them, and the policy names them one by one. A policy of a group covers
the group's versions where it names their ARNs
(https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-ram-discover.html).
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

SID = "KeepRollbackTargets"


class PackagePolicy:
    def __init__(self, sagemaker: Any, *, group: str) -> None:
        self._sagemaker = sagemaker
        self._group = group

    def keep(self, arns: Sequence[str]) -> None:
        """Deny the deletion of these versions alone; statements of others stay as they are."""
        current = self._statements()
        others = [statement for statement in current if statement.get("Sid") != SID]
        wanted = [*others, _denial(arns)]
        if wanted != current:
            self._sagemaker.put_model_package_group_policy(
                ModelPackageGroupName=self._group,
                ResourcePolicy=json.dumps({"Version": "2012-10-17", "Statement": wanted}),
            )

    def remove(self) -> None:
        try:
            self._sagemaker.delete_model_package_group_policy(ModelPackageGroupName=self._group)
        except ClientError as error:
            if not _is_missing(error):
                raise

    def _statements(self) -> list[Mapping[str, Any]]:
        try:
            answer = self._sagemaker.get_model_package_group_policy(
                ModelPackageGroupName=self._group
            )
        except ClientError as error:
            if _is_missing(error):
                return []
            raise
        statements = json.loads(answer["ResourcePolicy"])["Statement"]
        return statements if isinstance(statements, list) else [statements]


def _denial(arns: Sequence[str]) -> dict[str, Any]:
    return {
        "Sid": SID,
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": ["sagemaker:DeleteModelPackage"],
        "Resource": sorted(arns),
    }


def _is_missing(error: ClientError) -> bool:
    """There is no policy, or no group that could have one."""
    message = error.response["Error"]["Message"]
    return "Cannot find" in message or "does not exist" in message
