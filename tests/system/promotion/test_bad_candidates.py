"""A bad candidate does not become the champion, and nobody who asks notices more than he must."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from contracts.ledger import LedgerKind
from contracts.run import Champion
from tests.system.loop.platform_under_test import LivePlatform
from tests.system.promotion import candidates
from tests.system.promotion.bad_candidates import ALL, Bad
from tests.system.promotion.callers import Callers, now, since
from tests.system.promotion.candidates import Candidate, Promotion, Registrar
from tests.system.promotion.live import live_callers

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]

_FAILURES = (LedgerKind.ROLLED_BACK, LedgerKind.CANDIDATE_REJECTED)
_SHIFTS = {"UpdateEndpoint", "CreateEndpoint"}


def _each(bad: Iterable[Bad]) -> list[object]:
    return [
        pytest.param(one, id=one.id, marks=() if one.quick else pytest.mark.exhaustive)
        for one in bad
    ]


@pytest.mark.parametrize("bad", _each(ALL))
def test_a_bad_candidate_fails_and_the_champion_answers_throughout(
    platform: LivePlatform, registrar: Registrar, tmp_path: Path, bad: Bad
):
    champion = platform.champion()
    candidate = bad.make(registrar, tmp_path)

    with live_callers(platform) as asking:
        promotion = candidates.promote(platform, candidate, bad.id, hangs=bad.hangs)
        ended = now()
        asking.keep_up()

    met = asking.versions[candidate.number] + len(asking.failed)
    print(f"{bad.id}: {len(asking.answers)} requests, {met} met it, {len(asking.failed)} failed")

    assert promotion.status == "FAILED", promotion
    _assert_told(platform, candidate, promotion, bad)
    _assert_champion_answered(asking, ended, champion, candidate, promotion, bad)
    platform.assert_at_rest_on(champion)
    assert not (tmp_path / "loaded").exists(), "somebody loaded the pickle"


def _assert_told(
    platform: LivePlatform, candidate: Candidate, promotion: Promotion, bad: Bad
) -> None:
    """Execution, ledger, registry and the one notification name the cause."""
    package = platform.client("sagemaker").describe_model_package(ModelPackageName=candidate.arn)
    lines = [line for line in platform.ledger(about=candidate.arn) if line.kind in _FAILURES]
    assert len(lines) == 1, f"{lines}\n{promotion}"
    assert len(promotion.told) == 1, promotion.told
    places = {
        "execution": promotion.cause,
        "ledger": lines[0].summary,
        "registry": package.get("ApprovalDescription", ""),
        "notification": promotion.told[0].text,
    }
    missing = [
        f"{place} does not say {words!r} but {text!r}"
        for place, text in places.items()
        for words in bad.says
        if not re.search(words, text, re.IGNORECASE)
    ]
    assert missing == []
    assert package["ModelApprovalStatus"] == "Rejected"
    assert "docs/runbooks/" in promotion.told[0].text


def _assert_champion_answered(
    asking: Callers,
    ended: float,
    champion: Champion,
    candidate: Candidate,
    promotion: Promotion,
    bad: Bad,
) -> None:
    not_its_own = [each for each in asking.failed if bad.says_of_failures not in each.original]
    assert not_its_own == [], f"{len(not_its_own)} requests failed that the candidate never had"
    shifted = bool(_SHIFTS & set(promotion.steps))
    if not shifted:
        assert asking.failed == []
        assert set(asking.versions) == {champion.version}
    assert shifted or not bad.sees_traffic, promotion
    after = since(asking.answers, ended)
    assert {(each.version, each.error) for each in after} == {(str(champion.version), "")}
    allowed = asking.versions[champion.version] + bad.behaves_for
    assert asking.versions[candidate.number] < allowed
