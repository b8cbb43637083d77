"""The contract of a training container.

https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-running-container.html
https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-output.html
"""

from emulator.images import Image
from emulator.sagemaker.jobs.archive import archive
from emulator.sagemaker.jobs.bucket import Bucket
from emulator.sagemaker.jobs.contract import (
    HOST,
    INTERFACE,
    algorithm_error,
    located,
    write_json,
)
from emulator.sagemaker.jobs.job import Job
from emulator.sagemaker.jobs.toolkit import toolkit_environment

_GROUP = "homogeneousCluster"


class TrainingContract:
    def image_uri(self, job: Job) -> str:
        return job.request["AlgorithmSpecification"]["TrainingImage"]

    def lay_out(self, job: Job, bucket: Bucket) -> None:
        for folder in ("input/config", "input/data", "model", "output/data"):
            (job.ml / folder).mkdir(parents=True)
        config = job.ml / "input" / "config"
        write_json(config / "hyperparameters.json", job.request.get("HyperParameters", {}))
        write_json(config / "resourceconfig.json", resource_config(job))
        write_json(config / "inputdataconfig.json", input_data_config(job))
        for channel in job.request.get("InputDataConfig", []):
            folder = job.ml / "input" / "data" / channel["ChannelName"]
            bucket.download(channel["DataSource"]["S3DataSource"], folder)

    def command(self, job: Job, image: Image) -> list[str]:
        """Return the image's entry point with ``train``, unless the request has its own."""
        specification = job.request["AlgorithmSpecification"]
        own = specification.get("ContainerEntrypoint")
        start = list(own or image.entrypoint)
        arguments = specification.get("ContainerArguments") or ([] if own else ["train"])
        return start + [located(argument, job.ml) for argument in arguments]

    def environment(self, job: Job) -> dict[str, str]:
        return {
            "TRAINING_JOB_NAME": job.name,
            "TRAINING_JOB_ARN": job.arn,
            **toolkit_environment(job, resource_config(job), input_data_config(job)),
        }

    def failure(self, job: Job, exit_code: int) -> str:
        """Word it with the first 1024 characters of ``output/failure``, as the page above says."""
        file = job.ml / "output" / "failure"
        text = file.read_text(errors="replace")[:1024].strip() if file.is_file() else ""
        return algorithm_error(text, exit_code)

    def upload(self, job: Job, bucket: Bucket, *, succeeded: bool) -> None:
        config = job.request["OutputDataConfig"]
        key = config.get("KmsKeyId")
        output = output_uri(job)
        packed = job.folder / "output.tar.gz"
        if archive(job.ml / "output" / "data", packed):
            bucket.upload(packed, f"{output}/output.tar.gz", kms_key=key)
        if not succeeded:
            return
        if config.get("CompressionType") == "NONE":
            bucket.upload_folder(job.ml / "model", f"{output}/model", kms_key=key)
            return
        packed = job.folder / "model.tar.gz"
        if archive(job.ml / "model", packed):
            bucket.upload(packed, f"{output}/model.tar.gz", kms_key=key)


def output_uri(job: Job) -> str:
    return f"{job.request['OutputDataConfig']['S3OutputPath'].rstrip('/')}/{job.name}/output"


def resource_config(job: Job) -> dict[str, object]:
    instance = job.request.get("ResourceConfig", {}).get("InstanceType")
    return {
        "current_host": HOST,
        "current_instance_type": instance,
        "current_group_name": _GROUP,
        "hosts": [HOST],
        "instance_groups": [
            {"instance_group_name": _GROUP, "instance_type": instance, "hosts": [HOST]}
        ],
        "network_interface_name": INTERFACE,
    }


def input_data_config(job: Job) -> dict[str, dict[str, str]]:
    mode = job.request["AlgorithmSpecification"]["TrainingInputMode"]
    return {
        channel["ChannelName"]: {
            **({"ContentType": channel["ContentType"]} if "ContentType" in channel else {}),
            "TrainingInputMode": channel.get("InputMode", mode),
            "S3DistributionType": channel["DataSource"]["S3DataSource"].get(
                "S3DataDistributionType", "FullyReplicated"
            ),
            "RecordWrapperType": channel.get("RecordWrapperType", "None"),
        }
        for channel in job.request.get("InputDataConfig", [])
    }
