"""Why a version serves, or why it does not: its gate's criteria and its lines in the ledger."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from contracts import layout
from contracts.ledger import LedgerEntry
from perennial import ledger, registry, state
from perennial.account import Account
from perennial.deployed import Deployed
from perennial.registry import Package


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    package: Package
    serves: bool
    verdict: dict[str, Any] | None
    """The gate's write-once document; absent when the gate has not judged."""
    history: tuple[LedgerEntry, ...]

    def document(self) -> dict[str, Any]:
        return asdict(self)


def explain(account: Account, deployed: Deployed, number: int) -> Explanation:
    dynamodb = account.client("dynamodb")
    package = registry.package(account.client("sagemaker"), deployed.package_group, number)
    champion = state.champion(dynamodb, deployed.state_table, deployed.model)
    run_id = package.metadata.get("run_id")
    about = {package.version.arn, str(number), f"v{number}", run_id}
    lines = ledger.entries(
        dynamodb, table=deployed.ledger_table, model=deployed.model, limit=10_000
    )
    return Explanation(
        package=package,
        serves=champion is not None and champion.version == number,
        verdict=None if run_id is None else _verdict(account, deployed, run_id),
        history=tuple(
            line
            for line in reversed(lines)
            if line.subject in about or line.details.get("run_id") in about
        ),
    )


def _verdict(account: Account, deployed: Deployed, run_id: str) -> dict[str, Any] | None:
    s3 = account.client("s3")
    key = layout.verdict_key(deployed.model, run_id)
    try:
        body = s3.get_object(Bucket=deployed.reports_bucket, Key=key)["Body"]
    except s3.exceptions.NoSuchKey:
        return None
    return json.loads(body.read())
