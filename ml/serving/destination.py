"""The bucket that captures go to, and the time it is there."""

from datetime import datetime
from typing import Any, Protocol

from contracts import layout
from contracts.capture import CLOCK_FOLDER, ContainerCapture


class Destination(Protocol):
    def time(self) -> datetime:
        """Return what time it is where captures are stored."""
        ...

    def put(self, name: str, body: bytes) -> None:
        """Store ``body`` as ``<uri>/<endpoint>/<variant>/<name>``."""
        ...


class S3Destination:
    """Records are dated by the store's clock, not by the machine's: windows of captures are read by
    it, and a container's clock is nobody's concern (ADR 0019)."""

    def __init__(self, s3: Any, capture: ContainerCapture) -> None:
        self._s3 = s3
        self._bucket, prefix = layout.split_s3_uri(capture.uri.rstrip("/"))
        self._base = f"{prefix}/{capture.endpoint}/{capture.variant}/"
        self._clock = f"{prefix}/{CLOCK_FOLDER}{capture.endpoint}-{capture.variant}"
        self._encryption: dict[str, str] = {}
        if capture.key_arn is not None:
            self._encryption = {
                "ServerSideEncryption": "aws:kms",
                "SSEKMSKeyId": capture.key_arn,
            }

    def time(self) -> datetime:
        # S3 says when it stored an object, and nothing else about its time.
        mark = {"Bucket": self._bucket, "Key": self._clock}
        self._s3.put_object(**mark, Body=b"", **self._encryption)
        stored: datetime = self._s3.head_object(**mark)["LastModified"]
        return stored

    def put(self, name: str, body: bytes) -> None:
        self._s3.put_object(
            Bucket=self._bucket, Key=f"{self._base}{name}", Body=body, **self._encryption
        )


def prepare() -> None:
    """Load the library before the workers are forked, which then share it."""
    import boto3
    from botocore.config import Config

    del boto3, Config


def open_destination(capture: ContainerCapture) -> Destination:
    # Imported where it is needed: boto3 takes longer than the rest of the server.
    import boto3
    from botocore.config import Config

    timeouts = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 2})
    return S3Destination(boto3.client("s3", config=timeouts), capture)
