"""The command that scores whole files."""

import time
from pathlib import Path
from typing import Annotated

import typer

from perennial import shown
from perennial.account import Account
from perennial.options import Environment, Json, Model, deployed
from perennial.plainly import plainly


def batch(
    source: Annotated[
        str,
        typer.Argument(
            metavar="FILE|S3URI",
            help="CSV or JSON Lines: a file here, or s3://<data bucket>/<model>/batch/… "
            "(all below it when it ends with a slash).",
        ),
    ],
    out: Annotated[
        Path | None, typer.Option(help="Where to write the answers: one file, or a folder.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why, for the ledger.")] = "asked by a person",
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Start it and leave; the ledger tells of its end.")
    ] = False,
    env: Environment = "dev",
    model: Model = "churn",
    json: Json = False,
) -> None:
    """Score whole files with the version that serves, by a transform job of its own.

    The answers are JSON Lines in the rows' order; each names the version. Exit code 1: refused or
    failed, with the file named.
    """
    with plainly():
        from perennial import batch as batches

        account = Account()
        scored = batches.start(account, deployed(account, env, model), source, reason=reason)
        if not no_wait:
            scored = batches.wait(account, scored, pause=lambda: time.sleep(1))
            if out is not None:
                scored = batches.bring(account, scored, out)
        if json:
            shown.as_json(scored.document())
        else:
            shown.facts(
                [
                    (name, ", ".join(value) if isinstance(value, list) else str(value))
                    for name, value in scored.document().items()
                    if value not in (None, [])
                ]
            )
