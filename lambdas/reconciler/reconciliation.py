"""One comparison: look, decide, publish the figure, and tell the ledger what has changed."""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts import metrics
from contracts.card import ModelCard, ServingMode
from contracts.ledger import LedgerEntry, LedgerKind
from contracts.run import Champion
from lambdas.adapters.champion import ChampionPointer
from lambdas.adapters.leases import Leases
from lambdas.adapters.ledger import Ledger
from lambdas.reconciler.decision import Decision, Standing, decide, under_way
from lambdas.reconciler.facts import Account
from lambdas.reconciler.hosting import Hosting
from lambdas.reconciler.memory import Memory

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    card: ModelCard
    environment: str
    champion: ChampionPointer
    hosting: Hosting
    leases: Leases
    memory: Memory
    ledger: Ledger
    cloudwatch: Any

    def run(self, as_of: datetime, *, ended: str | None = None) -> dict[str, Any]:
        """``ended`` is the execution whose end asked for this: its lease excuses nothing more."""
        lease = self.leases.current()
        if lease is not None and not lease.expired(as_of) and lease.owner != ended:
            decision = under_way(lease.owner)
        else:
            decision = self._compare(as_of)
        logger.info("%s %s: %s", self.card.name, decision.verdict, decision.reason)
        return {"verdict": decision.verdict.value, "reason": decision.reason}

    def _compare(self, as_of: datetime) -> Decision:
        champion = self.champion.read()
        account, asleep = self.hosting.look(champion), self.memory.asleep()
        if asleep is not None and account.endpoint is not None and not account.endpoint.leaving:
            self.memory.awake()
        has_endpoint = self.card.serving.mode is not ServingMode.BATCH
        decision = decide(champion, account, Standing(asleep=asleep, has_endpoint=has_endpoint))
        last = self.memory.last()
        if decision.undecided or decision == last:
            if decision.mismatch:
                self._publish(decision, as_of)
            return decision
        self._publish(decision, as_of)
        self._note(decision, last, champion, account, as_of)
        return decision

    def _publish(self, decision: Decision, as_of: datetime) -> None:
        """Zeroes in a row say nothing new: the alarm keeps its state without data."""
        about = {metrics.MODEL: self.card.name, metrics.ENVIRONMENT: self.environment}
        self.cloudwatch.put_metric_data(
            Namespace=metrics.NAMESPACE,
            MetricData=[
                {
                    "MetricName": metrics.MISMATCHES,
                    "Value": int(decision.mismatch),
                    "Timestamp": as_of,
                    "Dimensions": [{"Name": key, "Value": text} for key, text in about.items()],
                }
            ],
        )

    def _note(
        self,
        decision: Decision,
        last: Decision | None,
        champion: Champion | None,
        account: Account,
        as_of: datetime,
    ) -> None:
        """Write the line before what is remembered: a repeated event writes the same line."""
        kind = None
        if decision.mismatch:
            kind = LedgerKind.MISMATCHED
        elif last is not None and last.mismatch:
            kind = LedgerKind.RECONCILED
        if kind is not None:
            self.ledger.append(self._line(kind, decision, champion, account, as_of))
        self.memory.keep(decision, as_of)

    def _line(
        self,
        kind: LedgerKind,
        decision: Decision,
        champion: Champion | None,
        account: Account,
        as_of: datetime,
    ) -> LedgerEntry:
        endpoint = account.endpoint
        return LedgerEntry(
            model=self.card.name,
            at=as_of,
            kind=kind,
            subject=decision.verdict.value,
            summary=f"{decision.verdict.value}: {decision.reason}",
            details={
                "pointer": "nothing" if champion is None else champion.deployment,
                "registry": "nothing" if account.package is None else account.package.status,
                "endpoint": "nothing"
                if endpoint is None
                else f"{endpoint.status} on {endpoint.config}",
            },
        )
