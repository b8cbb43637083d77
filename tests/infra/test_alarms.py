"""What holds for every alarm, of the templates and of run time: who is told, and what they read."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from contracts import card as cards
from infra.bundles import ROOT
from lambdas.promotion import symptoms
from tests.drills.alarm_names import candidate_s, name_of
from tests.drills.registry import DRILLS
from tests.infra.support import Templates, resources_of, text_of

METRIC, COMPOSITE = "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"
IGNORING = {"ChampionMismatches"}
"""Compared when something changes: until then, what was found last still holds."""


@pytest.fixture(params=["dev", "prod"], scope="session")
def templates(request: pytest.FixtureRequest) -> Templates:
    return request.getfixturevalue(request.param)


def alarms(templates: Templates) -> dict[str, dict[str, Any]]:
    return {
        name: alarm["Properties"]
        for kind in (METRIC, COMPOSITE)
        for name, alarm in resources_of(templates, kind).items()
    }


def made_by_promotions() -> list[dict[str, Any]]:
    card = cards.load(ROOT / "ml" / "workloads" / "churn" / "card.toml")
    watched = symptoms.Watched(deployment="churn-dev-v2-1", endpoint="churn-dev", environment="dev")
    return list(symptoms.alarms(watched, card, champion_median_ms=5))


def children(templates: Templates) -> dict[str, list[str]]:
    """Return what each composite alarm's rule names, by ``<stack>/<logical id>``."""
    return {
        name: [
            f"{name.partition('/')[0]}/{child}"
            for child in re.findall(r"<(\w+)\.Arn>", text_of(alarm["Properties"]["AlarmRule"]))
        ]
        for name, alarm in resources_of(templates, COMPOSITE).items()
    }


def page_of(description: str) -> Path:
    [page] = re.findall(r"docs/runbooks/[\w-]+\.md", description)
    return ROOT / page


def test_every_alarm_names_a_runbook_that_exists(templates: Templates) -> None:
    for name, alarm in alarms(templates).items():
        assert page_of(alarm["AlarmDescription"]).is_file(), name
    for alarm in made_by_promotions():
        assert page_of(alarm["AlarmDescription"]).is_file(), alarm["AlarmName"]


def test_every_alarm_says_what_missing_data_means(templates: Templates) -> None:
    for name, alarm in resources_of(templates, METRIC).items():
        properties = alarm["Properties"]
        ignores = properties.get("MetricName") in IGNORING
        expected = "ignore" if ignores else "notBreaching"
        assert properties["TreatMissingData"] == expected, name
    for alarm in made_by_promotions():
        assert alarm["TreatMissingData"] == "notBreaching", alarm["AlarmName"]


def test_who_hears_of_an_alarm_also_hears_that_it_is_over(templates: Templates) -> None:
    told = [alarm for alarm in alarms(templates).values() if alarm.get("AlarmActions")]
    assert told
    for alarm in told:
        assert alarm["OKActions"] == alarm["AlarmActions"], alarm["AlarmDescription"]


def test_every_alarm_is_told_exactly_once_by_itself_or_by_one_above_it(
    templates: Templates,
) -> None:
    found, above = alarms(templates), children(templates)
    for name, alarm in found.items():
        tellers = [parent for parent, of in above.items() if name in of]
        tellers += [name] if alarm.get("AlarmActions") else []
        assert len(tellers) == 1, f"{name} is told by {tellers}"
        assert all(found[teller]["AlarmActions"] for teller in tellers)


def test_an_alarm_of_a_promotion_rolls_back_and_its_settlement_tells(templates: Templates) -> None:
    """Whoever was told twice would look for two candidates."""
    for alarm in made_by_promotions():
        assert not {"AlarmActions", "OKActions"} & set(alarm), alarm["AlarmName"]


def test_a_warning_is_silent_while_there_is_an_incident(templates: Templates) -> None:
    warnings = {
        name: alarm["Properties"]
        for name, alarm in resources_of(templates, COMPOSITE).items()
        if alarm["Properties"]["AlarmDescription"].endswith("/warning.md")
    }
    assert warnings
    for name, alarm in warnings.items():
        suppressor = text_of(alarm["ActionsSuppressor"]).strip("<>").removesuffix(".Arn")
        incident = resources_of(templates, COMPOSITE)[f"{name.partition('/')[0]}/{suppressor}"]
        assert incident["Properties"]["AlarmDescription"].endswith("/incident.md"), name
        assert alarm["ActionsSuppressorWaitPeriod"] >= 60, name
        # Two of three periods of five minutes: what the incident set off is on for ten more.
        assert alarm["ActionsSuppressorExtensionPeriod"] > 600, name


def test_callers_that_get_no_answer_are_an_incident_and_slow_answers_are_not(
    dev: Templates,
) -> None:
    above = children({"churn": dev["perennial-dev-churn"]})
    incident, warning = (
        next(of for name, of in above.items() if word in name) for word in ("Incident", "Warning")
    )
    assert {re.sub(r"[0-9A-F]{8}$", "", name) for name in incident} == {
        "churn/CareReconcilerAlarm",
        "churn/CareAlarmsErrors",
        "churn/CareInstancesMemory",
        "churn/CareInstancesDisk",
    }
    assert any("Latency" in name for name in warning)


def names_of(templates: Templates) -> set[str]:
    found = alarms(templates)
    return {name_of(alarm, name) for name, alarm in found.items()}


def test_every_alarm_has_a_drill_and_every_drill_an_alarm(templates: Templates) -> None:
    made = {alarm["AlarmName"] for alarm in made_by_promotions()}
    symptoms_made = {each for each in symptoms.Symptom if any(n.endswith(each) for n in made)}
    assert len(symptoms_made) == len(made), "a promotion makes an alarm that is no symptom"
    expected = names_of(templates) | {candidate_s(each) for each in symptoms_made}

    missing, idle = expected - DRILLS.keys(), DRILLS.keys() - expected
    assert not missing, f"no drill in tests/drills/registry.py trips: {sorted(missing)}"
    assert not idle, f"drills of alarms that are not there: {sorted(idle)}"


def test_every_registered_drill_is_a_test_that_follows_a_runbook() -> None:
    for alarm, drill in DRILLS.items():
        file, _, function = drill.partition("::")
        source = (ROOT / "tests" / "drills" / file).read_text("utf-8")
        functions = {
            node.name: ast.unparse(node)
            for node in ast.parse(source).body
            if isinstance(node, ast.FunctionDef)
        }
        assert function in functions, f"{alarm}: there is no {drill}"
        assert "follow" in source, f"{alarm}: {drill} follows no runbook"


def test_no_drill_sets_an_alarm_by_hand() -> None:
    sources = [path.read_text("utf-8") for path in (ROOT / "tests" / "drills").glob("*.py")]
    assert sources
    assert not any("set_alarm_state" in source for source in sources)
