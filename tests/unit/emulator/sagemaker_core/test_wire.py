"""Requests and answers against botocore's model."""

from datetime import UTC, datetime
from typing import Any

import pytest

from emulator.sagemaker.errors import ServiceError
from emulator.sagemaker.wire import WrongAnswer, check_response, read_request, to_json

_NOON = datetime(1997, 2, 1, 12, tzinfo=UTC)


def _refusal(operation: str, request: dict[str, Any]) -> ServiceError:
    with pytest.raises(ServiceError) as refusal:
        read_request(operation, request)
    return refusal.value


def _constraint(operation: str, request: dict[str, Any]) -> str:
    error = _refusal(operation, request)
    assert error.code == "ValidationException"
    return error.message


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        ({}, "Value null at 'modelName' failed to satisfy constraint: Member must not be null"),
        ({"ModelName": "a" * 64}, "Member must have length less than or equal to 63"),
        ({"ModelName": "-a"}, "Member must satisfy regular expression pattern: "),
        (
            {"ModelName": "a", "Colour": 1},
            "'colour' is not a member of DescribeModelInput",
        ),
    ],
)
def test_a_request_that_breaks_a_constraint_is_refused_in_awss_words(
    request_: dict[str, Any], problem: str
) -> None:
    message = _constraint("DescribeModel", request_)
    assert message.startswith("1 validation error detected: ")
    assert problem in message


def test_every_problem_is_named_with_its_place() -> None:
    message = _constraint(
        "ListTrainingJobs", {"MaxResults": 101, "SortBy": "Colour", "StatusEquals": "Failed"}
    )
    assert message.startswith("2 validation errors detected: ")
    assert "'maxResults' failed to satisfy constraint: Member must have value less than" in message
    assert "Member must satisfy enum value set: [Name, CreationTime, Status]" in message


def test_problems_in_lists_have_an_index() -> None:
    message = _constraint("AddTags", {"ResourceArn": _ARN, "Tags": [{"Key": "a"}]})
    assert "Value null at 'tags.1.member.value'" in message


_ARN = "arn:aws:sagemaker:eu-west-1:123456789012:model/m"


@pytest.mark.parametrize(("key", "fine"), [("équipe:α", True), ("a,b", False), ("“x”", False)])
def test_javas_character_classes_are_understood(key: str, fine: bool) -> None:
    request = {"ResourceArn": _ARN, "Tags": [{"Key": key, "Value": "1"}]}
    if fine:
        assert read_request("AddTags", request) == request
    else:
        assert "regular expression pattern" in _constraint("AddTags", request)


@pytest.mark.parametrize("value", [5, True, None, ["a"]])
def test_a_value_of_another_type_is_refused(value: Any) -> None:
    error = _refusal("DescribeModel", {"ModelName": value})
    if value is None:
        assert "Member must not be null" in error.message
    else:
        assert error.code == "SerializationException"
        assert error.message.startswith("modelName must be of type string, got ")


@pytest.mark.parametrize(
    "time", [_NOON.timestamp(), _NOON, "1997-02-01T12:00:00+00:00", "1997-02-01T12:00:00Z"]
)
def test_times_come_in_every_form_that_callers_use(time: Any) -> None:
    assert read_request("ListModels", {"CreationTimeAfter": time}) == {"CreationTimeAfter": _NOON}


def test_an_answer_without_its_required_members_is_wrong() -> None:
    with pytest.raises(WrongAnswer, match="DescribeModel lacks its member CreationTime, ModelArn"):
        check_response("DescribeModel", {"ModelName": "m"})


def test_an_answer_with_a_member_or_a_value_aws_does_not_have_is_wrong() -> None:
    with pytest.raises(WrongAnswer, match="ListTrainingJobs has no member Total"):
        check_response("ListTrainingJobs", {"TrainingJobSummaries": [], "Total": 0})
    with pytest.raises(WrongAnswer, match="TrainingJobStatus must be one of"):
        check_response(
            "ListTrainingJobs",
            {
                "TrainingJobSummaries": [
                    {
                        "TrainingJobName": "t",
                        "TrainingJobArn": "a",
                        "CreationTime": _NOON,
                        "TrainingJobStatus": "Done",
                    }
                ]
            },
        )


def test_times_leave_as_seconds() -> None:
    assert to_json({"a": [{"b": _NOON}], "c": 1}) == {"a": [{"b": 854798400.0}], "c": 1}
