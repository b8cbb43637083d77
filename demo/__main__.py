"""``python -m demo``: deploy, train, serve, drift, retrain — a real year in minutes."""

import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from demo import places

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def demo(
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the account running, and say how to poke at it.")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Fetch and split the data again, too.")
    ] = False,
    model: Annotated[
        str, typer.Option(help="The model to play, a folder of ml/workloads with a replay.toml.")
    ] = "churn",
    until: Annotated[
        str | None, typer.Option(metavar="YYYY-MM", help="The last month to play.")
    ] = None,
    tracking_uri: Annotated[
        str, typer.Option(help="Log runs to this MLflow server; `make mlflow` starts one.")
    ] = "",
    report: Annotated[Path, typer.Option(help="Where the HTML page goes.")] = places.REPORT,
) -> None:
    """Play a year of a model's life on an AWS account inside this machine.

    Deploys the stacks with the CDK, trains a first model, then replays month after month: the
    endpoint is asked, the data drifts, the platform retrains and promotes what
    is measurably better. Ends with exit code 0, with 1 when a bar was missed or something broke.
    """
    from demo.failure import DemoFailed
    from demo.one_at_a_time import one_at_a_time
    from demo.play import Options, play
    from demo.timeline import Timeline

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    timeline = Timeline()
    began = time.monotonic()
    try:
        with one_at_a_time(), ExitStack() as stack:
            missed = play(
                Options(
                    model=model,
                    keep=keep,
                    fresh=fresh,
                    until=until,
                    report=report,
                    tracking_uri=tracking_uri,
                ),
                timeline,
                stack,
            )
    except DemoFailed as failure:
        if failure.evidence:
            print(failure.evidence, file=sys.stderr)
        print(f"\ndemo: {failure.message}\nnext: {failure.next_step}", file=sys.stderr)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        print("\ndemo: stopped; nothing was left running", file=sys.stderr)
        raise SystemExit(130) from None
    print(f"\n{time.monotonic() - began:.0f} s in all; the page is {report}")
    for reason in missed:
        print(f"demo: missed: {reason}", file=sys.stderr)
    raise SystemExit(1 if missed else 0)


if __name__ == "__main__":
    app(prog_name="python -m demo")
