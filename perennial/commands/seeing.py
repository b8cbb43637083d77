"""Commands that show the platform as it is: status and ledger."""

from typing import Annotated

import typer

from contracts.ledger import LedgerKind
from perennial import shown
from perennial.account import Account
from perennial.options import Environment, Json, Model, deployed
from perennial.plainly import plainly


def status(env: Environment = "dev", model: Model = "churn", json: Json = False) -> None:
    """Show what serves, what moves, what may be rolled back to, the last run and the alarms."""
    with plainly():
        from perennial.shown_status import status as show
        from perennial.status import gather

        account = Account()
        found = gather(account, deployed(account, env, model))
        shown.as_json(found.document()) if json else show(found)


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
        table = deployed(account, env, model).ledger_table
        found = entries(
            account.client("dynamodb"),
            table=table,
            model=model,
            kinds=() if kind is None else (kind,),
            limit=limit,
        )
        shown.as_json([entry.item() for entry in found]) if json else shown.ledger(found)
