"""The ``perennial`` command: see, account for and move what a model's platform does."""

import typer

from perennial.commands import accounting, asking, moving, scoring, seeing

app = typer.Typer(
    name="perennial",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Operate models that Perennial deployed. Works on whatever account the AWS SDK's own "
    "settings name; for the embedded one set AWS_ENDPOINT_URL. Exit codes: 0 done, 1 refused or "
    "different, 2 wrong usage, 3 account unreachable, 4 not deployed.",
)

for panel, commands in {
    "See": (seeing.status, seeing.ledger),
    "Account for": (
        accounting.history,
        accounting.explain,
        accounting.diff,
        accounting.recreate,
    ),
    "Ask for": (
        asking.retrain,
        asking.backfill,
        scoring.batch,
        asking.pause,
        asking.resume,
        asking.redrive,
    ),
    "Change what serves": (
        moving.promote,
        moving.rollback,
        moving.wake,
        moving.delete_version,
    ),
}.items():
    for command in commands:
        app.command(rich_help_panel=panel)(command)


if __name__ == "__main__":
    app(prog_name="perennial")
