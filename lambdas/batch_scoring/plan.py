"""First step of a batch: which files, which version, and whether they can be scored at all."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from contracts import layout, naming, state
from contracts.batch import BatchFormat, BatchPlan, BatchRequest, parse_batch_request
from contracts.card import ModelCard
from contracts.environment import Variable
from lambdas.adapters import wiring
from lambdas.adapters.champion import ChampionPointer
from lambdas.adapters.state import StateTable
from lambdas.batch_scoring import decision
from lambdas.batch_scoring.decision import NoChampion, UnreadableInput
from lambdas.batch_scoring.files import BatchFile, Files
from lambdas.batch_scoring.models import Models

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)


def lambda_handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    request = parse_batch_request(event["request"])
    return _planner().plan(request, execution_id=event["execution_id"]).document()


@dataclass(frozen=True, slots=True, kw_only=True)
class Planner:
    card: ModelCard
    environment: str
    data_bucket: str
    files: Files
    models: Models
    state: StateTable
    champion: ChampionPointer

    def plan(self, request: BatchRequest, *, execution_id: str) -> BatchPlan:
        champion = self.champion.read()
        if champion is None:
            raise NoChampion(f"no version of {self.card.name} has been promoted yet")
        batch_id = naming.batch_id(self.card.name, self.environment, request.cause.id)
        found, kind = self._found(request)
        prefix = layout.s3_uri(self.data_bucket, layout.batch_run_prefix(self.card.name, batch_id))
        owner = self._owner(batch_id, execution_id)
        manifest = f"{prefix}input.manifest"
        if owner == execution_id:
            self.files.write_manifest(manifest, found)
        plan = BatchPlan(
            batch_id=batch_id,
            taken_by="" if owner == execution_id else owner,
            version=champion.version,
            model_name=self.models.ensure(champion),
            format=kind,
            manifest=manifest,
            output=(request.output or f"{prefix}scored/").rstrip("/"),
            files=len(found),
        )
        logger.info("%s: %d files for version %d", batch_id, plan.files, plan.version)
        return plan

    def _found(self, request: BatchRequest) -> tuple[Sequence[BatchFile], BatchFormat]:
        places = {"the input": request.input, "the output": request.output or request.input}
        for what, uri in places.items():
            decision.refuse_elsewhere(uri, bucket=self.data_bucket, model=self.card.name, what=what)
        found = self.files.below(request.input)
        if not found:
            raise UnreadableInput(f"there is no file at {request.input}")
        kind = decision.format_of([file.name for file in found])
        names = [feature.name for feature in self.card.features]
        for file in found:
            if not file.size:
                raise UnreadableInput(f"{file.name} holds no rows")
            if kind is BatchFormat.CSV:
                decision.has_header(self.files.first_line(file), names, where=file.name)
        return found, kind

    def _owner(self, batch_id: str, execution_id: str) -> str:
        """Take the batch; return who has it: a second delivery of a cause scores nothing."""
        item = state.batch(batch_id)
        if self.state.create(item, {"execution": execution_id}):
            return execution_id
        return (self.state.read(item) or {}).get("execution", execution_id)


@cache
def _planner() -> Planner:
    return Planner(
        card=wiring.model_card(),
        environment=wiring.setting(Variable.ENVIRONMENT),
        data_bucket=wiring.setting(Variable.DATA_BUCKET),
        files=Files(wiring.client("s3")),
        models=Models(
            wiring.client("sagemaker"), role_arn=wiring.setting(Variable.ENDPOINT_ROLE_ARN)
        ),
        state=wiring.state_table(),
        champion=wiring.champion_pointer(),
    )
