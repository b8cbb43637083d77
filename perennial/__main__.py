"""The ``perennial`` command: see, explain and move what a model's platform does."""

from typing import Annotated

import typer

from contracts.ledger import LedgerKind
from perennial import shown
from perennial.account import Account
from perennial.deployed import Deployed, find
from perennial.plainly import plainly

app = typer.Typer(
    name="perennial",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Operate models that Perennial deployed. Works on whatever account the AWS SDK's own "
    "settings name; for the embedded one set AWS_ENDPOINT_URL. Exit codes: 0 done, 1 refused, "
    "2 wrong usage, 3 account unreachable, 4 not deployed.",
)

Environment = Annotated[str, typer.Option("--env", help="Environment that was deployed.")]
Model = Annotated[str, typer.Option("--model", help="Name on the model's card.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def _deployed(account: Account, environment: str, model: str) -> Deployed:
    return find(account.client("cloudformation"), environment=environment, model=model)


@app.command()
def status(env: Environment = "dev", model: Model = "churn", json: Json = False) -> None:
    """Show what serves, the registry, the last run and the alarms."""
    with plainly():
        from perennial.status import gather

        account = Account()
        found = gather(account, _deployed(account, env, model))
        shown.as_json(found.document()) if json else shown.status(found)


@app.command()
def ledger(
    env: Environment = "dev",
    model: Model = "churn",
    kind: Annotated[LedgerKind | None, typer.Option(help="Only lines of this kind.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most this many.")] = 30,
    json: Json = False,
) -> None:
    """Show what decided what serves, newest first."""
    with plainly():
        from perennial.ledger import entries

        account = Account()
        table = _deployed(account, env, model).ledger_table
        found = entries(
            account.client("dynamodb"), table=table, model=model, kind=kind, limit=limit
        )
        shown.as_json([entry.item() for entry in found]) if json else shown.ledger(found)


@app.command()
def retrain(
    reason: Annotated[str, typer.Option(help="Why, for the ledger.")] = "asked by a person",
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
        answer = ask(account, _deployed(account, env, model), reason=reason, force=force)
        if json:
            shown.as_json(answer.document())
        else:
            shown.facts(
                [
                    ("outcome", answer.outcome),
                    ("reason", answer.reason),
                    ("execution", answer.execution_arn or "–"),
                ]
            )
        if answer.outcome != "started":
            raise typer.Exit(1)


@app.command()
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
        found = executions.find(stepfunctions, _deployed(account, env, model), execution)
        executions.redrive(stepfunctions, found)
        now = executions.describe(stepfunctions, found.arn)
        if json:
            shown.as_json(now.document())
        else:
            shown.facts([("execution", now.arn), ("status", now.status)])


@app.command()
def promote(
    version: Annotated[int, typer.Argument(min=1, help="Version in the registry.")],
    approve: Annotated[
        bool, typer.Option("--approve", help="Approve it first, as a person.")
    ] = False,
    reason: Annotated[str | None, typer.Option(help="Why; needed to approve.")] = None,
    env: Environment = "dev",
    model: Model = "churn",
    json: Json = False,
) -> None:
    """Start the promotion of a version: canary, bake, roll back on alarm."""
    with plainly():
        from perennial.promotion import promote as start

        account = Account()
        deployed = _deployed(account, env, model)
        arn = start(account, deployed, version, approve=approve, reason=reason)
        shown.as_json({"execution_arn": arn}) if json else shown.facts([("execution", arn)])


@app.command()
def explain(
    version: Annotated[int, typer.Argument(min=1, help="Version in the registry.")],
    env: Environment = "dev",
    model: Model = "churn",
    json: Json = False,
) -> None:
    """Say why a version serves, or why it does not."""
    with plainly():
        from perennial.explanation import explain as of

        account = Account()
        found = of(account, _deployed(account, env, model), version)
        shown.as_json(found.document()) if json else shown.explanation(found)


if __name__ == "__main__":
    app(prog_name="perennial")
