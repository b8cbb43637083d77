"""What a validation report makes of a snapshot: what is accepted, what is quarantined, and why."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from contracts.errors import ContractError
from contracts.run import Purpose, RunRequest
from contracts.snapshot import Accepted, Snapshot, SnapshotFile
from contracts.validation import FileReport, ValidationReport, Verdict, Violation


class DataRejected(Exception):
    """The run's data broke a rule. The name is the execution's error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A refused file, or one of which rows are set aside, with what validation said."""

    file: SnapshotFile
    report: FileReport

    def reason(self, request: RunRequest) -> dict[str, Any]:
        return {
            "run_id": request.run_id,
            "source": {
                "key": self.file.key,
                "version_id": self.file.version_id,
                "sha256": self.file.sha256,
            },
            "violations": [asdict(violation) for violation in self.report.violations],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    accepted: Snapshot
    refused: tuple[Quarantined, ...]
    set_aside: tuple[Quarantined, ...]
    """Only what is new of it: rows that were set aside before are known."""
    broken: tuple[Violation, ...]
    rejected: bool
    why: str
    """Why the run ends, or what it goes on without; empty when there is nothing to say."""


def judge(
    report: ValidationReport,
    snapshot: Snapshot,
    request: RunRequest,
    *,
    before: Snapshot | None,
    last: Accepted | None,
) -> Judgement:
    """Decide by the report about ``snapshot``; ``last`` is what was accepted before, if anything.

    What this very run accepted, in an attempt that was lost, is not what was there before it.
    """
    reports = _of_the_same(report, snapshot, request)
    if last is not None and last.run_id == request.run_id:
        before, last = None, None
    pairs = [Quarantined(file=file, report=reports[file.key]) for file in snapshot.files]
    refused = tuple(pair for pair in pairs if pair.report.refused)
    aside = tuple(pair for pair in pairs if pair.report.set_aside and not _known(pair, before))
    accepted = replace(
        snapshot, files=tuple(_filled(pair) for pair in pairs if not pair.report.refused)
    )
    nothing_new = (
        bool(refused)
        and request.purpose is Purpose.RETRAIN
        and last is not None
        and last.digest == accepted.digest
    )
    return Judgement(
        accepted=accepted,
        refused=refused,
        set_aside=aside,
        broken=report.broken,
        rejected=report.verdict is Verdict.REJECTED or nothing_new,
        why=_why(refused, aside, report.broken, nothing_new=nothing_new),
    )


def _of_the_same(
    report: ValidationReport, snapshot: Snapshot, request: RunRequest
) -> dict[str, FileReport]:
    """Match the report with the snapshot it must be about; a file not judged is an error."""
    if report.run_id != request.run_id:
        raise ContractError(
            f"validation report must be of run {request.run_id}, got {report.run_id!r}"
        )
    if report.snapshot_digest != snapshot.digest:
        raise ContractError(
            f"validation report must be of snapshot {snapshot.digest}, "
            f"got {report.snapshot_digest!r}"
        )
    judged = {file.key: file for file in report.files}
    for file in snapshot.files:
        if file.key not in judged or judged[file.key].sha256 != file.sha256:
            raise ContractError(f"validation report does not judge {file.key} ({file.sha256})")
    if {dataset.dataset for dataset in report.datasets} != set(snapshot.schemas):
        raise ContractError(
            f"validation report must judge the datasets {sorted(snapshot.schemas)}, "
            f"got {[dataset.dataset for dataset in report.datasets]}"
        )
    return judged


def _filled(pair: Quarantined) -> SnapshotFile:
    found = pair.report
    return replace(
        pair.file,
        rows=found.rows,
        first=found.first,
        last=found.last,
        set_aside=found.set_aside,
    )


def _known(pair: Quarantined, before: Snapshot | None) -> bool:
    now = (pair.file.key, pair.file.sha256, pair.report.set_aside)
    return before is not None and now in {
        (file.key, file.sha256, file.set_aside) for file in before.files
    }


def _why(
    refused: Sequence[Quarantined],
    aside: Sequence[Quarantined],
    broken: Sequence[Violation],
    *,
    nothing_new: bool,
) -> str:
    """The first broken rule in its own words, and how many more there are."""
    said = [
        *broken,
        *(violation for one in (*refused, *aside) for violation in one.report.violations),
    ]
    if not said:
        return ""
    more = len(said) - 1
    text = said[0].message + (f" ({more} more)" if more else "")
    return f"{text}; nothing else is new" if nothing_new else text
