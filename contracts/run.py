"""One retraining run: the input of its workflow, made by admission."""

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from contracts import moment
from contracts.reading import Table


class CauseKind(StrEnum):
    SCHEDULE = "schedule"
    DRIFT = "drift"
    NEW_DATA = "new_data"
    PERSON = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why a run was asked for; the same ``id`` is the same cause, however often delivered."""

    kind: CauseKind
    id: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Champion:
    """The version that serves now, as the champion pointer names it."""

    model_package_arn: str
    version: int
    model_data_url: str
    artifact_sha256: str
    manifest_sha256: str
    baseline_uri: str
    promoted_at: str
    deployment: str
    """Name of its Model and EndpointConfig (contracts.naming.deployment)."""


class Purpose(StrEnum):
    RETRAIN = "retrain"
    BACKFILL = "backfill"
    """The loop as of a past date, for reproducing an incident: it judges and never promotes."""
    ROLLBACK = "rollback"
    """A person puts an earlier version back: no smoke test, all traffic at once."""
    WAKE = "wake"
    """The champion's endpoint was removed while idle and comes back."""

    @property
    def restores(self) -> bool:
        """Whether it puts back what has served before, as a person decided."""
        return self in (Purpose.ROLLBACK, Purpose.WAKE)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    run_id: str
    model: str
    environment: str
    purpose: Purpose
    as_of: datetime
    """What was known by then is all that the run may know."""
    cause: Cause
    fencing_token: int
    image_uri: str
    """``<repository>@sha256:<digest>``."""
    image_digest: str
    code_uri: str
    """The archive of the model's folder, named by its sha256."""
    code_commit: str
    """The last git commit that touched the folder, or ``unknown``."""
    champion: Champion | None

    def document(self) -> dict[str, Any]:
        """The workflow's input, as JSON has it; ``champion`` is null before the first promotion."""
        return {**asdict(self), "as_of": moment.render(self.as_of)}


def parse_champion(table: Table) -> Champion:
    return Champion(
        model_package_arn=table.text("model_package_arn"),
        version=table.integer("version", least=1),
        model_data_url=table.text("model_data_url"),
        artifact_sha256=table.text("artifact_sha256"),
        manifest_sha256=table.text("manifest_sha256"),
        baseline_uri=table.text("baseline_uri"),
        promoted_at=table.text("promoted_at"),
        deployment=table.text("deployment"),
    )


def parse_request(document: object) -> RunRequest:
    table = Table.of(document, "request")
    cause = table.table("cause")
    champion = table.optional_table("champion")
    return RunRequest(
        run_id=table.text("run_id"),
        model=table.text("model"),
        environment=table.text("environment"),
        purpose=table.choice("purpose", Purpose),
        as_of=moment.parse(table.text("as_of"), "request.as_of"),
        cause=Cause(
            kind=cause.choice("kind", CauseKind), id=cause.text("id"), detail=cause.text("detail")
        ),
        fencing_token=table.integer("fencing_token", least=1),
        image_uri=table.text("image_uri"),
        image_digest=table.text("image_digest"),
        code_uri=table.text("code_uri"),
        code_commit=table.text("code_commit"),
        champion=None if champion is None else parse_champion(champion),
    )
