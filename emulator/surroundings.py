"""What surrounds the account in its process: environment variables and output.

MiniStack reads its configuration from the environment when it is imported; nothing of the
starter's own settings may reach it, least of all credentials of a real account.
"""

import os
import sys
import time
from pathlib import Path
from typing import IO

from emulator.account import Identity
from emulator.state_folder import StateFolder

_OTHERS = ("AWS_", "LAMBDA_", "MINISTACK_", "LOCALSTACK_", "IOT_", "SFTP_", "RDS_")
_SWITCHES = ("SERVICES", "PERSIST_STATE", "S3_PERSIST", "AUTH", "USE_SSL", "EDGE_PORT", "LOG_LEVEL")


def set_environment(identity: Identity, folder: StateFolder) -> None:
    """Configure MiniStack: one address, one account, everything below one folder."""
    for name in list(os.environ):
        if name.startswith(_OTHERS) or name in _SWITCHES:
            del os.environ[name]
    os.environ.update(identity.environment())
    os.environ.update(
        {
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(identity.port),
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "MINISTACK_ACCOUNT_ID": identity.account_id,
            "MINISTACK_REGION": identity.region,
            "STATE_DIR": str(folder.root / "ministack"),
            "S3_DATA_DIR": str(folder.root / "s3"),
            "TMPDIR": str(folder.temporary),
            "TZ": "UTC",
            # No container daemon is ever asked, even where there is one.
            "DOCKER_HOST": f"unix://{folder.root / 'no-docker.sock'}",
        }
    )
    time.tzset()


def redirect_output_to(log: Path) -> IO[str]:
    """Send all output, children's too, to the log; return what reaches the starter."""
    told = os.fdopen(os.dup(1), "w")
    os.set_inheritable(told.fileno(), False)
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    sys.stdout.flush()
    os.dup2(written, 1)
    os.dup2(written, 2)
    os.close(written)
    return told
