"""When alarms are evaluated, and what a change of state sets off."""

from datetime import datetime


class AlarmEvaluator:
    """The account's alarms on the account's clock."""

    def next_due(self) -> datetime | None:
        """Return the next moment at which an evaluation can change something."""
        raise NotImplementedError

    def evaluate_due(self) -> None:
        """Evaluate the alarms that are due at the clock's now."""
        raise NotImplementedError
