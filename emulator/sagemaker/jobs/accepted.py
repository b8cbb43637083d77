"""Which members of a job's request mean something here; any other refuses the call by its name."""

from collections.abc import Iterator, Mapping
from typing import Any

from emulator.sagemaker.errors import not_supported

_ANY: tuple[Any, ...] = ()

HONOURED: dict[str, dict[str, tuple[Any, ...]]] = {
    "CreateTrainingJob": {
        "TrainingJobName": _ANY,
        "RoleArn": _ANY,
        "Tags": _ANY,
        "HyperParameters": _ANY,
        "Environment": _ANY,
        "AlgorithmSpecification.TrainingImage": _ANY,
        "AlgorithmSpecification.TrainingInputMode": ("File", "FastFile"),
        "AlgorithmSpecification.MetricDefinitions": _ANY,
        "AlgorithmSpecification.ContainerEntrypoint": _ANY,
        "AlgorithmSpecification.ContainerArguments": _ANY,
        "InputDataConfig.ChannelName": _ANY,
        "InputDataConfig.ContentType": _ANY,
        "InputDataConfig.CompressionType": ("None",),
        "InputDataConfig.RecordWrapperType": ("None",),
        "InputDataConfig.InputMode": ("File", "FastFile"),
        "InputDataConfig.DataSource.S3DataSource.S3Uri": _ANY,
        "InputDataConfig.DataSource.S3DataSource.S3DataType": ("S3Prefix", "ManifestFile"),
        "InputDataConfig.DataSource.S3DataSource.S3DataDistributionType": _ANY,
        "OutputDataConfig": _ANY,
        "ResourceConfig.InstanceCount": (1,),
        "StoppingCondition.MaxRuntimeInSeconds": _ANY,
        "StoppingCondition.MaxWaitTimeInSeconds": _ANY,
        "EnableManagedSpotTraining": _ANY,
        "CheckpointConfig": _ANY,
        "RetryStrategy": _ANY,
        "ProfilerConfig.DisableProfiler": (True,),
    },
    "CreateProcessingJob": {
        "ProcessingJobName": _ANY,
        "RoleArn": _ANY,
        "Tags": _ANY,
        "Environment": _ANY,
        "AppSpecification": _ANY,
        "ProcessingInputs.InputName": _ANY,
        "ProcessingInputs.AppManaged": (False,),
        "ProcessingInputs.S3Input.S3Uri": _ANY,
        "ProcessingInputs.S3Input.LocalPath": _ANY,
        "ProcessingInputs.S3Input.S3DataType": ("S3Prefix", "ManifestFile"),
        "ProcessingInputs.S3Input.S3InputMode": ("File",),
        "ProcessingInputs.S3Input.S3DataDistributionType": _ANY,
        "ProcessingInputs.S3Input.S3CompressionType": ("None",),
        "ProcessingOutputConfig.KmsKeyId": _ANY,
        "ProcessingOutputConfig.Outputs.OutputName": _ANY,
        "ProcessingOutputConfig.Outputs.AppManaged": (False,),
        "ProcessingOutputConfig.Outputs.S3Output.S3Uri": _ANY,
        "ProcessingOutputConfig.Outputs.S3Output.LocalPath": _ANY,
        "ProcessingOutputConfig.Outputs.S3Output.S3UploadMode": ("EndOfJob",),
        "ProcessingResources.ClusterConfig.InstanceCount": (1,),
        "StoppingCondition.MaxRuntimeInSeconds": _ANY,
    },
    "CreateTransformJob": {
        "TransformJobName": _ANY,
        "ModelName": _ANY,
        "Tags": _ANY,
        "Environment": _ANY,
        "MaxConcurrentTransforms": _ANY,
        "MaxPayloadInMB": _ANY,
        "BatchStrategy": _ANY,
        "ModelClientConfig": _ANY,
        "TransformInput.DataSource.S3DataSource.S3DataType": ("S3Prefix", "ManifestFile"),
        "TransformInput.DataSource.S3DataSource.S3Uri": _ANY,
        "TransformInput.ContentType": _ANY,
        "TransformInput.CompressionType": _ANY,
        "TransformInput.SplitType": ("None", "Line"),
        "TransformOutput": _ANY,
        "TransformResources.InstanceCount": _ANY,
        "DataProcessing.InputFilter": ("$",),
        "DataProcessing.OutputFilter": ("$",),
        "DataProcessing.JoinSource": ("None",),
    },
}
"""What is done as asked: the member, and the values it may have (none named: any)."""

RECORDED_ONLY: dict[str, tuple[str, ...]] = {
    "CreateTrainingJob": (
        "ResourceConfig.InstanceType",
        "ResourceConfig.VolumeSizeInGB",
        "ResourceConfig.VolumeKmsKeyId",
        "ResourceConfig.KeepAlivePeriodInSeconds",
        "VpcConfig",
        "EnableNetworkIsolation",
        "EnableInterContainerTrafficEncryption",
        "AlgorithmSpecification.EnableSageMakerMetricsTimeSeries",
        "ExperimentConfig",
        "RemoteDebugConfig",
        "InfraCheckConfig",
        "StoppingCondition.MaxPendingTimeInSeconds",
    ),
    "CreateProcessingJob": (
        "ProcessingResources.ClusterConfig.InstanceType",
        "ProcessingResources.ClusterConfig.VolumeSizeInGB",
        "ProcessingResources.ClusterConfig.VolumeKmsKeyId",
        "NetworkConfig",
        "ExperimentConfig",
    ),
    "CreateTransformJob": (
        "TransformResources.InstanceType",
        "TransformResources.VolumeKmsKeyId",
        "ExperimentConfig",
    ),
}
"""What this machine has no use for: described as it was given, without any effect.

FastFile is among them in effect: its files are downloaded as in File mode.
"""


def refuse_unsupported(operation: str, request: Mapping[str, Any]) -> None:
    """Raise the error that names the first member this account cannot do as asked."""
    honoured = HONOURED[operation]
    for path, value in _leaves(request, ""):
        known = _prefix_in(path, (*honoured, *RECORDED_ONLY[operation]))
        if known is None:
            raise not_supported(f"{operation} with {path}")
        allowed = honoured.get(known, _ANY)
        if allowed and value not in allowed:
            choice = " or ".join(map(str, allowed))
            raise not_supported(f"{operation} with {path}={value} (only {choice})")


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield every scalar with its path, lists left out of it."""
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from _leaves(each, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for each in value:
            yield from _leaves(each, path)
    else:
        yield path, value


def _prefix_in(path: str, known: tuple[str, ...]) -> str | None:
    return next((each for each in known if path == each or path.startswith(f"{each}.")), None)
