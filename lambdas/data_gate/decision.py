"""What a validation report says about a snapshot: accepted, or which files go and why."""

from dataclasses import asdict, dataclass
from typing import Any

from contracts.errors import ContractError
from contracts.run import RunRequest
from contracts.snapshot import Snapshot, SnapshotFile
from contracts.validation import FileReport, ValidationReport


class DataRejected(Exception):
    """The run's data broke a rule. The name is the execution's error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """One refused file, as the snapshot knows it, with what validation said."""

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


def refused_files(
    report: ValidationReport, snapshot: Snapshot, request: RunRequest
) -> tuple[Refused, ...]:
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
    return tuple(
        Refused(file=file, report=judged[file.key])
        for file in snapshot.files
        if judged[file.key].violations
    )


def message(refused: tuple[Refused, ...]) -> str:
    """The first broken rule in its own words, and how many more there are."""
    violations = [violation for one in refused for violation in one.report.violations]
    more = len(violations) - 1
    return violations[0].message + (f" ({more} more)" if more else "")
