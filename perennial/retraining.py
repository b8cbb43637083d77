"""A person asks for a run, or for retraining to resume: admission decides, as for every cause."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from contracts import moment
from contracts.errors import ContractError
from contracts.run import CauseKind, Champion, Purpose
from perennial import registry
from perennial.account import Account
from perennial.deployed import Deployed
from perennial.history import Tenure, serving_at, tenures
from perennial.refusal import Refused

PAUSE, RESUME = "pause", "resume"


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    outcome: str
    reason: str
    run_id: str | None
    execution_arn: str | None

    def document(self) -> dict[str, Any]:
        return asdict(self)


def ask(account: Account, deployed: Deployed, *, reason: str, force: bool) -> Admitted:
    """Invoke admission as a person, at the account's own time."""
    as_of = moment.render(account.now())
    return _admission(account, deployed, {**_person(as_of, as_of, reason), "force": force})


def pause(account: Account, deployed: Deployed, *, reason: str) -> Admitted:
    """Let no run and no promotion start until a person resumes."""
    return _admission(account, deployed, _standing(account, PAUSE, reason))


def resume(account: Account, deployed: Deployed, *, reason: str) -> Admitted:
    """Lift a pause, and the one that too many rejected candidates in a row amount to."""
    return _admission(account, deployed, _standing(account, RESUME, reason))


def _standing(account: Account, cause: str, reason: str) -> dict[str, Any]:
    """It is a person's doing, so the ledger names who: the caller as AWS knows them."""
    now = moment.render(account.now())
    return {**_person(now, now, reason), "cause": cause, "id": account.caller()}


def backfill(account: Account, deployed: Deployed, *, as_of: str, reason: str) -> Admitted:
    """Run the loop as of a past moment, against the version that served then."""
    then, now = past(as_of, account.now()), moment.render(account.now())
    served = serving_at(tenures(account, deployed), then)
    if served is None:
        raise Refused(
            f"no version of {deployed.model} served at {moment.render(then)}: a candidate of "
            "then would have nothing to be compared with",
            next_step="see what served when with: perennial history",
        )
    event = {
        **_person(moment.render(then), now, reason),
        "asked_at": now,
        "purpose": Purpose.BACKFILL.value,
        "champion": asdict(_champion(account, served)),
    }
    return _admission(account, deployed, event)


def past(text: str, now: datetime) -> datetime:
    """Read a day (its first moment, UTC) or a moment, which must lie before ``now``."""
    try:
        then = moment.parse(text if len(text) > len("1997-05-01") else f"{text}T00:00:00Z")
    except ContractError as error:
        raise Refused(
            str(error), next_step="write a day (1997-05-01) or a moment (1997-05-01T06:00:00Z)"
        ) from error
    if then >= now:
        raise Refused(
            f"a backfill is as of a past moment: {moment.render(then)} is not before the "
            f"account's time, {moment.render(now)}",
            next_step="for a run as of now: perennial retrain",
        )
    return then.astimezone(UTC)


def _champion(account: Account, served: Tenure) -> Champion:
    package = registry.by_arn(account.client("sagemaker"), served.model_package_arn)
    if package is None:
        raise Refused(
            f"version {served.version}, which served then, was deleted from the registry",
            next_step="choose a moment at which a version served that is still there: "
            "perennial history",
        )
    return Champion(
        model_package_arn=package.version.arn,
        version=served.version,
        model_data_url=package.model_data_url,
        artifact_sha256=package.evidence("artifact_sha256"),
        manifest_sha256=package.evidence("manifest_sha256"),
        baseline_uri=package.evidence("baseline_uri"),
        promoted_at=moment.render(served.since),
        deployment=served.deployment,
    )


def _person(as_of: str, now: str, reason: str) -> dict[str, Any]:
    """The id is the moment of asking: the same one delivered twice is the same wish."""
    about = "" if as_of == now else f" as of {as_of}"
    return {
        "cause": CauseKind.PERSON.value,
        "as_of": as_of,
        "id": f"person-{now}{about}",
        "detail": reason,
    }


def _admission(account: Account, deployed: Deployed, event: Mapping[str, Any]) -> Admitted:
    answer = account.client("lambda").invoke(
        FunctionName=deployed.admission_function, Payload=json.dumps(event).encode()
    )
    document = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise Refused(
            f"admission failed: {document.get('errorMessage', document)}",
            next_step=f"read the log of function {deployed.admission_function}",
        )
    return Admitted(
        outcome=document["outcome"],
        reason=document.get("reason", ""),
        run_id=document.get("run_id"),
        execution_arn=document.get("execution_arn"),
    )
