"""The AWS account that the SDK's own settings point at, embedded or real."""

import os
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any

from contracts import moment


class Account:
    """Clients are made when first asked for: importing boto3 takes longer than most commands."""

    def __init__(self) -> None:
        self._clients: dict[str, Any] = {}

    @cached_property
    def _session(self) -> Any:
        from boto3.session import Session

        # Other SDKs and the CDK read AWS_REGION; boto3 reads only AWS_DEFAULT_REGION by itself.
        return Session(region_name=os.environ.get("AWS_REGION"))

    @property
    def region(self) -> str | None:
        return self._session.region_name

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self._session.client(service)
        return self._clients[service]

    def caller(self) -> str:
        """Return who asks, as AWS names them: the last part of the caller's ARN."""
        arn: str = self.client("sts").get_caller_identity()["Arn"]
        return arn.rsplit(":", 1)[1]

    def now(self) -> datetime:
        """Return the account's time as an answer tells it, never this machine's clock.

        An embedded account, whose clock may be advanced, says its own beside the real Date: the
        SDKs would take a moved Date for a wrong clock of ours, and sign with it.
        """
        headers = self.client("sts").get_caller_identity()["ResponseMetadata"]["HTTPHeaders"]
        own = headers.get("x-account-time")
        if own is not None:
            return moment.parse(own, "x-account-time")
        return parsedate_to_datetime(headers["date"]).astimezone(UTC)
