"""Which versions a model may be rolled back to, told from the ledger's lines about what served."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.ledger import LedgerEntry, LedgerKind

SERVED = (LedgerKind.PROMOTED, LedgerKind.RESTORED)
"""The lines that say a version began to serve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One version's time behind the endpoint, from its beginning."""

    version: int
    model_package_arn: str
    deployment: str
    since: datetime
    cause: str
    """What asked for it: ``person: …``."""
    restored: bool
    """Whether it was put back; what was left for it is no rollback's target by default."""


def services(lines: Iterable[LedgerEntry]) -> list[Service]:
    """Return what served, in the order of ``lines``; other kinds of lines are passed over."""
    return [_service(line) for line in lines if line.kind in SERVED]


def kept(newest_first: Sequence[Service], champion: int, *, count: int) -> list[Service]:
    """Return the ``count`` versions that served last beside the champion, each once."""
    found: dict[int, Service] = {}
    for service in newest_first:
        if service.version != champion:
            found.setdefault(service.version, service)
    return list(found.values())[:count]


def went_back(newest_first: Sequence[Service]) -> bool:
    """Whether the champion is where a rollback led.

    The same version put back in its own place (its endpoint had slept, or served something else)
    is no step back.
    """
    if not newest_first or not newest_first[0].restored:
        return False
    return len(newest_first) < 2 or newest_first[1].version != newest_first[0].version


def before(newest_first: Sequence[Service]) -> Service | None:
    """Return what served before the champion, leaving out what rollbacks have left.

    After 1, 2, 3 and a rollback to 2 this is 1: version 3 was left for a reason.
    """
    standing: list[Service] = []
    for service in reversed(newest_first):
        earlier = [one.version for one in standing]
        if service.restored and service.version in earlier:
            del standing[earlier.index(service.version) :]
        standing.append(service)
    others = [one for one in standing if one.version != standing[-1].version]
    return others[-1] if others else None


def _service(line: LedgerEntry) -> Service:
    arn = line.details["model_package_arn"]
    return Service(
        version=int(arn.rsplit("/", 1)[1]),
        model_package_arn=arn,
        deployment=line.subject,
        since=line.at,
        cause=line.details.get("cause", ""),
        restored=line.kind is LedgerKind.RESTORED,
    )
