"""Whether a version may be deployed: approved, made of what it says, and wanted still."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

from contracts.reading import Table
from contracts.run import Champion, RunRequest
from lambdas.adapters.documents import HashedObject
from lambdas.promotion.errors import CandidateUnfit, PromotionRefused
from lambdas.promotion.facts import Version

_ITS_OWN = ("artifact's sha256", "image")
"""Facts that nothing can put right: a version that is not what was registered stays so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One column of a request; a value outside [least, most] is answered with a 4xx."""

    name: str
    least: float
    most: float


def refuse_unfit(
    version: Version,
    request: RunRequest,
    *,
    environment: str,
    archive: HashedObject,
    has_served: bool,
) -> None:
    """Raise unless the version is approved, of this environment, and made of what it says.

    ``has_served`` is for a rollback: what was live before may be so again, whatever became of its
    approval meanwhile.
    """
    approval = "Approved" if has_served else version.status
    digest = version.fact("image_digest")
    facts: Mapping[str, tuple[str, str]] = {
        "approval": (approval, "Approved"),
        "environment": (version.fact("environment"), environment),
        "request's environment": (request.environment, environment),
        "artifact's sha256": (archive.sha256, version.fact("artifact_sha256")),
        "image": (version.image_uri.rpartition("@")[2], digest),
    }
    if "artifact_version" in version.metadata:  # registered before versions were written down
        registered = version.metadata["artifact_version"]
        facts = {**facts, "artifact's S3 version": (archive.version_id or "null", registered)}
    for name, (found, wanted) in facts.items():
        if found != wanted:
            kind = CandidateUnfit if name in _ITS_OWN else PromotionRefused
            raise kind(f"version {version.number}: the {name} is {found!r}, must be {wanted!r}")


def overtaken(request: RunRequest, newest: int) -> str:
    return (
        f"{request.run_id} holds token {request.fencing_token}, and a run with token {newest} has "
        "promoted since: its champion is newer than the one this candidate was compared with"
    )


def refuse_another_champion(
    request: RunRequest, champion: Champion | None, *, deployment: str
) -> None:
    """Raise when someone promoted or rolled back since the candidate was compared."""
    if champion is not None and champion.deployment == deployment:
        return  # this promotion's own end, seen by its redrive
    then, now = _named(request.champion), _named(champion)
    if then != now:
        raise PromotionRefused(
            f"{request.run_id} compared its candidate with {then}, and the champion is {now} now"
        )


def _named(champion: Champion | None) -> str:
    if champion is None:
        return "no champion"
    return f"version {champion.version} (artifact {champion.artifact_sha256})"


def inputs(document: object) -> tuple[Input, ...]:
    """Read schema.json; a bound that is absent or null is none."""
    return tuple(
        Input(
            name=row.text("name"),
            least=_bound(row, "min", -inf),
            most=_bound(row, "max", inf),
        )
        for row in Table.of(document, "schema").tables("features")
    )


def _bound(row: Table, name: str, otherwise: float) -> float:
    found = row.optional_number(name)
    return otherwise if found is None else found


def refuse_other_requests(sent: Sequence[Input], taken: Sequence[Input]) -> None:
    """Raise unless what callers send to the champion is what the candidate takes.

    Columns have no names in CSV: the same ones, in the same order, each at least as wide.
    """
    names = [each.name for each in sent], [each.name for each in taken]
    if names[0] != names[1]:
        place, (before, after) = _first_difference(*names)
        raise CandidateUnfit(
            f"callers send {before} as column {place}, the candidate takes {after} there: "
            "requests of today would be refused or, worse, misread"
        )
    for old, new in zip(sent, taken, strict=True):
        if new.least > old.least or new.most < old.most:
            raise CandidateUnfit(
                f"callers may send {old.name} from {old.least:g} to {old.most:g}, the candidate "
                f"takes {new.least:g} to {new.most:g}: requests of today would be refused"
            )


def _first_difference(sent: Sequence[str], taken: Sequence[str]) -> tuple[int, tuple[str, str]]:
    for place in range(max(len(sent), len(taken))):
        pair = _at(sent, place), _at(taken, place)
        if pair[0] != pair[1]:
            return place + 1, pair
    raise ValueError("the columns are the same")


def _at(names: Sequence[str], place: int) -> str:
    return repr(names[place]) if place < len(names) else "nothing"
