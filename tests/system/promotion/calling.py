"""The process of tests.system.promotion.callers: it is told by a line what to ask, and asks."""

import json
import os
import sys
import threading
import time
from typing import Any

from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError


def main() -> None:
    asked = json.loads(sys.stdin.readline())
    if asked["processes"] > 1:
        _divide(asked)
    stopping = threading.Event()
    client = _client(asked)
    askers = [
        threading.Thread(target=_ask, args=(client, asked, number, stopping))
        for number in range(asked["clients"])
    ]
    for asker in askers:
        asker.start()
    sys.stdin.read()  # until the starter closes it
    stopping.set()
    for asker in askers:
        asker.join()


def _divide(asked: dict[str, Any]) -> None:
    """Fork: one interpreter keeps few clients busy. Whoever began waits for the others."""
    share, asked["processes"] = asked["clients"] // asked["processes"], asked["processes"]
    asked["clients"] = share
    run = asked["run"]
    reading, writing = os.pipe()
    children = []
    for number in range(asked["processes"]):
        child = os.fork()
        if child == 0:
            asked["run"] = f"{run}-{number}"
            os.close(writing)
            sys.stdin = os.fdopen(reading)
            return
        children.append(child)
    os.close(reading)
    sys.stdin.read()
    os.close(writing)
    for child in children:
        os.waitpid(child, 0)
    sys.exit(0)


def _client(asked: dict[str, Any]) -> Any:
    return Session(
        aws_access_key_id="test", aws_secret_access_key="test", region_name=asked["region"]
    ).client(
        "sagemaker-runtime",
        endpoint_url=asked["url"],
        config=Config(
            retries={"total_max_attempts": 1},
            max_pool_connections=asked["clients"],
            connect_timeout=20,
            read_timeout=60,
        ),
    )


def _ask(client: Any, asked: dict[str, Any], number: int, stopping: threading.Event) -> None:
    rows, turn = [row.encode() for row in asked["rows"]], 0
    while not stopping.wait(asked["pause"]):
        id = f"{asked['run']}-{number}-{turn}"
        began = time.monotonic()
        told = _told(client, asked["endpoint"], rows[(turn + number) % len(rows)], id)
        turn += 1
        line = json.dumps({"id": id, "began": began, "took": time.monotonic() - began, **told})
        os.write(1, f"{line}\n".encode())  # whole lines, whichever process or thread writes them


def _told(client: Any, endpoint: str, row: bytes, id: str) -> dict[str, str]:
    try:
        answer = client.invoke_endpoint(
            EndpointName=endpoint,
            ContentType="text/csv",
            Accept="application/json",
            InferenceId=id,
            Body=row,
        )
        document = json.loads(answer["Body"].read())
        return {"version": document["model_version"], "header": answer.get("CustomAttributes", "")}
    except ClientError as error:
        original = str(error.response.get("OriginalMessage", ""))
        return {"error": str(error)[:500], "original": original[:500]}
    except (BotoCoreError, OSError, ValueError, KeyError) as error:
        return {"error": f"{type(error).__name__}: {error}"[:500]}


if __name__ == "__main__":
    main()
