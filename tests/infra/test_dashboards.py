"""A dashboard for each model and one for all, of metrics that exist."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.infra.dashboard_metrics import unknown
from tests.infra.support import Template, Templates, resources, text_of

KIND = "AWS::CloudWatch::Dashboard"
_SEARCH = re.compile(r"SEARCH\('\{([^,}]+)[^}]*\}.*?MetricName=\"(\w+)\"")


@pytest.fixture(params=["dev", "prod"], scope="session")
def templates(request: pytest.FixtureRequest) -> Templates:
    return request.getfixturevalue(request.param)


def body(template: Template) -> dict[str, Any]:
    [found] = resources(template, KIND).values()
    return json.loads(text_of(found["Properties"]["DashboardBody"]))


def named(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield namespace and name of every metric that a body names, of searches too.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
    """
    for widget in document["widgets"]:
        for row in widget["properties"].get("metrics", ()):
            match row:
                case [{"expression": text}]:
                    yield from _SEARCH.findall(text)
                case [namespace, metric, *_]:
                    yield namespace, metric


def test_every_model_and_the_platform_have_one(templates: Templates) -> None:
    for stack, template in templates.items():
        expected = 0 if stack.endswith("-storage") else 1
        assert len(resources(template, KIND)) == expected, stack


def test_every_metric_on_a_dashboard_exists(templates: Templates) -> None:
    for stack, template in templates.items():
        if resources(template, KIND):
            found = list(named(body(template)))
            assert found, stack
            assert [wrong for each in found if (wrong := unknown(*each))] == []


def test_a_model_s_dashboard_shows_every_alarm_of_its_stack(dev: Templates) -> None:
    template = dev["perennial-dev-churn"]
    shown = {
        arn.strip("<>").removesuffix(".Arn")
        for widget in body(template)["widgets"]
        for arn in widget["properties"].get("alarms", ())
    }
    alarms = [
        name
        for kind in ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
        for name in resources(template, kind)
    ]
    assert shown == set(alarms)


def test_a_model_s_dashboard_shows_what_its_alarms_watch(dev: Templates) -> None:
    template = dev["perennial-dev-churn"]
    watched = {
        alarm["Properties"]["MetricName"]
        for alarm in resources(template, "AWS::CloudWatch::Alarm").values()
        if "MetricName" in alarm["Properties"]
    }
    assert watched <= {metric for _, metric in named(body(template))}


def test_the_platform_s_dashboard_names_no_model(dev: Templates) -> None:
    """Else adding one would change the stack on which all others stand."""
    text = json.dumps(body(dev["perennial-dev-operations"]))
    names = [stack.removeprefix("perennial-dev-") for stack in dev]
    models = [name for name in names if name not in ("storage", "operations")]
    assert len(models) >= 3
    assert [name for name in models if name in text] == []


def test_two_regions_do_not_overwrite_each_other_s_dashboard(templates: Templates) -> None:
    for template in templates.values():
        for found in resources(template, KIND).values():
            assert text_of(found["Properties"]["DashboardName"]).endswith("-<AWS::Region>")


def test_a_metric_that_nobody_publishes_is_noticed() -> None:
    assert unknown("Perennial", "FeaturePsi") is None
    assert unknown("Perennial", "Model") == "Perennial Model"
    assert unknown("AWS/SageMaker", "Invocation") == "AWS/SageMaker Invocation"
