"""Errors of AWS in plain words with a next step, and the exit code that goes with them."""

import sys
from collections.abc import Generator
from contextlib import contextmanager

from contracts.errors import ContractError
from perennial.refusal import ExitCode, Refused

_CREDENTIALS = (
    "the embedded account's are printed by: .venv/bin/python -m demo --keep; for AWS: aws sso login"
)

_OTHER_RELEASE = (
    "what was read is damaged or of another release of Perennial: use the release that was deployed"
)


@contextmanager
def plainly() -> Generator[None]:
    """Print what stopped the command as one sentence and one next step, and leave."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except Refused as refused:
        raise leave(refused) from None
    except ContractError as error:
        raise leave(Refused(str(error), next_step=_OTHER_RELEASE)) from None
    except ClientError as error:
        raise leave(_of_answer(error)) from None
    except BotoCoreError as error:
        raise leave(_of_connection(error)) from None


def leave(refused: Refused) -> SystemExit:
    print(f"perennial: {refused.message}", file=sys.stderr)
    print(f"     next: {refused.next_step}", file=sys.stderr)
    return SystemExit(int(refused.code))


def _of_answer(error: Exception) -> Refused:
    answer = getattr(error, "response", {}).get("Error", {})
    operation = getattr(error, "operation_name", "the call")
    code, message = answer.get("Code", "error"), answer.get("Message", str(error))
    denied = "AccessDenied" in code or code in ("ExpiredToken", "InvalidClientTokenId")
    return Refused(
        f"{operation} was refused with {code}: {message}",
        next_step=_CREDENTIALS if denied else "see the state with: perennial status",
        code=ExitCode.UNREACHABLE if denied else ExitCode.REFUSED,
    )


def _of_connection(error: Exception) -> Refused:
    return Refused(
        str(error),
        next_step="set AWS_ENDPOINT_URL (embedded account) or a region and credentials (AWS); "
        + _CREDENTIALS,
        code=ExitCode.UNREACHABLE,
    )
