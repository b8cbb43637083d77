"""Moments in time, as every document writes them: UTC, to the second, with a Z."""

from datetime import UTC, datetime

from contracts.errors import ContractError


def parse(text: object, where: str = "as_of") -> datetime:
    """Read an ISO 8601 moment; one without an offset is refused rather than guessed."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        raise ContractError(f"{where} must be an ISO 8601 time, got {text!r}") from None
    if moment.tzinfo is None:
        raise ContractError(f"{where} must name its offset (such as Z), got {text!r}")
    return moment.astimezone(UTC)


def render(moment: datetime) -> str:
    """Write ``moment`` as ``1997-05-01T00:00:00Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
