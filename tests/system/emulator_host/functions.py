"""Lambda functions that the host's system tests deploy."""

import io
import json
import zipfile
from typing import Any

from emulator.client import RunningAccount

ROLE = "arn:aws:iam::000000000000:role/any"


def deploy(account: RunningAccount, name: str, source: str, **configuration: Any) -> str:
    bundle = io.BytesIO()
    with zipfile.ZipFile(bundle, "w") as archive:
        archive.writestr("app.py", source)
    made = account.client("lambda").create_function(
        **{
            "FunctionName": name,
            "Runtime": "python3.13",
            "Role": ROLE,
            "Handler": "app.handler",
            "Code": {"ZipFile": bundle.getvalue()},
            "Timeout": 30,
            **configuration,
        }
    )
    return made["FunctionArn"]


def invoke(account: RunningAccount, name: str, event: object = None) -> Any:
    answer = account.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
    return json.loads(answer["Payload"].read())
