"""The contract of a processing container.

https://docs.aws.amazon.com/sagemaker/latest/dg/build-your-own-processing-container.html
"""

from pathlib import Path

from emulator.images import Image
from emulator.sagemaker.errors import not_supported, validation
from emulator.sagemaker.jobs.bucket import Bucket
from emulator.sagemaker.jobs.contract import HOST, algorithm_error, located, write_json
from emulator.sagemaker.jobs.job import Job, JobFailed
from emulator.sagemaker.operations import Request

_ROOT = "/opt/ml/processing"
_CONFIGURED = (
    "ProcessingJobName",
    "AppSpecification",
    "Environment",
    "ProcessingInputs",
    "ProcessingOutputConfig",
    "ProcessingResources",
    "RoleArn",
    "StoppingCondition",
)


class ProcessingContract:
    def image_uri(self, job: Job) -> str:
        return job.request["AppSpecification"]["ImageUri"]

    def lay_out(self, job: Job, bucket: Bucket) -> None:
        for folder in ("config", "output", "processing"):
            (job.ml / folder).mkdir(parents=True)
        configured = {name: job.request[name] for name in _CONFIGURED if name in job.request}
        write_json(
            job.ml / "config" / "processingjobconfig.json",
            {"ProcessingJobArn": job.arn, **configured},
        )
        write_json(
            job.ml / "config" / "resourceconfig.json", {"current_host": HOST, "hosts": [HOST]}
        )
        for _, output in outputs_of(job):
            output.mkdir(parents=True, exist_ok=True)
        for each in job.request.get("ProcessingInputs", []):
            source = each["S3Input"]
            if bucket.download(source, Path(located(source["LocalPath"], job.ml))) == 0:
                raise JobFailed(
                    "ClientError: Failed to download data. No S3 objects found under S3 URL "
                    f'"{source["S3Uri"]}" of input "{each["InputName"]}"'
                )

    def command(self, job: Job, image: Image) -> list[str]:
        specification = job.request["AppSpecification"]
        start = list(specification.get("ContainerEntrypoint") or image.entrypoint)
        return start + [
            located(argument, job.ml) for argument in specification.get("ContainerArguments", [])
        ]

    def environment(self, job: Job) -> dict[str, str]:
        return {"PROCESSING_JOB_NAME": job.name, "PROCESSING_JOB_ARN": job.arn}

    def failure(self, job: Job, exit_code: int) -> str:  # noqa: ARG002 - says why in ExitMessage
        return algorithm_error("", exit_code)

    def upload(self, job: Job, bucket: Bucket, *, succeeded: bool) -> None:
        """Bring every output to S3, once the job has succeeded (``EndOfJob``)."""
        if not succeeded:
            return
        key = job.request.get("ProcessingOutputConfig", {}).get("KmsKeyId")
        for uri, folder in outputs_of(job):
            bucket.upload_folder(folder, uri, kms_key=key)


def outputs_of(job: Job) -> list[tuple[str, Path]]:
    outputs = job.request.get("ProcessingOutputConfig", {}).get("Outputs", [])
    return [
        (each["S3Output"]["S3Uri"], Path(located(each["S3Output"]["LocalPath"], job.ml)))
        for each in outputs
    ]


def refuse_unusable_paths(request: Request) -> None:
    """Raise the error for an input or output that has no folder of the container's own."""
    outputs = request.get("ProcessingOutputConfig", {}).get("Outputs", [])
    entries = [
        *((each, "InputName", "S3Input") for each in request.get("ProcessingInputs", [])),
        *((each, "OutputName", "S3Output") for each in outputs),
    ]
    for entry, name, member in entries:
        if "LocalPath" not in entry.get(member, {}):
            raise not_supported(
                f"CreateProcessingJob with {entry[name]} without {member}.LocalPath"
            )
        path: str = entry[member]["LocalPath"]
        if not path.startswith(f"{_ROOT}/") or ".." in path.split("/"):
            raise validation(f"LocalPath of {entry[name]} must begin with {_ROOT}/, got {path}")
