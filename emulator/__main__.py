"""The command that runs an embedded AWS account: ``python -m emulator``."""

import argparse
import errno
import os
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

from emulator import listener
from emulator.host import Options, run
from emulator.state_folder import FolderInUse

PORT_IN_USE = 3
FOLDER_IN_USE = 4
ENVIRONMENT_INCOMPLETE = 5

_EPILOG = """\
The account listens on 127.0.0.1 only. Point any AWS SDK, the AWS CLI or the CDK at it:

  export AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_REGION=us-east-1
  export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test

Its resources live as long as the process; log, images and temporary files are in the state
folder. Its clock runs like the wall's, from --clock on, and may be advanced:

  curl -H 'content-type: application/json' -d '{"advance_seconds": 86400}' \\
    http://127.0.0.1:4566/_emulator/clock

exit codes: 0 stopped when told to, 1 did not start (the log says why), 2 wrong arguments,
3 the port is in use, 4 the state folder is in use, 5 an interpreter is missing
"""


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    if not options.lambda_python.exists():
        return _fail(
            ENVIRONMENT_INCOMPLETE,
            f"no interpreter for Lambda functions at {options.lambda_python}: make it with "
            "tools/setup, or name one with --lambda-python",
        )
    try:
        run(options)
    except FolderInUse as error:
        return _fail(
            FOLDER_IN_USE,
            f"the state folder {options.state} is in use: {error}; stop that one, or name another "
            "folder with --state",
        )
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        return _fail(
            PORT_IN_USE,
            f"port {options.port} of 127.0.0.1 is in use by {listener.holder_of(options.port)}: "
            "stop it, or name another port with --port (0 takes a free one)",
        )


def _fail(status: int, message: str) -> int:
    print(f"emulator: {message}", file=sys.stderr)
    return status


def _options(arguments: list[str] | None) -> Options:
    parser = argparse.ArgumentParser(
        prog="python -m emulator",
        description="Run an AWS account on this machine: MiniStack, with a SageMaker that runs "
        "jobs and endpoints, alarms that evaluate, and a clock that can be advanced.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--port", type=_port, default=4566, help="port on 127.0.0.1; 0 takes a free one (4566)")
    add(
        "--state",
        type=Path,
        default=Path(".perennial/account"),
        help="folder of this account; one account at a time has it (.perennial/account)",
    )
    add(
        "--clock",
        type=_moment,
        metavar="TIME",
        help="the account's time at its start, as 1997-05-01T00:00:00Z (now)",
    )
    add("--fresh", action="store_true", help="also forget the images and logs of earlier runs")
    add(
        "--lambda-python",
        type=Path,
        default=Path(os.environ.get("EMULATOR_LAMBDA_PYTHON", _beside("lambda"))),
        metavar="PATH",
        help="interpreter of Lambda functions, with boto3 and nothing else "
        "(EMULATOR_LAMBDA_PYTHON, or the lambda environment beside this one)",
    )
    add(
        "--node",
        type=Path,
        default=os.environ.get("EMULATOR_NODE") or _node(),
        metavar="PATH",
        help="interpreter of nodejs* Lambda functions (EMULATOR_NODE, or the CDK's, or the "
        "node in PATH)",
    )
    add("--lifeline", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    return Options(
        port=given.port,
        state=given.state,
        clock=given.clock,
        fresh=given.fresh,
        lambda_python=given.lambda_python.absolute(),
        node=given.node and Path(given.node).absolute(),
        lifeline=given.lifeline,
    )


def _beside(name: str) -> str:
    """Return the interpreter of the environment called ``name`` beside this interpreter's."""
    return str(Path(sys.prefix).parent / name / "bin" / "python")


def _node() -> str | None:
    cdk = Path(sys.prefix).parent.parent / "cdk" / "node"
    return str(cdk) if cdk.exists() else shutil.which("node")


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"a port is from 0 to 65535, got {text}")
    return port


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"a time is written like 1997-05-01T00:00:00Z, got {text!r}"
        ) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


if __name__ == "__main__":
    sys.exit(main())
