"""Commands that ask for something to happen: runs, a pause, resumption."""

from typing import Annotated

import typer

from perennial import shown
from perennial.account import Account
from perennial.options import Environment, Json, Model, deployed
from perennial.plainly import plainly
from perennial.retraining import Admitted

Reason = Annotated[str, typer.Option(help="Why, for the ledger.")]


def retrain(
    reason: Reason = "asked by a person",
    force: Annotated[
        bool, typer.Option("--force", help="Also on data that the last finished run had.")
    ] = False,
    env: Environment = "dev",
    model: Model = "churn",
    json: Json = False,
) -> None:
    """Ask admission for a retraining now; the cool-down is waived, lease and daily cap are not."""
    with plainly():
        from perennial.retraining import ask

        account = Account()
        answer = ask(account, deployed(account, env, model), reason=reason, force=force)
        _answered(answer, json=json, granted="started")


def pause(
    reason: Annotated[str, typer.Option(help="Why nothing may start, for the ledger.")],
    env: Environment = "dev",
    model: Model = "churn",
    json: Json = False,
) -> None:
    """Let no run and no promotion start until `resume`; a rollback may, and what runs goes on."""
    with plainly():
        from perennial.retraining import pause as paused

        account = Account()
        answer = paused(account, deployed(account, env, model), reason=reason)
        _answered(answer, json=json, granted="paused")


def resume(
    reason: Annotated[str, typer.Option(help="Why runs may start again, for the ledger.")],
    env: Environment = "dev",
    model: Model = "churn",
    json: Json = False,
) -> None:
    """Let runs start again: after a pause, and after too many rejected candidates in a row."""
    with plainly():
        from perennial.retraining import resume as resumed

        account = Account()
        answer = resumed(account, deployed(account, env, model), reason=reason)
        _answered(answer, json=json, granted="resumed")


def backfill(
    as_of: Annotated[str, typer.Option("--as-of", help="A past day (1997-05-01) or moment, UTC.")],
    reason: Reason = "reproducing what happened then",
    env: Environment = "dev",
    model: Model = "churn",
    json: Json = False,
) -> None:
    """Run the loop as of a past date against the version that served then; nothing is promoted."""
    with plainly():
        from perennial.retraining import backfill as as_of_then

        account = Account()
        answer = as_of_then(account, deployed(account, env, model), as_of=as_of, reason=reason)
        _answered(answer, json=json, granted="started", then="perennial explain --run")


def redrive(
    execution: Annotated[str, typer.Argument(help="Name or ARN of a failed execution.")],
    env: Environment = "dev",
    model: Model = "churn",
    json: Json = False,
) -> None:
    """Resume a failed run at the state that failed, once its cause is mended."""
    with plainly():
        from perennial import executions

        account = Account()
        stepfunctions = account.client("stepfunctions")
        found = executions.find(stepfunctions, deployed(account, env, model), execution)
        executions.redrive(stepfunctions, found)
        now = executions.describe(stepfunctions, found.arn)
        if json:
            shown.as_json(now.document())
        else:
            shown.facts([("execution", now.arn), ("status", now.status)])


def _answered(answer: Admitted, *, json: bool, granted: str, then: str = "") -> None:
    if json:
        shown.as_json(answer.document())
    else:
        facts = [("outcome", answer.outcome), ("reason", answer.reason)]
        if answer.execution_arn is not None:
            facts.append(("execution", answer.execution_arn))
        if then and answer.outcome == granted:
            facts.append(("what comes of it", f"{then} {answer.run_id}"))
        shown.facts(facts)
    if answer.outcome != granted:
        raise typer.Exit(1)
