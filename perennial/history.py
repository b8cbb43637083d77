"""What served from when to when, on which evidence, and why each version's time ended."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from contracts.ledger import LedgerEntry, LedgerKind
from contracts.rollback import SERVED
from perennial import ledger, registry
from perennial.account import Account
from perennial.deployed import Deployed
from perennial.evidence import Evidence
from perennial.registry import Package


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenure:
    """The time of one deployment of one version; what a deleted version had is None."""

    version: int
    model_package_arn: str
    deployment: str
    since: datetime
    until: datetime | None
    why: str
    """What asked for it: ``drift: …``, ``person: …``."""
    ended: str | None
    metric: str | None
    value: float | None
    gain: dict[str, float] | None
    """Over the champion before it, with its interval (contracts.evaluation.Gain)."""
    snapshot_digest: str | None
    approved_by: str | None

    def document(self) -> dict[str, Any]:
        return asdict(self)


def tenures(account: Account, deployed: Deployed) -> list[Tenure]:
    """Return every time that a version served, newest first."""
    served = ledger.entries(
        account.client("dynamodb"),
        table=deployed.ledger_table,
        model=deployed.model,
        kinds=SERVED,
        limit=10_000,
    )
    evidence = Evidence.of(account, deployed)
    sagemaker = account.client("sagemaker")
    packages: dict[str, Package | None] = {}
    found: list[Tenure] = []
    after: LedgerEntry | None = None
    for line in served:
        arn = line.details["model_package_arn"]
        if arn not in packages:
            packages[arn] = registry.by_arn(sagemaker, arn)
        found.append(_tenure(line, after, packages[arn], evidence))
        after = line
    return found


def serving_at(served: list[Tenure], moment: datetime) -> Tenure | None:
    for tenure in served:
        if tenure.since <= moment and (tenure.until is None or moment < tenure.until):
            return tenure
    return None


def number_of(arn: str) -> int:
    return int(arn.rsplit("/", 1)[1])


def _tenure(
    line: LedgerEntry, after: LedgerEntry | None, package: Package | None, evidence: Evidence
) -> Tenure:
    metadata = {} if package is None else package.metadata
    run_id = metadata.get("run_id")
    report = None if run_id is None else evidence.evaluation(run_id)
    value = metadata.get("metric_value")
    return Tenure(
        version=number_of(line.details["model_package_arn"]),
        model_package_arn=line.details["model_package_arn"],
        deployment=line.subject,
        since=line.at,
        until=None if after is None else after.at,
        why=line.details["cause"],
        ended=None if after is None else _replaced(line, after),
        metric=metadata.get("metric"),
        value=None if value is None else float(value),
        gain=None if report is None else report.get("gain"),
        snapshot_digest=metadata.get("snapshot_digest"),
        approved_by=None if package is None else package.approved_by,
    )


def _replaced(line: LedgerEntry, by: LedgerEntry) -> str:
    number = number_of(by.details["model_package_arn"])
    if line.details["model_package_arn"] == by.details["model_package_arn"]:
        return f"version {number} was put in its place again ({by.details['cause']})"
    if by.kind is LedgerKind.RESTORED:
        return f"rolled back to version {number} ({by.details['cause']})"
    return f"version {number} replaced it ({by.details['cause']})"
