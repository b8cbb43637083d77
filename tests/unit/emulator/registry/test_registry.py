"""Model package groups and their versions."""

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

_ARN = f"arn:aws:sagemaker:{REGION}:{ACCOUNT_ID}:model-package/churn"


@pytest.fixture
def account(tmp_path: Path) -> AnAccount:
    return AnAccount(tmp_path)


@pytest.fixture
def images() -> SomeImages:
    return SomeImages()


@pytest.fixture
def sagemaker(account: AnAccount, images: SomeImages) -> Iterator[SageMaker]:
    sagemaker = SageMaker(account, images, endpoints=[])
    sagemaker.call("CreateModelPackageGroup", {"ModelPackageGroupName": "churn"})
    yield sagemaker
    sagemaker.stop()


def _register(sagemaker: SageMaker, **changes: Any) -> str:
    request = {
        "ModelPackageGroupName": "churn",
        "InferenceSpecification": {
            "Containers": [{"Image": IMAGE_URI, "ModelDataUrl": "s3://models/1/model.tar.gz"}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
        **changes,
    }
    return sagemaker.call("CreateModelPackage", request)["ModelPackageArn"]


def _describe(sagemaker: SageMaker, arn: str) -> dict[str, Any]:
    return sagemaker.call("DescribeModelPackage", {"ModelPackageName": arn})


def _listed(sagemaker: SageMaker, **query: Any) -> list[int]:
    answer = sagemaker.call("ListModelPackages", {"ModelPackageGroupName": "churn", **query})
    return [each["ModelPackageVersion"] for each in answer["ModelPackageSummaryList"]]


def test_versions_count_from_one_and_wait_for_approval(
    sagemaker: SageMaker, account: AnAccount
) -> None:
    assert [_register(sagemaker) for _ in range(3)] == [f"{_ARN}/{n}" for n in (1, 2, 3)]
    described = _describe(sagemaker, f"{_ARN}/2")
    assert described["ModelPackageVersion"] == 2
    assert described["ModelPackageGroupName"] == "churn"
    assert described["ModelApprovalStatus"] == "PendingManualApproval"
    assert described["ModelPackageStatus"] == "Completed"
    assert described["CreationTime"] == account.clock.now()
    assert _describe(sagemaker, "churn/2") == described


def test_a_deleted_versions_number_is_not_given_again(sagemaker: SageMaker) -> None:
    _register(sagemaker)
    sagemaker.call("DeleteModelPackage", {"ModelPackageName": _register(sagemaker)})
    assert _register(sagemaker) == f"{_ARN}/3"
    assert _listed(sagemaker) == [1, 3]


def test_lists_start_with_the_oldest_version(sagemaker: SageMaker, account: AnAccount) -> None:
    for _ in range(3):
        account.clock.advance(hours=1)
        _register(sagemaker)
    assert _listed(sagemaker) == [1, 2, 3]
    assert _listed(sagemaker, SortOrder="Descending") == [3, 2, 1]
    after = account.clock.now().timestamp() - 3600
    assert _listed(sagemaker, CreationTimeAfter=after) == [3]


def test_versions_made_at_the_same_moment_keep_their_order_both_ways(sagemaker: SageMaker) -> None:
    for _ in range(3):
        _register(sagemaker)
    assert _listed(sagemaker) == [1, 2, 3]
    assert _listed(sagemaker, SortOrder="Descending") == [3, 2, 1]


def test_lists_filter_by_approval(sagemaker: SageMaker) -> None:
    _register(sagemaker)
    _register(sagemaker, ModelApprovalStatus="Approved")
    assert _listed(sagemaker, ModelApprovalStatus="Approved") == [2]


def test_without_a_group_only_packages_that_stand_alone_are_listed(sagemaker: SageMaker) -> None:
    _register(sagemaker)
    sagemaker.call("CreateModelPackage", {"ModelPackageName": "alone"})

    def names(**query: Any) -> list[str | None]:
        answer = sagemaker.call("ListModelPackages", query)
        return [each.get("ModelPackageName") for each in answer["ModelPackageSummaryList"]]

    assert names() == ["alone"]
    assert names(ModelPackageType="Both") == [None, "alone"]


def test_an_image_is_registered_with_its_digest(
    sagemaker: SageMaker, images: SomeImages, tmp_path: Path
) -> None:
    image = images.register(tmp_path, "serve")
    described = _describe(sagemaker, _register(sagemaker))
    (container,) = described["InferenceSpecification"]["Containers"]
    assert container["ImageDigest"] == image.digest


def test_an_approval_is_an_event_that_names_what_changed(
    sagemaker: SageMaker, account: AnAccount
) -> None:
    arn = _register(sagemaker)
    account.clock.advance(hours=1)
    sagemaker.call(
        "UpdateModelPackage",
        {
            "ModelPackageArn": arn,
            "ModelApprovalStatus": "Approved",
            "ApprovalDescription": "gain of 0.1 AUC",
        },
    )
    described = _describe(sagemaker, arn)
    assert described["ModelApprovalStatus"] == "Approved"
    assert described["ApprovalDescription"] == "gain of 0.1 AUC"
    assert described["LastModifiedTime"] == account.clock.now()
    made, approved = account.events
    assert made["detail"]["ModelApprovalStatus"] == "PendingManualApproval"
    assert "UpdatedModelPackageFields" not in made["detail"]
    assert approved["detail-type"] == "SageMaker Model Package State Change"
    assert approved["resources"] == [arn]
    detail = approved["detail"]
    assert (detail["ModelPackageGroupName"], detail["ModelPackageVersion"]) == ("churn", 1)
    assert detail["CreationTime"] == "1997-02-01T00:00:00Z"
    assert detail["LastModifiedTime"] == "1997-02-01T01:00:00Z"
    assert sorted(detail["UpdatedModelPackageFields"]) == [
        "ApprovalDescription",
        "ModelApprovalStatus",
    ]


def test_metadata_is_merged_and_removed_within_awss_limits(sagemaker: SageMaker) -> None:
    arn = _register(sagemaker, CustomerMetadataProperties={"digest": "sha256:1", "run": "a/b=c"})
    sagemaker.call(
        "UpdateModelPackage",
        {
            "ModelPackageArn": arn,
            "CustomerMetadataProperties": {"digest": "sha256:2"},
            "CustomerMetadataPropertiesToRemove": ["run"],
        },
    )
    assert _describe(sagemaker, arn)["CustomerMetadataProperties"] == {"digest": "sha256:2"}
    more = {f"k{number}": "v" for number in range(50)}
    with pytest.raises(ServiceError, match="holds at most 50 entries, got 51"):
        sagemaker.call(
            "UpdateModelPackage", {"ModelPackageArn": arn, "CustomerMetadataProperties": more}
        )


@pytest.mark.parametrize(
    "metadata",
    [
        {"a": "1,2"},
        {"a": 'say "x"'},
        {"a": "x" * 257},
        {"a" * 129: "x"},
        {f"k{number}": "v" for number in range(51)},
    ],
)
def test_metadata_beyond_awss_limits_is_refused(
    sagemaker: SageMaker, metadata: dict[str, str]
) -> None:
    with pytest.raises(ServiceError) as refusal:
        _register(sagemaker, CustomerMetadataProperties=metadata)
    assert refusal.value.code == "ValidationException"
    assert "customerMetadataProperties" in refusal.value.message


def test_a_repeated_token_registers_once(sagemaker: SageMaker) -> None:
    assert _register(sagemaker, ClientToken="t-1") == _register(sagemaker, ClientToken="t-1")
    assert _listed(sagemaker) == [1]
    with pytest.raises(ServiceError) as refusal:
        _register(sagemaker, ClientToken="t-1", ModelApprovalStatus="Approved")
    assert refusal.value.code == "ConflictException"


def test_a_group_goes_only_when_it_is_empty(sagemaker: SageMaker) -> None:
    arn = _register(sagemaker)
    group = {"ModelPackageGroupName": "churn"}
    with pytest.raises(ServiceError) as refusal:
        sagemaker.call("DeleteModelPackageGroup", group)
    assert refusal.value.code == "ConflictException"
    sagemaker.call("DeleteModelPackage", {"ModelPackageName": arn})
    sagemaker.call("DeleteModelPackageGroup", group)
    with pytest.raises(ServiceError, match="model-package-group/churn does not exist"):
        sagemaker.call("DescribeModelPackageGroup", group)


def test_groups_are_described_listed_and_unique(sagemaker: SageMaker) -> None:
    described = sagemaker.call("DescribeModelPackageGroup", {"ModelPackageGroupName": "churn"})
    assert described["ModelPackageGroupStatus"] == "Completed"
    listed = sagemaker.call("ListModelPackageGroups", {})["ModelPackageGroupSummaryList"]
    assert [each["ModelPackageGroupName"] for each in listed] == ["churn"]
    with pytest.raises(ServiceError) as refusal:
        sagemaker.call("CreateModelPackageGroup", {"ModelPackageGroupName": "churn"})
    assert refusal.value.code == "ValidationException"
    assert refusal.value.message.startswith("Model Package Group already exists: arn:aws:")


def test_what_is_not_there_is_named(sagemaker: SageMaker) -> None:
    with pytest.raises(ServiceError, match=f"ModelPackage {_ARN}/9 does not exist."):
        _describe(sagemaker, f"{_ARN}/9")
    with pytest.raises(ServiceError, match="model-package-group/other does not exist"):
        _register(sagemaker, ModelPackageGroupName="other")
    with pytest.raises(ServiceError, match="CreateModelPackage with SourceAlgorithmSpecification"):
        _register(
            sagemaker,
            SourceAlgorithmSpecification={"SourceAlgorithms": [{"AlgorithmName": "xgb"}]},
        )


def test_a_version_has_its_groups_tags_and_takes_none_of_its_own(sagemaker: SageMaker) -> None:
    with pytest.raises(ServiceError, match="Tags cannot be supplied for a model package"):
        _register(sagemaker, Tags=[{"Key": "a", "Value": "b"}])
    assert _listed(sagemaker) == []
