"""Options that most commands have, and what they find with them."""

from typing import Annotated

import typer

from perennial.account import Account
from perennial.deployed import Deployed, find

Environment = Annotated[str, typer.Option("--env", help="Environment that was deployed.")]
Model = Annotated[str, typer.Option("--model", help="Name on the model's card.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Version = Annotated[int, typer.Argument(min=1, help="Version in the registry.")]


def deployed(account: Account, environment: str, model: str) -> Deployed:
    return find(account.client("cloudformation"), environment=environment, model=model)
