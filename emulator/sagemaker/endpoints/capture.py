"""Data capture: what an endpoint answered, on its way to S3 as JSON lines.

Where the files lie follows
https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html
"""

import logging
import random
import threading
import time
import uuid
from collections.abc import Sequence

from emulator.ports import Account
from emulator.sagemaker.endpoints.exchange import CaptureSettings, Exchange, line_of

_log = logging.getLogger("emulator.endpoints")

_FAREWELL_ATTEMPTS = 30


class CaptureLog:
    """What one variant of one endpoint captured and has not uploaded yet.

    ``add`` runs on the event loop and only appends; encoding and upload happen in ``flush``.
    """

    def __init__(
        self, account: Account, settings: CaptureSettings, *, endpoint: str, variant: str
    ) -> None:
        self._account = account
        self._settings = settings
        bucket, _, prefix = settings.uri.removeprefix("s3://").rstrip("/").partition("/")
        self._bucket = bucket
        self._prefix = "/".join(part for part in (prefix, endpoint, variant) if part)
        self._pending: list[Exchange] = []
        self._lock = threading.Lock()
        self._uploading = threading.Lock()
        self._unsent: list[tuple[str, bytes]] = []

    def add(self, exchange: Exchange) -> None:
        """Take ``exchange``, or leave it out by sampling."""
        percentage = self._settings.percentage
        if percentage < 100 and random.random() * 100 >= percentage:  # noqa: S311 - a sample
            return
        with self._lock:
            self._pending.append(exchange)

    def flush(self) -> None:
        """Upload all there is, one file per hour of the account's clock.

        A failed upload raises and keeps its file under its name: a later flush sends it again,
        so that each exchange is in exactly one object.
        """
        with self._uploading:
            with self._lock:
                taken, self._pending = self._pending, []
            self._unsent += self._files(taken)
            encryption: dict[str, str] = {}
            if self._settings.kms_key is not None:
                encryption = {
                    "ServerSideEncryption": "aws:kms",
                    "SSEKMSKeyId": self._settings.kms_key,
                }
            while self._unsent:
                key, body = self._unsent[0]
                self._account.client("s3").put_object(
                    Bucket=self._bucket, Key=key, Body=body, **encryption
                )
                self._unsent.pop(0)

    def close(self, pause: float = 1.0) -> None:
        """Upload the rest; try for half a minute before giving up loudly."""
        for attempt in range(1, _FAREWELL_ATTEMPTS + 1):
            try:
                return self.flush()
            except Exception:
                if attempt == _FAREWELL_ATTEMPTS:
                    raise
                _log.exception("uploading captures to %s failed, trying again", self._prefix)
                time.sleep(pause)
        return None

    def _files(self, exchanges: Sequence[Exchange]) -> list[tuple[str, bytes]]:
        hours: dict[str, list[Exchange]] = {}
        for exchange in exchanges:
            hours.setdefault(f"{exchange.at:%Y/%m/%d/%H}", []).append(exchange)
        files: list[tuple[str, bytes]] = []
        for hour, part in hours.items():
            first = part[0].at
            stamp = f"{first:%M-%S}-{first.microsecond // 1000:03d}-{uuid.uuid4()}"
            text = "".join(line_of(exchange, self._settings) for exchange in part)
            files.append((f"{self._prefix}/{hour}/{stamp}.jsonl", text.encode()))
        return files
