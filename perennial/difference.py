"""What changed from one version to another: data, code, image, parameters, metrics, verdict."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from contracts.record import Record
from contracts.snapshot import Snapshot
from perennial import code, ledger, registry
from perennial.account import Account
from perennial.code import Code
from perennial.deployed import Deployed
from perennial.evidence import Evidence, noted
from perennial.explanation import summed
from perennial.refusal import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """None: it is not there."""

    what: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    before: int
    after: int
    data: tuple[Change, ...]
    """Files of the accepted snapshot, and the rows of each dataset."""
    code: tuple[Change, ...]
    image: tuple[Change, ...]
    hyperparameters: tuple[Change, ...]
    metrics: tuple[Change, ...]
    verdict: tuple[Change, ...]
    unknown: tuple[str, ...]
    """What could not be compared, and why."""

    def document(self) -> dict[str, Any]:
        return asdict(self)


def diff(account: Account, deployed: Deployed, before: int, after: int) -> Difference:
    first, second = (recorded(account, deployed, number) for number in (before, after))
    s3, evidence = account.client("s3"), Evidence.of(account, deployed)
    codes, unknown = _codes(s3, first, second)
    return Difference(
        before=before,
        after=after,
        data=_data(evidence.snapshot(first), evidence.snapshot(second)),
        code=(
            *_changes({"commit": first.code_commit}, {"commit": second.code_commit}),
            *codes,
        ),
        image=_changes(_image(first), _image(second)),
        hyperparameters=_changes(
            first.provenance.hyperparameters, second.provenance.hyperparameters
        ),
        metrics=_changes(_shown(first.metrics), _shown(second.metrics)),
        verdict=_changes(_verdict(first), _verdict(second)),
        unknown=unknown,
    )


def recorded(account: Account, deployed: Deployed, number: int) -> Record:
    """Return the verified record of a version; one without a record is refused."""
    package = registry.package(account.client("sagemaker"), deployed.package_group, number)
    lines = ledger.entries(
        account.client("dynamodb"), table=deployed.ledger_table, model=deployed.model, limit=10_000
    )
    run_id = package.metadata.get("run_id", "")
    found = Evidence.of(account, deployed).record(run_id, noted(package, lines, run_id))
    if found is None:
        raise Refused(
            f"version {number} has no record: its run ended before one was written, or was "
            "of an earlier release",
            next_step=f"see what is known of it with: perennial explain {number}",
        )
    return found


def _codes(s3: Any, first: Record, second: Record) -> tuple[tuple[Change, ...], tuple[str, ...]]:
    if first.provenance.code_sha256 == second.provenance.code_sha256:
        return (), ()
    found: list[Code] = []
    for record in (first, second):
        there = code.of_s3(s3, record.code_uri)
        if there is None or there.sha256 != record.provenance.code_sha256:
            gone = "is gone" if there is None else "is not what the run had"
            digests = (first.provenance.code_sha256, second.provenance.code_sha256)
            return (
                (Change(what="code", before=digests[0], after=digests[1]),),
                (f"files of the code: the archive {record.code_uri} {gone}",),
            )
        found.append(there)
    return _changes(found[0].files, found[1].files), ()


def _data(first: Snapshot, second: Snapshot) -> tuple[Change, ...]:
    rows = _changes(_rows(first), _rows(second))
    aside = _changes(_set_aside(first), _set_aside(second))
    files = _changes(
        {file.key: file.sha256 for file in first.files},
        {file.key: file.sha256 for file in second.files},
    )
    return (*rows, *aside, *files)


def _rows(snapshot: Snapshot) -> dict[str, str]:
    return {
        f"rows of {data.dataset}": "not counted" if data.rows is None else str(data.rows)
        for data in summed(snapshot.files)
    }


def _set_aside(snapshot: Snapshot) -> dict[str, str]:
    return {
        f"rows set aside of {file.key}": str(len(file.set_aside))
        for file in snapshot.files
        if file.set_aside
    }


def _image(record: Record) -> dict[str, str]:
    made = record.provenance
    return {
        "digest": record.image_digest,
        "lock": made.lock_sha256,
        "commit": made.image_commit,
        "python": made.python,
        "threads": str(made.threads),
    }


def _verdict(record: Record) -> dict[str, str]:
    return {
        "verdict": record.verdict,
        "reason": record.reason,
        "champion to beat": str(record.champion_version or "none"),
    }


def _shown(metrics: Mapping[str, float]) -> dict[str, str]:
    return {name: f"{value:.6g}" for name, value in metrics.items()}


def _changes(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Change, ...]:
    return tuple(
        Change(what=name, before=before.get(name), after=after.get(name))
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    )
