"""What EventBridge and the List calls say about jobs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from emulator.sagemaker.service import SageMaker
from tests.unit.emulator.sagemaker_core.an_account import AnAccount

Script = Callable[[str], Path]
Job = Callable[..., dict[str, Any]]


def test_each_stage_of_a_training_job_is_an_event_in_order(
    script: Script, train: Job, account: AnAccount
) -> None:
    script("")
    train(Tags=[{"Key": "model", "Value": "churn"}])
    stages = [
        (event["detail"]["TrainingJobStatus"], event["detail"]["SecondaryStatus"])
        for event in account.events
    ]
    assert stages == [
        ("InProgress", "Starting"),
        ("InProgress", "Downloading"),
        ("InProgress", "Training"),
        ("InProgress", "Uploading"),
        ("Completed", "Completed"),
    ]
    for event in account.events:
        assert event["source"] == "aws.sagemaker"
        assert event["detail-type"] == "SageMaker Training Job State Change"
        assert event["resources"] == [event["detail"]["TrainingJobArn"]]
        assert event["detail"]["Tags"] == {"model": "churn"}
        assert event["detail"]["CreationTime"] == 854755200000


def test_a_failed_processing_jobs_last_event_says_why(
    script: Script, process: Job, account: AnAccount
) -> None:
    script("sys.exit(4)")
    process()
    last = account.events[-1]
    assert last["detail-type"] == "SageMaker Processing Job State Change"
    assert last["detail"]["ProcessingJobStatus"] == "Failed"
    assert last["detail"]["FailureReason"] == "AlgorithmError: , exit code: 4"


def test_lists_sort_ascending_by_creation_and_come_in_pages_of_ten(
    script: Script, train: Job, sagemaker: SageMaker, account: AnAccount
) -> None:
    script("")
    for number in (3, 1, 2):
        account.clock.advance(hours=1)
        train(TrainingJobName=f"train-{number}")

    def listed(**query: Any) -> list[str]:
        answer = sagemaker.call("ListTrainingJobs", query)
        return [each["TrainingJobName"] for each in answer["TrainingJobSummaries"]]

    assert listed() == ["train-3", "train-1", "train-2"]
    assert listed(SortOrder="Descending") == ["train-2", "train-1", "train-3"]
    assert listed(SortBy="Name") == ["train-1", "train-2", "train-3"]
    assert listed(NameContains="n-2") == ["train-2"]
    assert listed(StatusEquals="Failed") == []
    first = sagemaker.call("ListTrainingJobs", {"MaxResults": 2})
    assert len(first["TrainingJobSummaries"]) == 2
    assert listed(MaxResults=2, NextToken=first["NextToken"]) == ["train-2"]


def test_processing_jobs_are_listed_with_what_they_said(
    script: Script, process: Job, sagemaker: SageMaker
) -> None:
    script("sys.exit(1)")
    process()
    (entry,) = sagemaker.call("ListProcessingJobs", {})["ProcessingJobSummaries"]
    assert entry["ProcessingJobStatus"] == "Failed"
    assert entry["FailureReason"] == "AlgorithmError: , exit code: 1"
