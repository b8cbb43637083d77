"""Fetch a model's data each day: what is missing, oldest first, one day at a time."""

from typing import Any

from aws_cdk import Aws, Stack
from aws_cdk import aws_s3_assets as s3_assets
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from contracts.card_ingestion import Ingestion as CardIngestion
from contracts.environment import Variable
from infra.components import job_inputs, states
from infra.components.ingestion_plan import IngestionPlan
from infra.components.ingestion_role import IngestionRole
from infra.components.model import Model
from infra.components.permissions import allow, allow_passing, arn
from infra.components.states import REDRIVES, State, expression
from infra.components.workflow import Workflow

_RUNS = "executions and jobs are named at run time"


class Ingestion(Workflow):
    """One execution fetches the days of its input (contracts.ingestion.IngestionRequest).

    A day that fails ends the execution, and a redrive goes on with that day: nothing is caught.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        model: Model,
        card: CardIngestion,
        code: s3_assets.Asset,
        dead_letters: sqs.Queue,
    ) -> None:
        super().__init__(scope, construct_id, model=model, purpose="ingestion")
        self._job_role = IngestionRole(self, "JobRole", model=model, ingestion=card, code=code)
        limit = model.card.processing.max_runtime_seconds
        self.state_machine = self.define(
            self._states(limit),
            first="EachDay",
            limit_seconds=(limit + 1800) * card.catch_up_days + 3600,
            comment=f"Fetch the days of {model.name} that are missing",
        )
        self._allow_jobs()
        self.plan = IngestionPlan(
            self,
            "Plan",
            model=model,
            schedule=card.schedule,
            machine_arn=self.state_machine.state_machine_arn,
            code_uri=code.s3_object_url,
            dead_letters=dead_letters,
        )

    def _states(self, limit: int) -> dict[str, State]:
        told = "$states.result.ExitMessage"
        day = states.job(
            "createProcessingJob",
            self._job(),
            limit_seconds=limit,
            Output=expression(f"$exists({told}) ? {told} : $states.input & ': done'"),
            End=True,
        )
        quarantined = "$count($states.result[$contains($, 'quarantined')]) > 0"
        return {
            "EachDay": {
                "Type": "Map",
                "Items": "{% $states.input.days %}",
                "ItemSelector": {
                    "day": "{% $states.context.Map.Item.Value %}",
                    "request": "{% $states.input %}",
                },
                "MaxConcurrency": 1,
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "INLINE"},
                    "StartAt": "FetchDay",
                    "States": {"FetchDay": day},
                },
                "Output": {
                    "outcome": expression(f"{quarantined} ? 'ingested_in_part' : 'ingested'"),
                    "reason": "{% $join($states.result, '; ') %}",
                },
                "End": True,
            }
        }

    def _job(self) -> dict[str, Any]:
        """The job has a network: its sources lie elsewhere."""
        model, request, day = self._model, "$states.input.request", "$states.input.day"
        network = model.settings.network
        return {
            "ProcessingJobName": expression(
                f"{request}.run_id & '-' & $replace({day}, '-', '') & '-' & {REDRIVES}"
            ),
            "AppSpecification": {
                "ImageUri": expression(f"{request}.image_uri"),
                "ContainerEntrypoint": ["python", "-m", "ml.ingestion"],
            },
            "RoleArn": self._job_role.role_arn,
            "Environment": {
                "PERENNIAL_RUN_ID": expression(f"{request}.run_id"),
                "PERENNIAL_AS_OF": expression(f"{request}.as_of"),
                "PERENNIAL_DAY": expression(day),
                "PERENNIAL_MODEL": model.name,
                # boto3 reads this one; AWS_REGION, which jobs have, it does not.
                "AWS_DEFAULT_REGION": Aws.REGION,
                Variable.DATA_BUCKET: model.stores.data.bucket_name,
            },
            "ProcessingInputs": [
                job_inputs.processing_input("code", f"{request}.code_uri", folder="code")
            ],
            "ProcessingResources": {
                "ClusterConfig": {
                    "InstanceCount": 1,
                    "InstanceType": model.card.processing.instance_types[0],
                    "VolumeSizeInGB": model.card.processing.volume_gib,
                    "VolumeKmsKeyId": model.stores.key.key_arn,
                }
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": model.card.processing.max_runtime_seconds},
            "NetworkConfig": {
                "EnableNetworkIsolation": False,
                **({} if network is None else job_inputs.vpc(network)),
            },
        }

    def _allow_jobs(self) -> None:
        """https://docs.aws.amazon.com/step-functions/latest/dg/sagemaker-iam.html."""
        allow(
            self.role,
            "sagemaker:CreateProcessingJob",
            "sagemaker:DescribeProcessingJob",
            "sagemaker:StopProcessingJob",
            "sagemaker:AddTags",
            "sagemaker:ListTags",
            on=[arn(self, "sagemaker", f"processing-job/{self._model.made_at_run_time}")],
            because=_RUNS,
        )
        allow(
            self.role,
            "events:PutTargets",
            "events:PutRule",
            "events:DescribeRule",
            on=[
                arn(
                    Stack.of(self),
                    "events",
                    "rule/StepFunctionsGetEventsForSageMakerProcessingJobsRule",
                )
            ],
        )
        allow_passing(self.role, self._job_role, to="sagemaker.amazonaws.com")
