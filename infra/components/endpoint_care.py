"""All that looks after the endpoint between promotions: alarms, who hears of them, sleep."""

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from contracts.card import ServingMode
from infra.components.endpoint_alarms import EndpointAlarms
from infra.components.idle_endpoints import IdleEndpoints
from infra.components.incident_alarms import IncidentAlarms
from infra.components.instance_alarms import InstanceAlarms
from infra.components.model import Model
from infra.components.reconciler import Reconciler
from infra.components.runbook_alarm import RunbookAlarm


class EndpointCare(Construct):
    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        model: Model,
        promotion: sfn.StateMachine,
        dead_letters: sqs.Queue,
    ) -> None:
        super().__init__(scope, construct_id)
        mode = model.card.serving.mode
        self.alarms = self.instances = None
        if mode is not ServingMode.BATCH:
            self.alarms = EndpointAlarms(self, "Alarms", model=model)
        if mode is ServingMode.REAL_TIME:
            self.instances = InstanceAlarms(self, "Instances", model=model)
        self.reconciler = Reconciler(
            self, "Reconciler", model=model, promotion=promotion, dead_letters=dead_letters
        )
        self.told = self._told(model)
        self.triggers: list[Construct] = [*self.reconciler.triggers]
        if _may_sleep(model):
            idle = IdleEndpoints(self, "Idle", model=model, dead_letters=dead_letters)
            self.triggers.append(idle.schedule)

    def metric_mismatches(self) -> cloudwatch.Metric:
        return self.reconciler.metric_mismatches()

    def _told(self, model: Model) -> IncidentAlarms:
        urgent, others = [self.reconciler.alarm], list[RunbookAlarm]()
        if self.alarms is not None:
            urgent.append(self.alarms.errors)
            others += [self.alarms.latency, self.alarms.refusals, self.alarms.capture_gap]
        if self.instances is not None:
            urgent += [self.instances.memory, self.instances.disk]
            others.append(self.instances.cpu)
        return IncidentAlarms(self, "Told", model=model, urgent=urgent, others=others)


def _may_sleep(model: Model) -> bool:
    """A serverless endpoint costs nothing while idle, and a batch model has none."""
    serving = model.card.serving
    return (
        serving.idle_hours is not None
        and serving.mode is ServingMode.REAL_TIME
        and model.settings.idle_endpoints_sleep
    )
