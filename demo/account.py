"""The demo's embedded account: started afresh, after whatever an earlier demo left of its own."""

import json
from datetime import UTC, datetime
from typing import Any

from demo import places
from demo.failure import DemoFailed
from emulator import client
from emulator.client import RunningAccount

START = datetime(1997, 5, 1, tzinfo=UTC)


def start() -> RunningAccount:
    """Start the account at ``START``; one that an earlier demo kept is stopped first.

    What a killed account left is swept by the account itself when it takes its folder.
    """
    try:
        return client.start(port=0, state=places.ACCOUNT, clock=START, fresh=True)
    except client.DidNotStart as error:
        raise DemoFailed(
            f"the embedded account did not start: {error}",
            next_step="make its environment again with: tools/setup emulator lambda",
        ) from error


def stop_kept() -> bool:
    """Stop the account that an earlier ``--keep`` left running; say whether there was one."""
    try:
        facts = json.loads((places.ACCOUNT / "account.json").read_text())
        kept = client.connect(facts["endpoint_url"])
    except (OSError, ValueError):
        return False
    if kept.state != places.ACCOUNT:
        return False  # the port belongs to somebody else's account now
    kept.stop()
    return True


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
