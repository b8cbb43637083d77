"""What AWS looks up before it accepts a training job: its metrics' patterns, image and input.

A processing job is accepted unseen, and fails.
"""

from emulator.images import Images
from emulator.ports import Account
from emulator.sagemaker.errors import validation
from emulator.sagemaker.jobs.bucket import Bucket
from emulator.sagemaker.jobs.checkpoints import refuse_unusable_checkpoints
from emulator.sagemaker.jobs.final_metrics import FinalMetrics
from emulator.sagemaker.jobs.spot import refuse_wrong_wait
from emulator.sagemaker.operations import Request


def admit_training(request: Request, account: Account, images: Images) -> None:
    """Raise the error that AWS answers CreateTrainingJob with."""
    specification = request.get("AlgorithmSpecification", {})
    if "TrainingImage" not in specification:
        raise validation("AlgorithmSpecification.TrainingImage is required")
    refuse_wrong_wait(request)
    refuse_unusable_checkpoints(request)
    FinalMetrics(specification.get("MetricDefinitions", []), account.clock.now)
    _refuse_missing_image(specification["TrainingImage"], request["RoleArn"], images)
    _refuse_missing_channels(request, account)


def _refuse_missing_image(uri: str, role: str, images: Images) -> None:
    """https://github.com/aws/amazon-sagemaker-examples/issues/2450 shows the wording."""
    if images.resolve(uri) is not None:
        return
    named, _, digest = uri.partition("@")
    _, _, tag = named.rpartition("/")[2].partition(":")
    raise validation(
        f"Cannot find the requested image: {uri} with tag: {tag or 'null'} and digest: "
        f"{digest or 'null'}. Please check if your ECR image exists and role "
        f"{role} has proper pull permissions for SageMaker: "
        "ecr:BatchCheckLayerAvailability, ecr:BatchGetImage, ecr:GetDownloadUrlForLayer"
    )


def _refuse_missing_channels(request: Request, account: Account) -> None:
    """https://github.com/aws/amazon-sagemaker-examples/issues/2489 shows the wording."""
    bucket = Bucket(account.client("s3"))
    for channel in request.get("InputDataConfig", []):
        source = channel["DataSource"]["S3DataSource"]
        if bucket.holds(source):
            continue
        uri: str = source["S3Uri"]
        name = uri.removeprefix("s3://").partition("/")[0]
        raise validation(
            f'No S3 objects found under S3 URL "{uri}" given in input data source. Please '
            "ensure that the bucket exists in the selected region "
            f"({account.region}), that objects exist under that S3 prefix, and that "
            f'the role "{request["RoleArn"]}" has "s3:ListBucket" permissions on bucket '
            f'"{name}".'
        )
