"""Score whole files with the version that serves: planned, transformed, counted, written down."""

from typing import Any

from aws_cdk import Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from contracts import capture, layout
from infra.components import states
from infra.components.batch_steps import BatchSteps
from infra.components.model import Model
from infra.components.permissions import allow, arn
from infra.components.service_role import ServiceRole
from infra.components.states import REDRIVES, State, expression
from infra.components.workflow import Workflow
from infra.jsii_types import implementing

_LIMIT_SECONDS = 12 * 3600
_PAYLOAD_MIB = 6
_REQUEST = expression("$states.context.Execution.Input")


class BatchScoring(Workflow):
    """Started by a person or CI with contracts.batch.BatchRequest, or by a file that lands."""

    def __init__(
        self, scope: Construct, construct_id: str, *, model: Model, endpoint_role: iam.Role
    ) -> None:
        super().__init__(scope, construct_id, model=model, purpose="batch")
        self._steps = BatchSteps(self, "Steps", model=model, endpoint_role=endpoint_role)
        self.state_machine: sfn.StateMachine = self.define(
            self._states(),
            first="Plan",
            limit_seconds=_LIMIT_SECONDS + 3600,
            comment=f"Score files with the version of {model.name} that serves",
        )
        self.allow_invoking(self._steps.plan, self._steps.verify)
        self._allow_jobs()

    def on_new_file(self, dead_letters: sqs.Queue) -> events.Rule:
        """Score each file that lands in the model's own folder for it."""
        model = self._model
        role = ServiceRole(self, "OnNewFileRole", service="events")
        allow(role, "states:StartExecution", on=[self.state_machine.state_machine_arn])
        return events.Rule(
            self,
            "OnNewFile",
            description=f"A file of {model.name} is to be scored",
            event_pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                detail={
                    "bucket": {"name": [model.stores.data.bucket_name]},
                    "object": {"key": [{"prefix": layout.batch_incoming_prefix(model.name)}]},
                },
            ),
            targets=[
                implementing(
                    targets.SfnStateMachine(
                        implementing(self.state_machine),
                        role=role.without_policy_updates(),
                        dead_letter_queue=implementing(dead_letters),
                        retry_attempts=8,
                        max_event_age=Duration.hours(6),
                    )
                )
            ],
        )

    def _states(self) -> dict[str, State]:
        return {
            "Plan": states.handler(
                self._steps.plan,
                {
                    "request": _REQUEST,
                    "execution_id": expression("$states.context.Execution.Id"),
                },
                Assign={"plan": expression("$states.result.Payload")},
                Next="IsItTaken",
            ),
            "IsItTaken": {
                "Type": "Choice",
                "Choices": [{"Condition": expression("$plan.taken_by != ''"), "Next": "Taken"}],
                "Default": "Score",
            },
            "Taken": {
                "Type": "Succeed",
                "Output": {
                    "outcome": "duplicate",
                    "reason": expression("'scored by ' & $plan.taken_by"),
                },
            },
            "Score": states.job(
                "createTransformJob", self._job(), limit_seconds=_LIMIT_SECONDS, Next="Verify"
            ),
            "Verify": states.handler(
                self._steps.verify, {"request": _REQUEST, "plan": "{% $plan %}"}, End=True
            ),
        }

    def _job(self) -> dict[str, Any]:
        """Each answer ends with a newline, so that nothing is added when they are put together."""
        serving, key = self._model.card.serving, self._model.stores.key.key_arn
        return {
            "TransformJobName": expression(f"$plan.batch_id & '-score-' & {REDRIVES}"),
            "ModelName": expression("$plan.model_name"),
            "BatchStrategy": "MultiRecord",
            "MaxPayloadInMB": _PAYLOAD_MIB,
            # A file's rows are nobody's traffic: a container that captures by itself must not.
            "Environment": {capture.URI_VARIABLE: ""},
            "TransformInput": {
                "DataSource": {
                    "S3DataSource": {
                        "S3DataType": "ManifestFile",
                        "S3Uri": expression("$plan.manifest"),
                    }
                },
                "ContentType": expression("$plan.format"),
                "SplitType": "Line",
            },
            "TransformOutput": {
                "S3OutputPath": expression("$plan.output"),
                "Accept": "application/jsonlines",
                "AssembleWith": "None",
                "KmsKeyId": key,
            },
            "TransformResources": {
                "InstanceType": serving.instance_type,
                # More instances than files would have nothing to do.
                "InstanceCount": expression(f"$min([{serving.instance_count}, $plan.files])"),
                "VolumeKmsKeyId": key,
            },
        }

    def _allow_jobs(self) -> None:
        """https://docs.aws.amazon.com/step-functions/latest/dg/sagemaker-iam.html."""
        named = self._model.made_at_run_time
        allow(
            self.role,
            "sagemaker:CreateTransformJob",
            "sagemaker:DescribeTransformJob",
            "sagemaker:StopTransformJob",
            "sagemaker:AddTags",
            "sagemaker:ListTags",
            on=[
                arn(self, "sagemaker", f"transform-job/{named}"),
                arn(self, "sagemaker", f"model/{named}"),
            ],
            because="jobs and models are named at run time",
        )
        rule = "rule/StepFunctionsGetEventsForSageMakerTransformJobsRule"
        allow(
            self.role,
            "events:PutTargets",
            "events:PutRule",
            "events:DescribeRule",
            on=[arn(Stack.of(self), "events", rule)],
        )
