"""The demo's embedded account: started afresh, after whatever an earlier demo left of its own."""

import json
import os
import signal
from datetime import datetime
from pathlib import Path
from typing import Any

from demo import places
from demo.failure import DemoFailed
from emulator import client
from emulator.client import RunningAccount


def start(clock: datetime) -> RunningAccount:
    """Start the account at the time ``clock``; one that an earlier demo left must be stopped first.

    What a killed account left is swept by the account itself when it takes its folder.
    """
    try:
        return client.start(port=0, state=places.ACCOUNT, clock=clock, fresh=True)
    except client.DidNotStart as error:
        raise DemoFailed(
            f"the embedded account did not start: {error}",
            next_step="make its environment again with: tools/setup emulator lambda",
        ) from error


def stop_earlier() -> bool:
    """Stop the account that an earlier demo left running; say whether there was one."""
    try:
        facts = json.loads((places.ACCOUNT / "account.json").read_text())
    except (OSError, ValueError):
        return False
    pid = int(facts["pid"])
    if not _is_ours(pid):
        return False  # it ended, and the number may be somebody else's by now
    try:
        client.connect(facts["endpoint_url"]).stop()
    except OSError:  # it hangs; what it started is swept when the folder is taken
        os.kill(pid, signal.SIGKILL)
    return True


def _is_ours(pid: int) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    except OSError:
        return False
    return "emulator" in command and str(places.ACCOUNT) in command


def impatient_client(account: RunningAccount, service: str, *, connections: int) -> Any:
    """Return a client whose first failure is final: the SDK's retries would hide it."""
    from boto3.session import Session
    from botocore.config import Config

    settings = account.environment()
    return Session(
        aws_access_key_id=settings["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=settings["AWS_SECRET_ACCESS_KEY"],
        region_name=account.region,
    ).client(
        service,
        endpoint_url=account.endpoint_url,
        config=Config(
            retries={"total_max_attempts": 1},
            max_pool_connections=connections,
            read_timeout=60,
        ),
    )
