from collections.abc import Sequence

import pytest

from contracts import moment, rollback
from contracts.ledger import LedgerEntry, LedgerKind


def line(day: int, version: int, kind: LedgerKind = LedgerKind.PROMOTED) -> LedgerEntry:
    return LedgerEntry(
        model="churn",
        at=moment.parse(f"1997-07-{day:02}T00:00:00Z"),
        kind=kind,
        subject=f"churn-dev-v{version}-day{day}",
        summary="…",
        details={"model_package_arn": f"arn:model-package/churn-dev/{version}"},
    )


def served(*story: int | str) -> list[rollback.Service]:
    """``1, 2, "1"``: version 1 was promoted, then 2, then a person put 1 back."""
    lines = [
        line(day, int(each), LedgerKind.RESTORED if isinstance(each, str) else LedgerKind.PROMOTED)
        for day, each in enumerate(story, start=1)
    ]
    return rollback.services(reversed(lines))


def test_only_lines_of_what_began_to_serve_are_read() -> None:
    other = line(2, 2, LedgerKind.ROLLED_BACK)

    [service] = rollback.services([other, line(1, 1)])

    assert (service.version, service.deployment) == (1, "churn-dev-v1-day1")


@pytest.mark.parametrize(
    ("story", "wanted"),
    [
        ([], None),
        ([1], None),
        ([1, 2], 1),
        ([1, 2, 3], 2),
        ([1, 2, 3, "2"], 1),
        ([1, 2, 3, "2", "1"], None),
        ([1, 2, 3, "1"], None),
        ([1, 2, 3, "2", 4], 2),
        ([1, 2, 2], 1),
        # A person went forward again, to a version that a rollback had left.
        ([1, 2, "1", "2"], 1),
    ],
)
def test_a_rollback_goes_to_what_served_before_and_never_to_what_was_left(
    story: Sequence[int | str], wanted: int | None
) -> None:
    found = rollback.before(served(*story))

    assert (None if found is None else found.version) == wanted


@pytest.mark.parametrize(
    ("story", "went_back"),
    [([], False), ([1, 2], False), ([1, 2, "1"], True), ([1, 2, "2"], False), ([1, "1"], False)],
)
def test_a_version_put_back_in_its_own_place_is_no_step_back(
    story: Sequence[int | str], went_back: bool
) -> None:
    assert rollback.went_back(served(*story)) is went_back


def test_the_versions_that_served_last_are_kept_each_with_its_last_deployment() -> None:
    kept = rollback.kept(served(1, 2, 3, "2", 4), champion=4, count=2)

    assert [(one.version, one.deployment) for one in kept] == [
        (2, "churn-dev-v2-day4"),
        (3, "churn-dev-v3-day3"),
    ]
