"""The resource policy of a package group: what it denies is denied, what it can't say is said."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.sagemaker.errors import ServiceError
from emulator.sagemaker.service import SageMaker
from tests.unit.emulator.sagemaker_core.an_account import (
    ACCOUNT_ID,
    IMAGE_URI,
    REGION,
    AnAccount,
    SomeImages,
)

_SCOPE = f"arn:aws:sagemaker:{REGION}:{ACCOUNT_ID}"
_VERSIONS = f"{_SCOPE}:model-package/churn"


@pytest.fixture
def sagemaker(tmp_path: Path) -> Iterator[SageMaker]:
    sagemaker = SageMaker(AnAccount(tmp_path), SomeImages(), endpoints=[])
    sagemaker.call("CreateModelPackageGroup", {"ModelPackageGroupName": "churn"})
    for _ in range(3):
        sagemaker.call(
            "CreateModelPackage",
            {
                "ModelPackageGroupName": "churn",
                "InferenceSpecification": {
                    "Containers": [{"Image": IMAGE_URI, "ModelDataUrl": "s3://m/model.tar.gz"}],
                },
            },
        )
    yield sagemaker
    sagemaker.stop()


def _deny(*arns: str, **changes: Any) -> dict[str, Any]:
    statement = {
        "Sid": "Keep",
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": ["sagemaker:DeleteModelPackage"],
        "Resource": list(arns),
        **changes,
    }
    return {name: value for name, value in statement.items() if value is not None}


def _put(sagemaker: SageMaker, *statements: dict[str, Any]) -> None:
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    sagemaker.call(
        "PutModelPackageGroupPolicy",
        {"ModelPackageGroupName": "churn", "ResourcePolicy": document},
    )


def _delete(sagemaker: SageMaker, version: int) -> None:
    sagemaker.call("DeleteModelPackage", {"ModelPackageName": f"{_VERSIONS}/{version}"})


def _code(sagemaker: SageMaker, operation: str, **request: Any) -> tuple[str, str]:
    with pytest.raises(ServiceError) as raised:
        sagemaker.call(operation, request)
    return raised.value.code, raised.value.message


def test_a_version_that_the_policy_names_cannot_be_deleted(sagemaker: SageMaker) -> None:
    _put(sagemaker, _deny(f"{_VERSIONS}/1", f"{_VERSIONS}/3"))

    with pytest.raises(ServiceError, match="explicit deny in a resource-based policy") as raised:
        _delete(sagemaker, 3)
    assert raised.value.code == "AccessDeniedException"
    _delete(sagemaker, 2)


@pytest.mark.parametrize(
    "statement",
    [
        _deny(f"{_VERSIONS}/*"),
        _deny("*", Action="sagemaker:deletemodel*"),
        _deny(f"{_VERSIONS}/?", Principal="*"),
    ],
)
def test_wildcards_deny_as_in_any_policy(sagemaker: SageMaker, statement: dict[str, Any]) -> None:
    _put(sagemaker, statement)

    with pytest.raises(ServiceError, match="explicit deny"):
        _delete(sagemaker, 1)


@pytest.mark.parametrize(
    "statement",
    [
        _deny(f"{_VERSIONS}/*", Effect="Allow"),
        _deny(f"{_VERSIONS}/*", Action="sagemaker:UpdateModelPackage"),
        _deny(f"{_SCOPE}:model-package/[a-z]*"),
    ],
)
def test_what_is_not_denied_is_allowed(sagemaker: SageMaker, statement: dict[str, Any]) -> None:
    _put(sagemaker, statement)

    _delete(sagemaker, 1)


def test_a_policy_is_replaced_whole_and_deleted(sagemaker: SageMaker) -> None:
    _put(sagemaker, _deny(f"{_VERSIONS}/1"))
    _put(sagemaker, _deny(f"{_VERSIONS}/2"))
    _delete(sagemaker, 1)
    policy = sagemaker.call("GetModelPackageGroupPolicy", {"ModelPackageGroupName": "churn"})
    assert json.loads(policy["ResourcePolicy"])["Statement"] == [_deny(f"{_VERSIONS}/2")]

    sagemaker.call("DeleteModelPackageGroupPolicy", {"ModelPackageGroupName": "churn"})

    _delete(sagemaker, 2)


@pytest.mark.parametrize(
    "operation", ["GetModelPackageGroupPolicy", "DeleteModelPackageGroupPolicy"]
)
def test_a_policy_or_group_that_is_not_there_is_named(sagemaker: SageMaker, operation: str) -> None:
    group = f"{_SCOPE}:model-package-group"
    assert _code(sagemaker, operation, ModelPackageGroupName="churn") == (
        "ValidationException",
        f"Cannot find resource policy for: {group}/churn",
    )
    assert _code(sagemaker, operation, ModelPackageGroupName="other") == (
        "ValidationException",
        f"Cannot find Model Package Group: {group}/other",
    )


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"Condition": {"StringEquals": {"aws:ResourceTag/keep": "true"}}}, "Condition"),
        ({"Resource": None, "NotResource": ["*"]}, "NotResource"),
        ({"Principal": {"AWS": "111122223333"}}, "Principal is not everybody"),
    ],
)
def test_a_denial_that_is_not_evaluated_is_refused_by_name(
    sagemaker: SageMaker, changes: dict[str, Any], what: str
) -> None:
    with pytest.raises(ServiceError, match=what) as raised:
        _put(sagemaker, _deny(f"{_VERSIONS}/1", **changes))

    assert raised.value.status == 501


def test_a_text_that_is_no_policy_is_refused(sagemaker: SageMaker) -> None:
    code, message = _code(
        sagemaker,
        "PutModelPackageGroupPolicy",
        ModelPackageGroupName="churn",
        ResourcePolicy="keep it",
    )

    assert (code, message) == (
        "ValidationException",
        "ResourcePolicy is not a policy document: keep it",
    )


def test_a_group_made_again_does_not_inherit_the_policy(sagemaker: SageMaker) -> None:
    for version in (1, 2, 3):
        _delete(sagemaker, version)
    _put(sagemaker, _deny(f"{_VERSIONS}/*"))
    sagemaker.call("DeleteModelPackageGroup", {"ModelPackageGroupName": "churn"})
    sagemaker.call("CreateModelPackageGroup", {"ModelPackageGroupName": "churn"})

    code, _ = _code(sagemaker, "GetModelPackageGroupPolicy", ModelPackageGroupName="churn")

    assert code == "ValidationException"
