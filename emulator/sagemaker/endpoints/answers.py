"""Answers of sagemaker-runtime that are errors, as the REST-JSON protocol carries them."""

import json
from typing import Any

from emulator.ports import Account
from emulator.sagemaker.endpoints.records import log_group
from emulator.sagemaker.errors import not_supported

Answer = tuple[int, dict[str, str], bytes]


def error(status: int, code: str, message: str, **members: Any) -> Answer:
    headers = {"Content-Type": "application/json", "x-amzn-errortype": code}
    return status, headers, json.dumps({"Message": message, **members}).encode()


def unsupported(what: str) -> Answer:
    refused = not_supported(what)
    return error(refused.status, refused.code, refused.message)


def model_error(account: Account, endpoint: str, status: int, body: bytes) -> Answer:
    """Return ModelError (424): the container answered, and not with success.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_ModelError.html
    ``status`` 0 is AWS's own for an invocation that timed out.
    """
    group = log_group(endpoint)
    original = body.decode(errors="replace")
    who = "client" if 400 <= status < 500 else "server"
    said = f'with message "{original}"'
    if status == 413 and not body:
        said = "and could not load the entire response body"
    see = (
        f"https://{account.region}.console.aws.amazon.com/cloudwatch/home"
        f"?region={account.region}#logEventViewer:group={group}"
    )
    return error(
        424,
        "ModelError",
        f"Received {who} error ({status}) from primary {said}. See {see} in account "
        f"{account.account_id} for more information.",
        OriginalStatusCode=status,
        OriginalMessage=original,
        LogStreamArn=f"arn:aws:logs:{account.region}:{account.account_id}:log-group:{group}",
    )
