"""Which days to fetch: those that are over, not older than the card says, and not done."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

from contracts.ingestion import DayRecord


class NotADay(ValueError):
    """Somebody asked for a day that is none, or is not over."""


def missing(
    as_of: datetime, catch_up_days: int, record: Callable[[date], DayRecord | None]
) -> list[date]:
    """Return the days to fetch, oldest first; a day is complete when it is over."""
    days = [as_of.date() - timedelta(days=ago) for ago in range(catch_up_days, 0, -1)]
    return [day for day in days if (found := record(day)) is None or found.open]


def asked_for(texts: Sequence[object], as_of: datetime) -> list[date]:
    """Read the days that a person names, whether they are done or not."""
    return sorted({_day(text, as_of) for text in texts})


def _day(text: object, as_of: datetime) -> date:
    try:
        day = date.fromisoformat(str(text))
    except ValueError:
        raise NotADay(f"days must be dates such as 2012-03-01, got {text!r}") from None
    if day >= as_of.date():
        raise NotADay(f"{day} is not over at {as_of:%Y-%m-%dT%H:%M:%SZ}")
    return day
