"""Distributed Maps in JSONata: items from a list or from S3, selected, counted."""

import json
from typing import Any

import pytest

from emulator.client import RunningAccount
from tests.system.emulator_seams.conftest import Machines

pytestmark = pytest.mark.system


def distributed(state: dict[str, Any], **fields: Any) -> dict[str, dict[str, Any]]:
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "S",
        "States": {"S": state},
    }
    return {"Map": {"Type": "Map", "ItemProcessor": processor, "End": True, **fields}}


def test_items_are_selected_and_results_gathered(machines: Machines) -> None:
    states = distributed(
        {"Type": "Pass", "Output": "{% $states.input.n * $states.input.by %}", "End": True},
        Items="{% $states.input.numbers %}",
        ItemSelector={"n": "{% $states.context.Map.Item.Value %}", "by": "{% $states.input.by %}"},
        MaxConcurrency="{% 2 %}",
        Output={"sum": "{% $sum($states.result) %}"},
    )
    ended = machines.ended(machines.start(states, {"numbers": [1, 2, 3], "by": 10}))
    assert json.loads(ended["output"]) == {"sum": 60}


def test_items_are_read_from_a_bucket(account: RunningAccount, machines: Machines) -> None:
    s3 = account.client("s3")
    s3.create_bucket(Bucket="read-by-map")
    for name in ("w/a", "w/b", "other"):
        s3.put_object(Bucket="read-by-map", Key=name, Body=b"1")
    reader = {
        "Resource": "arn:aws:states:::s3:listObjectsV2",
        "Arguments": {"Bucket": "read-by-map", "Prefix": "{% $states.input.prefix %}"},
    }
    states = distributed(
        {"Type": "Pass", "Output": "{% $states.input.Key %}", "End": True}, ItemReader=reader
    )
    ended = machines.ended(machines.start(states, {"prefix": "w/"}))
    assert json.loads(ended["output"]) == ["w/a", "w/b"]


def test_a_failed_item_fails_the_map(machines: Machines) -> None:
    states = distributed({"Type": "Fail", "Error": "Broken"}, Items=[1])
    assert machines.ended(machines.start(states))["error"] == (
        "States.ExceedToleratedFailureThreshold"
    )


def test_what_a_map_cannot_do_here_fails_by_name(machines: Machines) -> None:
    states = distributed(
        {"Type": "Pass", "End": True}, Items=[1], ItemBatcher={"MaxItemsPerBatch": 2}
    )
    assert "ItemBatcher" in machines.ended(machines.start(states))["cause"]
