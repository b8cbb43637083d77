"""What the Describe and List calls and EventBridge say about a job."""

from datetime import datetime
from typing import Any

from emulator.sagemaker.api_model import output_members
from emulator.sagemaker.jobs.job import MESSAGES, Job, Kind
from emulator.sagemaker.jobs.spot import billable
from emulator.sagemaker.jobs.training import output_uri
from emulator.sagemaker.operations import Response

_DEFAULTS: dict[Kind, dict[str, Any]] = {
    Kind.TRAINING: {
        "EnableNetworkIsolation": False,
        "EnableInterContainerTrafficEncryption": False,
        "EnableManagedSpotTraining": False,
    },
    Kind.PROCESSING: {},
    Kind.TRANSFORM: {
        "DataProcessing": {"InputFilter": "$", "OutputFilter": "$", "JoinSource": "None"},
    },
}


def describe(job: Job) -> Response:
    """Return the answer of DescribeTrainingJob and its siblings."""
    kind = job.kind.value
    members = output_members(f"Describe{kind}Job")
    asked = _DEFAULTS[job.kind] | {
        name: value for name, value in job.request.items() if name in members
    }
    with job.lock:
        state = {
            f"{kind}JobArn": job.arn,
            f"{kind}JobStatus": job.status.value,
            "CreationTime": job.created,
            "LastModifiedTime": job.modified,
            f"{kind}StartTime": job.started,
            f"{kind}EndTime": job.ended,
            "FailureReason": job.failure_reason,
        }
        told = asked | state | _SPECIFIC[job.kind](job)
    return {name: value for name, value in told.items() if value is not None}


def _training(job: Job) -> dict[str, Any]:
    uncompressed = job.request["OutputDataConfig"].get("CompressionType") == "NONE"
    artifacts = f"{output_uri(job)}/{'model/' if uncompressed else 'model.tar.gz'}"
    return {
        "SecondaryStatus": job.stage.value,
        "SecondaryStatusTransitions": _transitions(job),
        "StoppingCondition": {"MaxRuntimeInSeconds": job.max_runtime}
        | job.request.get("StoppingCondition", {}),
        "ModelArtifacts": {"S3ModelArtifacts": artifacts},
        "TrainingTimeInSeconds": job.seconds,
        "BillableTimeInSeconds": billable(job),
        "FinalMetricDataList": list(job.metrics) or None,
    }


def _processing(job: Job) -> dict[str, Any]:
    return {
        "ExitMessage": job.exit_message,
        "StoppingCondition": {"MaxRuntimeInSeconds": job.max_runtime},
    }


def _transform(job: Job) -> dict[str, Any]:
    """What was left out has the reference's defaults; there is no LastModifiedTime.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeTransformJob.html
    """
    given, output = job.request["TransformInput"], job.request["TransformOutput"]
    return {
        "TransformInput": {"CompressionType": "None", "SplitType": "None", **given},
        "TransformOutput": {"AssembleWith": "None", **output},
        "LastModifiedTime": None,
    }


_SPECIFIC = {
    Kind.TRAINING: _training,
    Kind.PROCESSING: _processing,
    Kind.TRANSFORM: _transform,
}


def _transitions(job: Job) -> list[dict[str, Any]]:
    ends: list[datetime | None] = [each.start for each in job.transitions[1:]]
    ends.append(job.ended)
    return [
        {
            "Status": transition.stage.value,
            "StartTime": transition.start,
            "StatusMessage": MESSAGES[transition.stage],
            **({"EndTime": end} if end is not None else {}),
        }
        for transition, end in zip(job.transitions, ends, strict=True)
    ]


_IN_SUMMARY = {
    Kind.TRAINING: ("SecondaryStatus",),
    Kind.PROCESSING: ("FailureReason", "ExitMessage"),
    Kind.TRANSFORM: ("FailureReason",),
}


def summary(job: Job) -> Response:
    """Return the job's entry in ListTrainingJobs and its siblings."""
    kind = job.kind.value
    wanted = (
        f"{kind}JobName",
        f"{kind}JobArn",
        f"{kind}JobStatus",
        f"{kind}EndTime",
        "CreationTime",
        "LastModifiedTime",
        *_IN_SUMMARY[job.kind],
    )
    described = describe(job) | {"LastModifiedTime": job.modified or job.created}
    return {name: described[name] for name in wanted if name in described}


_IN_EVENT = {
    Kind.TRAINING: (
        "TrainingJobName",
        "TrainingJobArn",
        "TrainingJobStatus",
        "SecondaryStatus",
        "FailureReason",
        "HyperParameters",
        "AlgorithmSpecification",
        "RoleArn",
        "InputDataConfig",
        "OutputDataConfig",
        "ResourceConfig",
        "VpcConfig",
        "StoppingCondition",
        "ModelArtifacts",
        "CreationTime",
        "TrainingStartTime",
        "TrainingEndTime",
        "LastModifiedTime",
        "SecondaryStatusTransitions",
    ),
    Kind.PROCESSING: (
        "ProcessingInputs",
        "ProcessingOutputConfig",
        "ProcessingJobName",
        "ProcessingResources",
        "StoppingCondition",
        "AppSpecification",
        "NetworkConfig",
        "RoleArn",
        "ExperimentConfig",
        "ProcessingJobArn",
        "ProcessingJobStatus",
        "FailureReason",
        "ExitMessage",
        "ProcessingEndTime",
        "ProcessingStartTime",
        "LastModifiedTime",
        "CreationTime",
    ),
    Kind.TRANSFORM: (
        "TransformJobName",
        "TransformJobArn",
        "TransformJobStatus",
        "ModelName",
        "TransformInput",
        "TransformOutput",
        "TransformResources",
        "CreationTime",
        "TransformStartTime",
        "TransformEndTime",
    ),
}


def event_detail(job: Job, tags: dict[str, str]) -> dict[str, Any]:
    """Return the detail of the job's state change event; its times are milliseconds.

    https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
    """
    described = describe(job)
    detail = {
        name: _in_milliseconds(described[name]) for name in _IN_EVENT[job.kind] if name in described
    }
    return detail | ({} if job.kind is Kind.PROCESSING else {"Tags": tags})


def _in_milliseconds(value: Any) -> Any:
    match value:
        case datetime():
            return int(value.timestamp() * 1000)
        case dict():
            return {name: _in_milliseconds(each) for name, each in value.items()}
        case list():
            return [_in_milliseconds(each) for each in value]
        case _:
            return value
