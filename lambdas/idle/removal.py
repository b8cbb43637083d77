"""One look at the endpoint: leave it, or note that it sleeps and remove it."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from contracts import moment, state
from contracts.card import ModelCard
from contracts.ledger import LedgerEntry, LedgerKind
from lambdas.adapters.champion import ChampionPointer
from lambdas.adapters.leases import Leases
from lambdas.adapters.ledger import Ledger
from lambdas.adapters.scalable_variant import ScalableVariant
from lambdas.adapters.state import StateTable
from lambdas.idle.decision import Endpoint, judge, standing
from lambdas.idle.endpoint import IdleEndpoint

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)

_LEASE = timedelta(minutes=10)
"""Longer than one removal takes; a killed one holds nobody up for long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleRemoval:
    card: ModelCard
    idle_hours: float
    endpoint: IdleEndpoint
    variant: ScalableVariant
    champion: ChampionPointer
    leases: Leases
    state: StateTable
    ledger: Ledger

    def run(self, as_of: datetime) -> dict[str, Any]:
        endpoint, champion = self.endpoint.look(), self.champion.read()
        lease = self.leases.current()
        promotion = None if lease is None or lease.expired(as_of) else lease.owner
        stays = standing(endpoint, champion, promotion, as_of=as_of, idle_hours=self.idle_hours)
        if stays is not None or endpoint is None:
            return self._said(False, stays or "there is no endpoint")
        asked = self.endpoint.invocations(until=as_of, hours=self.idle_hours)
        decision = judge(asked, idle_hours=self.idle_hours)
        if not decision.remove:
            return self._said(False, decision.reason)
        # A promotion that begins now waits for this short lease, and then finds no endpoint.
        owner = f"removal of idle {self.endpoint.name}"
        if not self.leases.take(owner, as_of=as_of, until=as_of + _LEASE, after=lease):
            return self._said(False, "a promotion has just begun")
        self._remove(endpoint, decision.reason, as_of)
        self.leases.release(owner)
        return self._said(True, decision.reason)

    def _remove(self, endpoint: Endpoint, reason: str, as_of: datetime) -> None:
        """Note it first: the reconciler must know why the endpoint is gone when it hears of it.

        The target goes before the endpoint, whose scaling would else be orphaned:
        https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-delete-with-scaling.html
        """
        self.state.write(
            state.asleep(self.card.name),
            {"deployment": endpoint.config, "since": moment.render(as_of)},
        )
        self.variant.release()
        self.endpoint.remove()
        self.ledger.append(
            LedgerEntry(
                model=self.card.name,
                at=as_of,
                kind=LedgerKind.ENDPOINT_REMOVED,
                subject=endpoint.config,
                summary=f"{self.endpoint.name} is removed: {reason}; "
                "it comes back with `perennial wake` or the next promotion",
                details={"idle_hours": f"{self.idle_hours:g}"},
            )
        )

    def _said(self, removed: bool, reason: str) -> dict[str, Any]:
        outcome = "removed" if removed else "stays"
        logger.info("%s %s: %s", self.endpoint.name, outcome, reason)
        return {"outcome": outcome, "reason": reason}
