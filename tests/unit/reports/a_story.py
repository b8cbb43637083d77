"""A story of one year with three models, for the tests and for looking at the page."""

from datetime import UTC, datetime, timedelta

from reports.story import (
    DriftCheck,
    Event,
    Figure,
    MonthQuality,
    Promotion,
    Story,
    Traffic,
    Verdict,
)


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


LIVE = (0.70, 0.71, 0.74, 0.77, 0.79, 0.80, 0.81, 0.82, 0.83, 0.835, 0.84, 0.842)
FROZEN = (0.70, 0.71, 0.72, 0.73, 0.73, 0.72, 0.715, 0.72, 0.71, 0.72, 0.725, 0.72)


def a_story() -> Story:
    months = [datetime(1997 + (4 + n) // 12, (4 + n) % 12 + 1, 1, tzinfo=UTC) for n in range(12)]
    return Story(
        title="A churn model that retrained itself for a year",
        summary=(
            "From May 1997 to April 1998 the platform served 23,570 customers' churn scores, "
            "noticed 3 times that its model had gone stale, and replaced it 3 times."
        ),
        metric="AUC",
        direction="higher is better",
        start=day("1997-05-01"),
        end=day("1998-05-01"),
        figures=(
            Figure(label="AUC in April 1998", value="0.842", note="wanted 0.82", good=True),
            Figure(label="Above v1 frozen", value="+0.122", note="wanted +0.08", good=True),
            Figure(label="Failed requests", value="0", note="of 5,664", good=True),
            Figure(label="Captured once", value="5,663", note="of 5,664", good=False),
        ),
        months=tuple(
            MonthQuality(
                at=month,
                live=live,
                frozen=frozen,
                versions=(1,) if number < 2 else (1, 2),
                rows=23570,
            )
            for number, (month, live, frozen) in enumerate(zip(months, LIVE, FROZEN, strict=True))
        ),
        promotions=(
            Promotion(at=day("1997-05-01T01:10:00"), version=1),
            Promotion(at=day("1997-07-03"), version=2),
            Promotion(at=day("1997-10-04"), version=4),
        ),
        drift_checks=tuple(
            DriftCheck(at=month + timedelta(days=n), share=share)
            for month in months[1:]
            for n, share in ((1, 0.17), (2, 0.33 if month.month % 3 == 0 else 0.0))
        ),
        drift_alarms=(day("1997-06-03"), day("1997-09-03")),
        drift_threshold=0.3,
        min_gain=0.0,
        events=(
            Event(at=day("1997-06-03"), kind="drift alarm", text="50% of the features drifted"),
            Event(at=day("1997-07-03"), kind="promoted", text="v2 <serves>"),
        ),
        verdicts=(
            Verdict(
                at=day("1997-05-01T00:30:00"),
                version=1,
                outcome="approved",
                candidate=0.71,
                champion=None,
                gain=None,
                low=None,
                high=None,
                reason="auc 0.710 is at least the floor 0.6",
            ),
            Verdict(
                at=day("1997-07-03"),
                version=2,
                outcome="approved",
                candidate=0.78,
                champion=0.73,
                gain=0.05,
                low=0.04,
                high=0.06,
                reason="better by 0.050 [0.040, 0.060]",
            ),
            Verdict(
                at=day("1997-08-03"),
                version=3,
                outcome="rejected",
                candidate=0.78,
                champion=0.78,
                gain=0.001,
                low=-0.01,
                high=0.012,
                reason="not better: [-0.010, 0.012] reaches below 0",
            ),
        ),
        traffic=Traffic(
            requests=5664,
            rows=282840,
            failed=0,
            captured=5664,
            during_promotions=812,
            median_ms=9.1,
            p99_ms=48.0,
        ),
        stages=(("deploy", 31.2), ("1997-05", 7.0), ("1997-06", 14.2)),
    )
