"""The lease on a model: at most one holder, a token that grows with each new one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts import moment
from lambdas.adapters.state import StateTable

_RELEASE = "REMOVE #owner, #since, #expires_at, #started"
_FREE = "attribute_not_exists(#owner)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    owner: str
    token: int
    since: datetime
    expires_at: datetime
    started: bool
    """Whether its run is known to have been started, so that only one delivery says so."""

    def expired(self, as_of: datetime) -> bool:
        return self.expires_at <= as_of


class Leases:
    """The lease kept in one item. The item outlives its holders, as the token must only grow."""

    def __init__(self, state: StateTable, item: str) -> None:
        self._state = state
        self._item = item

    def current(self) -> Lease | None:
        fields = self._state.read(self._item)
        return None if fields is None or "owner" not in fields else _lease(fields)

    def take(self, owner: str, *, as_of: datetime, until: datetime, after: Lease | None) -> bool:
        """Take a free lease, or the one that ``after`` (expired, its holder ended) held."""
        values: dict[str, Any] = {
            "owner": owner,
            "since": moment.render(as_of),
            "expires": moment.render(until),
            "one": 1,
            "no": False,
        }
        condition = _FREE
        if after is not None:
            condition = f"{_FREE} OR (#owner = :held AND #token = :seen)"
            values |= {"held": after.owner, "seen": after.token}
        return self._state.update(
            self._item,
            "SET #owner = :owner, #since = :since, #expires_at = :expires, #started = :no "
            "ADD #token :one",
            condition,
            **values,
        )

    def started(self, owner: str, *, until: datetime, hours: float) -> bool:
        """Note that the holder's run has started; only the first to say so gets True."""
        return self._state.update(
            self._item,
            "SET #started = :yes, #expires_at = :expires, #hours = :hours",
            "#owner = :owner AND #started = :no",
            owner=owner,
            yes=True,
            no=False,
            expires=moment.render(until),
            hours=hours,
        )

    def release(self, owner: str) -> bool:
        """Free the lease if ``owner`` still holds it."""
        return self._state.update(
            self._item,
            _RELEASE,
            "#owner = :owner",
            owner=owner,
        )

    def abandon(self, owner: str) -> bool:
        """Free the lease that ``owner`` took for a run that is not started after all."""
        return self._state.update(
            self._item,
            _RELEASE,
            "#owner = :owner AND #started = :no",
            owner=owner,
            no=False,
        )

    def hours(self) -> float | None:
        """How long a started run may hold the lease, as the last admission said."""
        fields = self._state.read(self._item)
        return None if fields is None or "hours" not in fields else float(fields["hours"])


def _lease(fields: dict[str, Any]) -> Lease:
    return Lease(
        owner=str(fields["owner"]),
        token=int(fields["token"]),
        since=moment.parse(fields["since"], "lease.since"),
        expires_at=moment.parse(fields["expires_at"], "lease.expires_at"),
        started=bool(fields.get("started", False)),
    )
