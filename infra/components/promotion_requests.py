"""What the promotion workflow itself asks of SageMaker: a smoke test, and the endpoint's moves."""

from dataclasses import dataclass
from typing import Any

from contracts import capture, layout, naming
from contracts.card import CapturePath, ServingMode, Shift, Trial
from infra.components.model import Model
from infra.components.states import REDRIVES, State, expression

LOOK_SECONDS = 60
"""Between two looks at a deployment."""
_RESTORE_SECONDS = 15
"""How long the old fleet stays after a rollback: whoever asked for it waits, and what is put back
has served before. What does not answer at all never gets any traffic."""
_MOST_TERMINATION_SECONDS = 60
"""Alarms are looked at every minute, and figures come a minute late: errors of the last minute of
a bake are seen while the old fleet is still there."""
_FAMILIES = ("m4", "m5", "c4", "c5", "p2", "p3", "g4dn", "m6i", "c6i", "r6i", "m7i", "c7i", "r7i")
"""Of the instances that a transform job runs on:
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TransformResources.html"""
_FALLBACK = "ml.m5.large"


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionRequests:
    model: Model

    @property
    def update_seconds(self) -> int:
        """The most that an update may take: its shift, and an hour for its instances."""
        return self.model.card.rollout.shift_seconds + 3600

    @property
    def trial_seconds(self) -> int:
        """The most that a trial may take: itself, and an hour for each way in and out."""
        rollout = self.model.card.rollout
        return 0 if rollout.trial is Trial.NONE else rollout.trial_seconds + 2 * 3600

    @property
    def serverless(self) -> bool:
        return self.model.card.serving.mode is ServingMode.SERVERLESS

    @property
    def looks(self) -> int:
        """How often the machine looks before it confirms; 0: SageMaker bakes, and rolls back.

        A serverless endpoint has no guardrails: all its traffic moves at once, and what the alarms
        then say is acted on by the machine itself.
        """
        return self.model.card.rollout.bake_seconds // LOOK_SECONDS + 1 if self.serverless else 0

    @property
    def smoke_output(self) -> str:
        """Where the smoke test's answers are, one folder for each job."""
        prefix = layout.s3_uri(self.model.stores.reports.bucket_name, f"{self.model.runs}")
        return f"'{prefix}' & $request.run_id & '/smoke/' & {self.smoke_job}"

    @property
    def smoke_job(self) -> str:
        return f"$plan.deployment & '-smoke-' & {REDRIVES}"

    def smoke_test(self) -> State:
        """All golden rows are one request to the candidate's Model, which no caller can reach."""
        stores, instance_type = self.model.stores, self.model.card.serving.instance_type
        family = instance_type.split(".")[1]
        return {
            "TransformJobName": expression(self.smoke_job),
            "ModelName": expression("$plan.deployment"),
            "BatchStrategy": "SingleRecord",
            "ModelClientConfig": {"InvocationsTimeoutInSeconds": 60, "InvocationsMaxRetries": 0},
            "TransformInput": {
                "DataSource": {
                    "S3DataSource": {
                        "S3DataType": "S3Prefix",
                        "S3Uri": expression("$plan.golden_uri"),
                    }
                },
                "ContentType": "text/csv",
                "SplitType": "None",
            },
            "TransformOutput": {
                "S3OutputPath": expression(self.smoke_output),
                "Accept": "application/json",
                "AssembleWith": "None",
                "KmsKeyId": stores.key.key_arn,
            },
            **self._without_captures(),
            "TransformResources": {
                "InstanceType": instance_type if family in _FAMILIES else _FALLBACK,
                "InstanceCount": 1,
                "VolumeKmsKeyId": stores.key.key_arn,
            },
        }

    def _without_captures(self) -> State:
        """Nobody asked these requests: the container must not record them as traffic."""
        if self.model.card.serving.capture is not CapturePath.CONTAINER:
            return {}
        return {"Environment": {capture.URI_VARIABLE: ""}}

    def endpoint(self, config: str = "$plan.deployment") -> State:
        return {
            "EndpointName": expression("$plan.endpoint"),
            "EndpointConfigName": expression(config),
        }

    def headroom(self) -> State:
        """Scaling stands still while an endpoint updates: what may be needed is there before.

        https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-scaling-update.html
        """
        return {
            "EndpointName": expression("$plan.endpoint"),
            "DesiredWeightsAndCapacities": [
                {
                    "VariantName": naming.VARIANT,
                    "DesiredInstanceCount": expression("$plan.headroom"),
                }
            ],
        }

    def update(self) -> State:
        """https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green.html."""
        rollout = self.model.card.rollout
        size = {"Type": "CAPACITY_PERCENT", "Value": rollout.step_percent}
        named = {Shift.CANARY: "CanarySize", Shift.LINEAR: "LinearStepSize"}[rollout.shift]
        routing = {
            "Type": rollout.shift.name,
            named: size,
            "WaitIntervalInSeconds": rollout.bake_seconds,
        }
        return self._guarded(routing, min(rollout.bake_seconds, _MOST_TERMINATION_SECONDS))

    def restore(self) -> State:
        """All traffic at once; the time until the old fleet goes is what the alarms then have.

        https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green-all-at-once.html
        """
        routing = {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}
        return self._guarded(routing, _RESTORE_SECONDS)

    def go_back(self) -> State:
        """What served before is put back as it was; nothing is known against it."""
        if self.serverless:
            return self.endpoint("$plan.previous")
        return {
            **self.endpoint("$plan.previous"),
            **_retained(["DataCaptureConfig", "DesiredWeight"]),
        }

    def trial(self) -> State:
        """Champion and candidate side by side; a failed start leaves the champion as it is."""
        return self.endpoint("$plan.deployment & '-trial'")

    def _guarded(self, routing: State, termination_seconds: int) -> State:
        if self.serverless:
            return self.endpoint()
        return {
            **self.endpoint(),
            "RetainAllVariantProperties": True,
            "ExcludeRetainedVariantProperties": expression(
                "[$plan.own.{'VariantPropertyType': $}]"
            ),
            "DeploymentConfig": {
                "BlueGreenUpdatePolicy": {
                    "TrafficRoutingConfiguration": routing,
                    "TerminationWaitInSeconds": termination_seconds,
                    "MaximumExecutionTimeoutInSeconds": self.update_seconds,
                },
                "AutoRollbackConfiguration": {
                    "Alarms": expression("[$plan.alarms.{'AlarmName': $}]"),
                },
            },
        }


def _retained(own: list[str]) -> dict[str, Any]:
    return {
        "RetainAllVariantProperties": True,
        "ExcludeRetainedVariantProperties": [{"VariantPropertyType": name} for name in own],
    }
