"""Deploy the stacks with the real CDK command line, as to any AWS account."""

import shutil
from pathlib import Path

from demo import children, places
from emulator.client import RunningAccount

ENVIRONMENT = "dev"
ASSEMBLY = places.DEMO / "cdk.out"
LOGS = places.DEMO / "logs"

_NEXT = "make sure `make synth` works, then start the demo again"


def synthesize(model: str, tracking_uri: str = "") -> None:
    """Run the app once, for the one model; bootstrap and deploy need only what it wrote."""
    tracking = ("--context", f"tracking_uri={tracking_uri}") if tracking_uri else ()
    shutil.rmtree(ASSEMBLY, ignore_errors=True)
    _cdk(
        (
            *("synth", "--quiet", "--context", f"env={ENVIRONMENT}"),
            *("--context", f"model={model}", *tracking),
            *("--output", ASSEMBLY),
        ),
        what="cdk synth",
        cwd=places.PROJECT,
    )


def bootstrap(account: RunningAccount) -> None:
    empty = places.DEMO / "empty"  # without a cdk.json the CLI does not run the app again
    empty.mkdir(parents=True, exist_ok=True)
    _cdk(
        ("bootstrap", f"aws://{account.account_id}/{account.region}"),
        what="cdk bootstrap",
        cwd=empty,
        account=account,
    )


def deploy(account: RunningAccount, model: str) -> None:
    """Deploy the model's stack with the ones it stands on; other models' stay undeployed."""
    options = ("--require-approval", "never", "--concurrency", "4", "--progress", "events")
    _cdk(
        ("deploy", f"perennial-{ENVIRONMENT}-{model}", "--app", ASSEMBLY, *options),
        what="cdk deploy",
        cwd=places.PROJECT,
        account=account,
    )


def _cdk(
    arguments: tuple[str | Path, ...],
    *,
    what: str,
    cwd: Path,
    account: RunningAccount | None = None,
) -> None:
    children.run(
        (places.CDK, "--no-notices", "--no-color", *arguments),
        what=what,
        log=LOGS / f"{what.replace(' ', '-')}.log",
        cwd=cwd,
        environment={
            **_tools(),
            **({} if account is None else account.environment()),
        },
        next_step=_NEXT,
    )


def _tools() -> dict[str, str]:
    import os

    path = (places.DEV_PYTHON.parent, places.NODE.parent, os.environ.get("PATH", ""))
    return {
        "PATH": os.pathsep.join(str(each) for each in path),
        "JSII_NODE": str(places.NODE),
        "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(places.NODE.parent / "jsii"),
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "NODE_NO_WARNINGS": "1",
    }
