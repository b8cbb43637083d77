"""Commands that change what serves: promote, rollback, wake; and delete-version."""

import time
from collections.abc import Callable
from typing import Annotated, Any

import typer

from perennial import shown
from perennial.account import Account
from perennial.deployed import Deployed
from perennial.options import Environment, Json, Model, Version, deployed
from perennial.plainly import plainly


def promote(
    version: Version,
    approve: Annotated[
        bool, typer.Option("--approve", help="Approve it first, as a person.")
    ] = False,
    reason: Annotated[str | None, typer.Option(help="Why; needed to approve.")] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait for the end, telling what moves.")
    ] = False,
    env: Environment = "dev",
    model: Model = "churn",
    json: Json = False,
) -> None:
    """Start the promotion of a version: smoke test, canary, bake, roll back on alarm.

    A version that was rejected or waits for approval needs --approve and --reason. With --wait,
    exit code 1: it ended badly, with the cause.
    """
    with plainly():
        from perennial.promotion import promote as start

        account = Account()
        place = deployed(account, env, model)
        arn = start(account, place, version, approve=approve, reason=reason)
        _started(account, place, arn, wait=wait, json=json)


def rollback(
    reason: Annotated[str, typer.Option(help="Why, for the ledger.")],
    version: Annotated[
        int | None,
        typer.Argument(min=1, help="A version that has served; without one: the one before."),
    ] = None,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Start it and leave; the same command goes on.")
    ] = False,
    env: Environment = "dev",
    model: Model = "churn",
    json: Json = False,
) -> None:
    """Put an earlier version back, all traffic at once, and wait until it serves.

    While a promotion is under way, this stops it and the champion serves on. Interrupted, the same
    command goes on waiting; given again after its end, it goes no further back. A pause does not
    hold it up. Exit code 1: refused or failed, with what is gone or went wrong.
    """
    with plainly():
        from perennial.rollback import Rollback

        account = Account()
        work = Rollback(
            account=account,
            deployed=deployed(account, env, model),
            reason=reason,
            pause=_moment,
            say=_since_now(),
        )
        found = work.to(version, wait=not no_wait)
        if json:
            shown.as_json(found.document())
        else:
            promotion = found.promotion
            shown.facts(
                [
                    ("version", str(found.version)),
                    ("outcome", found.said),
                    *(() if promotion is None else (("execution", promotion.arn),)),
                    *(() if found.seconds is None else (("took", f"{found.seconds:.0f} s"),)),
                ]
            )


def wake(
    reason: Annotated[str, typer.Option(help="Why, for the ledger.")] = "asked by a person",
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it answers.")] = False,
    env: Environment = "dev",
    model: Model = "churn",
    json: Json = False,
) -> None:
    """Bring back the champion's endpoint, which was removed while nobody asked it."""
    with plainly():
        from perennial.waking import wake as start

        account = Account()
        place = deployed(account, env, model)
        arn = start(account, place, reason=reason)
        _started(account, place, arn, wait=wait, json=json)


def delete_version(
    version: Version,
    reason: Annotated[str, typer.Option(help="Why, for the ledger.")],
    env: Environment = "dev",
    model: Model = "churn",
    json: Json = False,
) -> None:
    """Delete a version from the registry; refused while it serves or may be rolled back to.

    Its artifact, its record and its lines in the ledger stay.
    """
    with plainly():
        from perennial.deletion import delete

        account = Account()
        said = delete(account, deployed(account, env, model), version, reason=reason)
        shown.as_json({"said": said}) if json else shown.facts([("outcome", said)])


def _started(account: Account, place: Deployed, arn: str, *, wait: bool, json: bool) -> None:
    if not wait:
        shown.as_json({"execution_arn": arn}) if json else shown.facts([("execution", arn)])
        return
    from perennial import promotions

    found = promotions.succeeded(
        promotions.ended(account, place, arn, pause=_moment, say=_since_now())
    )
    if json:
        shown.as_json(found.document())
    else:
        facts: list[Any] = [("outcome", found.reason), ("execution", arn)]
        if found.seconds is not None:
            facts.append(("took", f"{found.seconds:.0f} s"))
        shown.facts(facts)


def _since_now() -> Callable[[str], None]:
    """Tell what happens with the seconds since the command began."""
    began = time.monotonic()
    return lambda line: shown.progress(f"{time.monotonic() - began:4.0f} s  {line}")


def _moment() -> None:
    time.sleep(2)
