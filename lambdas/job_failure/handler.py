"""Raise what a caught job failed with; once the run is redriven, let the job begin anew.

A workflow that catches a job's failure, to try other instances, would otherwise resume here with
nothing to do: a redrive runs the state again at which an execution failed.
https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
"""

from collections.abc import Mapping
from typing import Any

from contracts.reading import Table
from lambdas.job_failure.decision import raised_again


def lambda_handler(event: Mapping[str, Any], _context: object) -> dict[str, str]:
    table = Table.of(event, "event")
    failure = table.table("failure")
    if table.integer("redrive") > table.integer("failed_in"):
        return {"verdict": "begin anew"}
    raise raised_again(failure.text("Error"), str(failure.content.get("Cause") or ""))
