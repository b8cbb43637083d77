"""Commands that account for versions: history, explain, diff and recreate."""

from typing import Annotated

import typer

from perennial import shown, shown_evidence
from perennial.account import Account
from perennial.options import Environment, Json, Model, Version, deployed
from perennial.plainly import plainly


def history(env: Environment = "dev", model: Model = "churn", json: Json = False) -> None:
    """Show what served from when to when, on which evidence, newest first."""
    with plainly():
        from perennial.history import tenures

        account = Account()
        found = tenures(account, deployed(account, env, model))
        if json:
            shown.as_json([tenure.document() for tenure in found])
        else:
            shown_evidence.history(found)


def explain(
    version: Annotated[
        int | None,
        typer.Argument(min=1, help="Version in the registry; without one: the champion."),
    ] = None,
    run: Annotated[
        str | None, typer.Option("--run", help="Explain a run instead, also one without a version.")
    ] = None,
    env: Environment = "dev",
    model: Model = "churn",
    json: Json = False,
) -> None:
    """Say why a version serves, or why it does not: criteria, data, inputs, ledger.

    The record is verified against the digests that registry and ledger hold; one that was
    changed is an error that says so.
    """
    if version is not None and run is not None:
        raise typer.BadParameter("name a version or a run, not both", param_hint="--run")
    with plainly():
        from perennial import explanation

        account = Account()
        place = deployed(account, env, model)
        if run is not None:
            found = explanation.explain_run(account, place, run)
        elif version is not None:
            found = explanation.explain(account, place, version)
        else:
            found = explanation.explain_champion(account, place)
        shown.as_json(found.document()) if json else shown_evidence.explanation(found)


def diff(
    before: Version,
    after: Version,
    env: Environment = "dev",
    model: Model = "churn",
    json: Json = False,
) -> None:
    """Tell what changed between two versions: data, code, image, parameters, metrics."""
    with plainly():
        from perennial.difference import diff as between

        account = Account()
        found = between(account, deployed(account, env, model), before, after)
        shown.as_json(found.document()) if json else shown_evidence.difference(found)


def recreate(
    version: Version,
    image: Annotated[
        str | None,
        typer.Option(help="Tag or digest of another image, to see what it would change."),
    ] = None,
    code: Annotated[
        str | None,
        typer.Option(help="Other code (folder, zip, s3:// URI), to see what it would change."),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Train anew, also when this was done before.")
    ] = False,
    env: Environment = "dev",
    model: Model = "churn",
    json: Json = False,
) -> None:
    """Build a version again from its record, and compare the result file by file.

    Trains for as long as the recorded run did; interrupted, the same command goes on waiting.
    Exit code 1: different, or an input is gone or changed; either is named.
    """
    with plainly():
        import time

        from perennial.recreation.inputs import Instead
        from perennial.recreation.recreate import recreate as again_from_record

        account = Account()
        found = again_from_record(
            account,
            deployed(account, env, model),
            version,
            instead=Instead(image=image, code=code),
            again=again,
            pause=lambda: time.sleep(2),
            say=shown.progress,
        )
        shown.as_json(found.document()) if json else shown_evidence.recreation(found)
    if not found.same:
        raise typer.Exit(1)
