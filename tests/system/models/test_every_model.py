"""Every model goes round the whole loop: trained, promoted, asked, retrained on the next month."""

import csv
from datetime import UTC, date, datetime, time, timedelta

import pytest

from contracts.ledger import LedgerKind
from tests.system.loop.platform_under_test import LivePlatform
from tests.system.models import a_fourth_model
from tests.system.models.stage import OURS, Stage

pytestmark = [pytest.mark.system, pytest.mark.timeout(400)]

# The churn model has scenarios of its own, and the demo plays its year.
MODELS = [*(name for name in OURS if name != "churn"), a_fourth_model.NAME.replace("-", "_")]
_ROWS = 20


@pytest.mark.parametrize("stage", MODELS, indirect=True)
def test_a_model_goes_round_the_loop(stage: Stage) -> None:
    platform, start = stage.platform, stage.start
    _land(stage, after=None, by=start)
    platform.pass_until(lambda: bool(_judged(platform)), "a first candidate is judged")
    platform.come_to_rest()
    first = platform.champion()
    assert first.version == 1
    platform.assert_at_rest_on(first, asking=_requests(stage))

    later = (start + timedelta(days=31)).replace(day=1)
    # A month's data land when it is over, and no earlier than a run may start for them.
    rest = datetime.combine(later, time(), UTC) - platform.account.now()
    platform.account.advance(max(rest, timedelta(hours=stage.card.admission.cool_down_hours)))
    _land(stage, after=start, by=platform.account.now().date())
    platform.pass_until(lambda: len(_judged(platform)) == 2, "a second candidate is judged")
    platform.come_to_rest()

    assert [entry.subject for entry in platform.ledger(LedgerKind.DATA_REFUSED)] == []
    ended = platform.ledger(LedgerKind.RUN_ENDED)
    assert len(ended) == 2, ended
    version = platform.champion().version
    assert version == (2 if "promoted" in ended[-1].summary else 1), ended
    platform.assert_at_rest_on(platform.champion(), asking=_requests(stage))


def _land(stage: Stage, *, after: date | None, by: date) -> None:
    datasets = [dataset.name for dataset in stage.card.datasets]
    for file in stage.platform.history.landing(datasets, after=after, by=by):
        stage.platform.land(file.name, file.content, dataset=file.dataset)


def _judged(platform: LivePlatform) -> list[str]:
    return [
        entry.summary
        for kind in (LedgerKind.CANDIDATE_APPROVED, LedgerKind.CANDIDATE_REJECTED)
        for entry in platform.ledger(kind)
    ]


def _requests(stage: Stage) -> bytes:
    """Return rows that the model is really asked about on its first day."""
    path = stage.platform.history.requests(stage.start)
    with path.open(newline="") as file:
        rows = list(csv.reader(file))[1 : _ROWS + 1]
    columns = len(stage.card.features)
    return "".join(",".join(row[-columns:]) + "\n" for row in rows).encode()
