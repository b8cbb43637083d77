"""The Grafana dashboards in docs/ are those that the tool writes, of metrics that exist."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.infra.dashboard_metrics import unknown
from tools.grafana.__main__ import FOLDER, render

MADE = render()


def targets(text: str) -> Iterator[dict[str, Any]]:
    for panel in json.loads(text)["panels"]:
        yield from panel["targets"]


def test_what_lies_in_docs_is_what_the_tool_writes() -> None:
    there = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.json")}
    assert there == MADE, "write them again: python -m tools.grafana"


@pytest.mark.parametrize("name", MADE)
def test_every_metric_exists(name: str) -> None:
    found = [(each["namespace"], each["metricName"]) for each in targets(MADE[name])]
    assert found
    assert [wrong for each in found if (wrong := unknown(*each))] == []


@pytest.mark.parametrize("name", MADE)
def test_every_variable_that_a_query_names_is_one_of_the_dashboard(name: str) -> None:
    document = json.loads(MADE[name])
    variables = {each["name"] for each in document["templating"]["list"]}
    used = {
        word.strip("${}")
        for each in targets(MADE[name])
        for text in (each["region"], each["datasource"]["uid"], *each["dimensions"].values())
        for word in text.replace("-", " ").split()
        if word.startswith("$")
    }
    assert used <= variables
    assert used


@pytest.mark.parametrize("name", MADE)
def test_no_two_panels_lie_on_each_other(name: str) -> None:
    places = [
        (panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in json.loads(MADE[name])["panels"]
    ]
    assert len(set(places)) == len(places)
