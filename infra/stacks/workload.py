"""One model's loop: how it is retrained, promoted, watched and taken down."""

from aws_cdk import CfnOutput, Fn, Stack
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from contracts.card import ServingMode
from infra import source_commit
from infra.components.admission import Admission
from infra.components.batch_scoring import BatchScoring
from infra.components.dead_letters import DeadLetters
from infra.components.drift_monitoring import DriftMonitoring
from infra.components.endpoint_care import EndpointCare
from infra.components.endpoint_logs import EndpointLogs
from infra.components.ingestion import Ingestion
from infra.components.model import Model
from infra.components.model_dashboard import ModelDashboard
from infra.components.promotion_workflow import PromotionWorkflow
from infra.components.registry import PackageGroup
from infra.components.retraining_workflow import RetrainingWorkflow
from infra.components.runbook_alarm import alarms_below
from infra.components.sagemaker_roles import EndpointRole, JobRole
from infra.components.teardown import Teardown


class WorkloadStack(Stack):
    def __init__(self, scope: Construct, construct_id: str, *, model: Model) -> None:
        super().__init__(
            scope,
            construct_id,
            termination_protection=model.settings.retain_data,
            description=f"{model.name}: {model.card.description}",
        )
        code = s3_assets.Asset(
            self, "Code", path=str(model.folder), exclude=["**/__pycache__", "*.pyc"]
        )
        registry = PackageGroup(self, "Registry", model=model)
        job_role = JobRole(
            self, "JobRole", model=model, code=code.bucket, code_key=code.s3_object_key
        )
        endpoint_role = EndpointRole(self, "EndpointRole", model=model)
        endpoint_logs = EndpointLogs(self, "EndpointLogs", model=model)
        dead_letters = DeadLetters(self, "DeadLetters", topic=model.topic)
        promotion = PromotionWorkflow(self, "Promotion", model=model, endpoint_role=endpoint_role)
        retraining = RetrainingWorkflow(
            self, "Retraining", model=model, job_role=job_role, promotion=promotion
        )
        admission = Admission(
            self,
            "Admission",
            model=model,
            retraining=retraining.state_machine,
            machine_name=retraining.name,
            code_uri=code.s3_object_url,
            code_commit=source_commit.of_folder(model.folder),
            dead_letters=dead_letters.queue,
        )
        batch = BatchScoring(self, "Batch", model=model, endpoint_role=endpoint_role)
        drift = DriftMonitoring(self, "Drift", model=model, dead_letters=dead_letters.queue)
        care = EndpointCare(
            self,
            "Care",
            model=model,
            promotion=promotion.state_machine,
            dead_letters=dead_letters.queue,
        )
        triggers: list[Construct] = [
            admission.on_schedule(),
            drift.on_schedule(),
            *care.triggers,
        ]
        if model.card.serving.mode is ServingMode.BATCH:
            triggers.append(batch.on_new_file(dead_letters.queue))
        if model.card.triggers.on_drift:
            triggers.append(admission.on_drift(drift.alarm))
        if model.card.triggers.on_new_data:
            triggers.append(admission.on_new_data())
        ingestion = self._ingestion(model, code, dead_letters)
        if ingestion is not None:
            triggers += [ingestion.plan.schedule, ingestion.state_machine]
        teardown = Teardown(self, "Teardown", model=model)
        teardown.needs(registry, endpoint_role, endpoint_logs)
        machines = promotion.state_machine, retraining.state_machine, batch.state_machine
        teardown.follows(*machines, *triggers)
        alarms = alarms_below(self)
        ModelDashboard(
            self,
            "Overview",
            model=model,
            care=care,
            drift=drift,
            dead_letters=dead_letters,
            machines=machines,
            alarms=alarms,
        )

        for name, value in {
            "AdmissionFunction": admission.handler.function.function_name,
            "DriftCheckFunction": drift.handler.function.function_name,
            "RetrainingArn": retraining.state_machine.state_machine_arn,
            "PromotionArn": promotion.state_machine.state_machine_arn,
            "BatchArn": batch.state_machine.state_machine_arn,
            "EndpointName": model.endpoint,
            "PackageGroup": model.package_group,
            "DriftAlarm": drift.alarm.alarm_name,
            "MismatchAlarm": care.reconciler.alarm.alarm_name,
            "Alarms": Fn.join(",", [alarm.alarm_name for alarm in alarms]),
            "ReconcilerFunction": care.reconciler.handler.function.function_name,
            "JobRoleArn": job_role.role_arn,
            "ServingMode": model.card.serving.mode.value,
        }.items():
            CfnOutput(self, name, value=value)

    def _ingestion(
        self, model: Model, code: s3_assets.Asset, dead_letters: DeadLetters
    ) -> Ingestion | None:
        """Only a card that names its sources has one; other models' data land by themselves."""
        if model.card.ingestion is None:
            return None
        ingestion = Ingestion(
            self,
            "Ingestion",
            model=model,
            card=model.card.ingestion,
            code=code,
            dead_letters=dead_letters.queue,
        )
        function = ingestion.plan.handler.function.function_name
        CfnOutput(self, "IngestionFunction", value=function)
        CfnOutput(self, "IngestionArn", value=ingestion.state_machine.state_machine_arn)
        return ingestion
