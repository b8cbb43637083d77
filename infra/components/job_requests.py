"""What a run asks SageMaker for: validation, training and evaluation, as request shapes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aws_cdk import aws_iam as iam

from contracts import layout
from infra.components import job_inputs
from infra.components.instances_in_turn import InstancesInTurn
from infra.components.model import Model
from infra.components.states import expression

Request = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequests:
    """Requests whose run is ``$request``; see retraining_workflow for the other variables."""

    model: Model
    role: iam.Role

    @property
    def instances(self) -> dict[str, InstancesInTurn]:
        """By the state's name."""
        card = self.model.card
        jobs = {"Validate": card.processing, "Train": card.training, "Evaluate": card.processing}
        return {step: InstancesInTurn(step=step, job=job) for step, job in jobs.items()}

    def validation(self) -> Request:
        return self._processing(
            "Validate",
            module="ml.validation",
            inputs="$snapshot.profile ? $append($inputs, $profile) : $inputs",
            output=("report", layout.validation_prefix),
            environment={},
        )

    def evaluation(self) -> Request:
        return self._processing(
            "Evaluate",
            module="ml.evaluation",
            inputs="$append($inputs, $request.champion ? [$candidate, $champion] : [$candidate])",
            output=("evaluation", layout.evaluation_prefix),
            environment={
                "PERENNIAL_CANDIDATE_URI": expression("$training.model_data_url"),
                "PERENNIAL_CHAMPION_URI": expression("$champion_uri"),
            },
        )

    def training(self) -> Request:
        card, stores = self.model.card, self.model.stores
        return {
            "TrainingJobName": self.instances["Train"].job_name,
            "AlgorithmSpecification": {
                "TrainingImage": expression("$request.image_uri"),
                "TrainingInputMode": "File",
            },
            "RoleArn": self.role.role_arn,
            "HyperParameters": {
                **card.hyperparameters,
                "model": card.name,
                "as_of": expression("$request.as_of"),
                "run_id": expression("$request.run_id"),
            },
            "InputDataConfig": job_inputs.channels(card),
            "OutputDataConfig": {
                "S3OutputPath": layout.s3_uri(
                    stores.artifacts.bucket_name, layout.models_prefix(card.name)
                ),
                "KmsKeyId": stores.key.key_arn,
            },
            "ResourceConfig": self._cluster("Train"),
            "StoppingCondition": {"MaxRuntimeInSeconds": card.training.max_runtime_seconds},
            **self._tracking(),
            **self._spot(),
            **self._network(),
        }

    def _processing(
        self,
        step: str,
        *,
        module: str,
        inputs: str,
        output: tuple[str, Callable[[str, str], str]],
        environment: dict[str, str],
    ) -> Request:
        """A job that runs one module of the image."""
        job = self.model.card.processing
        return {
            "ProcessingJobName": self.instances[step].job_name,
            "AppSpecification": {
                "ImageUri": expression("$request.image_uri"),
                "ContainerEntrypoint": ["python", "-m", module],
            },
            "RoleArn": self.role.role_arn,
            "Environment": {
                "PERENNIAL_RUN_ID": expression("$request.run_id"),
                "PERENNIAL_AS_OF": expression("$request.as_of"),
                "PERENNIAL_MODEL": self.model.name,
                **environment,
            },
            "ProcessingInputs": expression(inputs),
            "ProcessingOutputConfig": {
                "KmsKeyId": self.model.stores.key.key_arn,
                "Outputs": [self._evidence(*output)],
            },
            "ProcessingResources": {"ClusterConfig": self._cluster(step)},
            "StoppingCondition": {"MaxRuntimeInSeconds": job.max_runtime_seconds},
            "NetworkConfig": {"EnableNetworkIsolation": True, **self._network()},
        }

    def _evidence(self, name: str, prefix: Callable[[str, str], str]) -> Request:
        """An output below the run's own prefix of the reports bucket."""
        before, after = prefix(self.model.name, "\0").split("\0")
        bucket = self.model.stores.reports.bucket_name
        return {
            "OutputName": name,
            "S3Output": {
                "S3Uri": expression(f"'s3://{bucket}/{before}' & $request.run_id & '{after}'"),
                "LocalPath": f"{job_inputs.PROCESSING}/output/{name}",
                "S3UploadMode": "EndOfJob",
            },
        }

    def _cluster(self, step: str) -> Request:
        instances = self.instances[step]
        return {
            "InstanceCount": 1,
            "InstanceType": instances.instance_type,
            "VolumeSizeInGB": instances.job.volume_gib,
            "VolumeKmsKeyId": self.model.stores.key.key_arn,
        }

    def _tracking(self) -> Request:
        """A job that logs to a server must reach it; all others reach nothing."""
        tracking = self.model.tracking
        if tracking is None:
            return {"EnableNetworkIsolation": True}
        return {"EnableNetworkIsolation": False, "Environment": tracking.environment()}

    def _spot(self) -> Request:
        """Spare capacity may be taken away; training then resumes from its checkpoints.

        They are the run's, not the job's, so that a redrive and another instance type go on too.
        https://docs.aws.amazon.com/sagemaker/latest/dg/model-managed-spot-training.html
        """
        job, model = self.model.card.training, self.model
        if not job.spot:
            return {}
        bucket, prefix = model.stores.artifacts.bucket_name, model.checkpoints
        return {
            "EnableManagedSpotTraining": True,
            "StoppingCondition": {
                "MaxRuntimeInSeconds": job.max_runtime_seconds,
                "MaxWaitTimeInSeconds": job.max_wait_seconds,
            },
            "CheckpointConfig": {
                "S3Uri": expression(f"'s3://{bucket}/{prefix}' & $request.run_id & '/'"),
                "LocalPath": "/opt/ml/checkpoints",
            },
        }

    def _network(self) -> Request:
        network = self.model.settings.network
        return {} if network is None else job_inputs.vpc(network)
