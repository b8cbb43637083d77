"""At which rate false alarms are wanted, and what an alarm waits for."""

from dataclasses import dataclass

from drift.judging.null import DRAWS

ONE_A_QUARTER = 1 / 2190
"""One false alarm a quarter at hourly checks: 365 / 4 * 24 of them."""


_SUDDEN = 0.2
"""Of the budget, for sudden alarms: large drift is found with little, small drift needs much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    false_alarm_rate: float = ONE_A_QUARTER
    """Wanted chance per check that undrifted data is called drifted, by whatever alarm."""
    min_rows: int = 100
    confirm: int = 2
    """So many odd windows in a row are a sudden alarm; 1 for checks that are days apart."""
    memories: tuple[float, ...] = (2.0, 4.0, 8.0, 32.0)
    """Windows that slow alarms look back, each a chart; none leaves all to sudden alarms."""
    least_psi: float = 0.0
    """Features that moved by less are never named nor alarmed about, however sure it is."""
    draws: int = DRAWS
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.false_alarm_rate < 1 or self.confirm < 1 or self.draws < 1000:
            raise ValueError(
                "false_alarm_rate must be between 0 and 1, confirm at least 1 and draws at least "
                f"1000, got {self.false_alarm_rate}, {self.confirm} and {self.draws}"
            )
        if any(memory <= 1 for memory in self.memories):
            raise ValueError(f"memories must be longer than one window, got {self.memories}")

    @property
    def sudden_level(self) -> float:
        """The p-value below which a window is odd: so many in a row have a fifth of the budget."""
        share = _SUDDEN if self.memories else 1.0
        return (self.false_alarm_rate * share) ** (1 / self.confirm)

    @property
    def slow_level(self) -> float:
        return self.false_alarm_rate * (1 - _SUDDEN) / max(1, len(self.memories))
