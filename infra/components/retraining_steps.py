"""The handlers of a retraining run, each allowed what its step does and nothing else."""

from aws_cdk import Duration
from constructs import Construct

from infra.components.handler_function import HandlerFunction
from infra.components.model import Model
from infra.components.permissions import (
    allow,
    allow_key,
    allow_ledger,
    allow_listing,
    allow_objects,
)
from infra.components.registry import allow_judging, allow_noting, allow_registering

_BELOW = "a step reads and writes only below its model's own prefixes"


class RetrainingSteps(Construct):
    def __init__(self, scope: Construct, construct_id: str, *, model: Model) -> None:
        super().__init__(scope, construct_id)
        self._model = model
        self.snapshot = self._handler("Snapshot", "snapshot")
        self.data_gate = self._handler("DataGate", "data_gate")
        self.registration = self._handler("Registration", "registration")
        self.gate = self._handler("Gate", "gate")
        self.record = self._handler("Record", "record")
        several = any(
            len(job.instance_types) > 1 for job in (model.card.training, model.card.processing)
        )
        self.job_failure = self._job_failure() if several else None
        self._allow_snapshot()
        self._allow_quarantine()
        self._allow_evidence()
        self._allow_artifact()
        allow_registering(self.registration.role, model)
        allow_judging(self.gate.role, model)
        allow_noting(self.record.role, model)

    @property
    def all(self) -> tuple[HandlerFunction, ...]:
        steps = self.snapshot, self.data_gate, self.registration, self.gate, self.record
        return steps if self.job_failure is None else (*steps, self.job_failure)

    def _handler(self, construct_id: str, package: str) -> HandlerFunction:
        model = self._model
        step = HandlerFunction(
            self,
            construct_id,
            package=package,
            card=model.card_path,
            settings=model.settings,
            variables=model.stores.variables(),
            timeout=Duration.minutes(5),
            memory_mib=512,
        )
        allow_key(step.role, model.stores.key)
        return step

    def _job_failure(self) -> HandlerFunction:
        """It asks AWS nothing; only a card with a second instance type has it."""
        settings = self._model.settings
        return HandlerFunction(
            self, "JobFailure", package="job_failure", settings=settings, variables={}
        )

    def _allow_snapshot(self) -> None:
        role, model = self.snapshot.role, self._model
        data, readable = model.stores.data, [model.incoming, model.snapshots, model.passing]
        allow_listing(role, bucket=data, prefixes=readable)
        allow_objects(
            role,
            "s3:GetObject",
            "s3:GetObjectVersion",
            bucket=data,
            prefixes=readable,
            because=_BELOW,
        )
        written = [model.snapshots, model.passing]
        allow_objects(role, "s3:PutObject", bucket=data, prefixes=written, because=_BELOW)
        allow(role, "dynamodb:GetItem", on=[model.stores.state.table_arn])

    def _allow_quarantine(self) -> None:
        role, model = self.data_gate.role, self._model
        data = model.stores.data
        allow_objects(
            role,
            "s3:GetObject",
            "s3:GetObjectVersion",
            "s3:DeleteObject",
            bucket=data,
            prefixes=[model.incoming],
            because=_BELOW,
        )
        allow_objects(
            role,
            "s3:GetObject",
            "s3:PutObject",
            bucket=data,
            prefixes=[model.quarantine],
            because=_BELOW,
        )
        allow_objects(
            role,
            "s3:GetObject",
            "s3:PutObject",
            bucket=data,
            prefixes=[model.snapshots, model.passing],
            because=_BELOW,
        )
        kept = [model.incoming, model.quarantine, model.snapshots, model.passing]
        allow_listing(role, bucket=data, prefixes=kept)
        allow(role, "dynamodb:GetItem", "dynamodb:UpdateItem", on=[model.stores.state.table_arn])

    def _allow_evidence(self) -> None:
        """Each judge reads the run's reports; gate and record also write their documents there."""
        model = self._model
        for step in (self.data_gate, self.registration, self.gate, self.record):
            allow_ledger(step.role, model.stores.ledger)
            writes = ("s3:PutObject",) if step in (self.gate, self.record) else ()
            allow_objects(
                step.role,
                "s3:GetObject",
                *writes,
                bucket=model.stores.reports,
                prefixes=[model.runs],
                because=_BELOW,
            )
            allow_listing(step.role, bucket=model.stores.reports, prefixes=[model.runs])

    def _allow_artifact(self) -> None:
        """Registration hashes the candidate's archive, the record each file in it."""
        model = self._model
        for step in (self.registration, self.record):
            allow_objects(
                step.role,
                "s3:GetObject",
                bucket=model.stores.artifacts,
                prefixes=[model.artifacts],
                because=_BELOW,
            )
