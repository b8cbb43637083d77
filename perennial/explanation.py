"""Why a version serves, or why it does not: record, criteria, data, and its lines in the ledger."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from contracts.ledger import LedgerEntry, LedgerKind
from contracts.record import Record
from contracts.snapshot import SnapshotFile
from perennial import executions, ledger, registry, state
from perennial.account import Account
from perennial.deployed import Deployed
from perennial.evidence import Evidence, noted
from perennial.executions import Execution
from perennial.refusal import Refused
from perennial.registry import Package

_ORDER = list(LedgerKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """What one dataset brought to a run."""

    dataset: str
    files: int
    rows: int | None
    """None: some file was not counted."""
    set_aside: int
    first: str | None
    last: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    run_id: str | None
    package: Package | None
    """None: the run registered no version."""
    serves_since: str | None
    execution: Execution | None
    """Of a run that was asked for by its name."""
    record: Record | None
    """None: the run ended before it was recorded."""
    data: tuple[Data, ...]
    verdict: dict[str, Any] | None
    """The gate's write-once document; absent when the gate has not judged."""
    history: tuple[LedgerEntry, ...]
    """Oldest first; what has the same time, in the order in which a run goes."""

    @property
    def serves(self) -> bool:
        return self.serves_since is not None

    def document(self) -> dict[str, Any]:
        return {**asdict(self), "serves": self.serves}


def explain_champion(account: Account, deployed: Deployed) -> Explanation:
    champion = state.champion(account.client("dynamodb"), deployed.state_table, deployed.model)
    if champion is None:
        raise Refused(
            f"no version of {deployed.model} serves in {deployed.environment} yet",
            next_step="start a run with: perennial retrain; explain one with: "
            "perennial explain --run <name>",
        )
    return explain(account, deployed, champion.version)


def explain(account: Account, deployed: Deployed, number: int) -> Explanation:
    package = registry.package(account.client("sagemaker"), deployed.package_group, number)
    return _explained(
        account, deployed, run_id=package.metadata.get("run_id"), package=package, execution=None
    )


def explain_run(account: Account, deployed: Deployed, run: str) -> Explanation:
    """Explain a run by its name, whether it came as far as a version or not."""
    execution = executions.find(account.client("stepfunctions"), deployed, run)
    registered = [
        line.details["model_package_arn"]
        for line in _lines(account, deployed)
        if line.kind is LedgerKind.CANDIDATE_REGISTERED and line.subject == execution.name
    ]
    sagemaker = account.client("sagemaker")
    package = registry.by_arn(sagemaker, registered[0]) if registered else None
    return _explained(
        account, deployed, run_id=execution.name, package=package, execution=execution
    )


def summed(files: Iterable[SnapshotFile]) -> tuple[Data, ...]:
    """Say of each dataset how much there is, and from when to when."""
    by_name: dict[str, list[SnapshotFile]] = {}
    for file in files:
        by_name.setdefault(file.dataset, []).append(file)
    return tuple(_data(name, found) for name, found in sorted(by_name.items()))


def _data(name: str, files: list[SnapshotFile]) -> Data:
    rows = [file.rows for file in files if file.rows is not None]
    return Data(
        dataset=name,
        files=len(files),
        rows=sum(rows) if len(rows) == len(files) else None,
        set_aside=sum(len(file.set_aside) for file in files),
        first=min((file.first for file in files if file.first is not None), default=None),
        last=max((file.last for file in files if file.last is not None), default=None),
    )


def _explained(
    account: Account,
    deployed: Deployed,
    *,
    run_id: str | None,
    package: Package | None,
    execution: Execution | None,
) -> Explanation:
    lines, evidence = _lines(account, deployed), Evidence.of(account, deployed)
    champion = state.champion(account.client("dynamodb"), deployed.state_table, deployed.model)
    arn = None if package is None else package.version.arn
    serves = champion is not None and champion.model_package_arn == arn
    about = {run_id, arn} - {None}
    record = None if run_id is None else evidence.record(run_id, noted(package, lines, run_id))
    return Explanation(
        run_id=run_id,
        package=package,
        serves_since=champion.promoted_at if champion is not None and serves else None,
        execution=execution,
        record=record,
        data=() if record is None else summed(evidence.snapshot(record).files),
        verdict=None if run_id is None else evidence.verdict(run_id),
        history=tuple(
            sorted(
                (line for line in lines if about & _subjects(line)),
                key=lambda line: (line.at, _ORDER.index(line.kind)),
            )
        ),
    )


def _subjects(line: LedgerEntry) -> set[str | None]:
    details = line.details
    return {line.subject, details.get("run_id"), details.get("model_package_arn")}


def _lines(account: Account, deployed: Deployed) -> list[LedgerEntry]:
    return ledger.entries(
        account.client("dynamodb"), table=deployed.ledger_table, model=deployed.model, limit=10_000
    )
