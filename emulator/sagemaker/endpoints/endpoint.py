"""One endpoint: its status and fleets, as DescribeEndpoint and EventBridge tell them."""

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from emulator.ports import Account
from emulator.sagemaker.endpoints.description import described, in_milliseconds, variants_of
from emulator.sagemaker.endpoints.fleet import Fleet
from emulator.sagemaker.endpoints.records import arn
from emulator.sagemaker.endpoints.traffic import Traffic


class Status(StrEnum):
    CREATING = "Creating"
    UPDATING = "Updating"
    IN_SERVICE = "InService"
    DELETING = "Deleting"
    FAILED = "Failed"
    UPDATE_ROLLBACK_FAILED = "UpdateRollbackFailed"
    """A rolling deployment failed on its way back: both configurations serve."""


BUSY = frozenset({Status.CREATING, Status.UPDATING, Status.DELETING})


@dataclass(slots=True, kw_only=True)
class Pending:
    """A deployment that is under way."""

    config_name: str
    started: datetime
    fleet: Fleet
    active: Mapping[str, int] = field(default_factory=dict)
    stage: dict[str, Any] = field(default_factory=dict)


class Endpoint:
    """Mutable record; ``lock`` guards status and fleets, ``traffic`` has its own lock."""

    def __init__(self, account: Account, name: str, config_name: str, tags: list[Any]) -> None:
        self.name = name
        self.arn = arn(account, "endpoint", name)
        self.config_name = config_name
        self.tags = tags
        self.status = Status.CREATING
        self.failure: str | None = None
        self.created = self.modified = account.clock.now()
        self.traffic = Traffic()
        self.fleet: Fleet | None = None
        self.retiring: tuple[Fleet, ...] = ()
        self.baking = False
        self.pending: Pending | None = None
        self.deployment_config: dict[str, Any] | None = None
        self.lock = threading.RLock()
        self._account = account

    def fleets(self) -> list[Fleet]:
        pending = self.pending
        found = (self.fleet, *self.retiring, None if pending is None else pending.fleet)
        return [fleet for fleet in found if fleet is not None]

    def become(self, status: Status, failure: str | None = None) -> None:
        """Change status and say so on the bus."""
        with self.lock:
            self.status = status
            self.failure = failure
            self.modified = self._account.clock.now()
        self._tell("SageMaker Endpoint State Change")

    def enter(self, stage: str, message: str, active: Mapping[str, int] | None = None) -> None:
        """Record the stage of the pending deployment and say so on the bus."""
        with self.lock:
            if self.pending is None:
                return
            now = self._account.clock.now()
            self.pending.stage = {"Status": stage, "StatusMessage": message, "StartTime": now}
            if active is not None:
                self.pending.active = active
        self._tell("SageMaker Endpoint Deployment State Change")

    def describe(self) -> dict[str, Any]:
        with self.lock:
            found: dict[str, Any] = {
                "EndpointName": self.name,
                "EndpointArn": self.arn,
                "EndpointConfigName": self.config_name,
                "EndpointStatus": self.status.value,
                "CreationTime": self.created,
                "LastModifiedTime": self.modified,
            }
            if self.failure is not None:
                found["FailureReason"] = self.failure
            if self.deployment_config is not None:
                found["LastDeploymentConfig"] = self.deployment_config
            if self.fleet is not None and self.fleet.pools:
                found |= described(self.fleet)
            if self.pending is not None and self.fleet is not None:
                found["PendingDeploymentSummary"] = self._pending()
            return found

    def _pending(self) -> dict[str, Any]:
        pending = self.pending
        if pending is None:
            return {}
        found: dict[str, Any] = variants_of(pending.fleet)
        for variant in found["ProductionVariants"]:
            if "CurrentInstanceCount" in variant:
                name = variant["VariantName"]
                variant["CurrentInstanceCount"] = pending.active.get(name, 0)
            if pending.stage:
                variant["VariantStatus"] = [pending.stage]
        return found | {"EndpointConfigName": pending.config_name, "StartTime": pending.started}

    def _tell(self, detail_type: str) -> None:
        """https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html"""
        detail = {
            key: value
            for key, value in self.describe().items()
            if key
            in (
                "EndpointName",
                "EndpointArn",
                "EndpointConfigName",
                "ProductionVariants",
                "ShadowProductionVariants",
                "CreationTime",
                "LastModifiedTime",
                "PendingDeploymentSummary",
            )
        }
        detail["EndpointStatus"] = re.sub(r"(?<!^)(?=[A-Z])", "_", self.status.value).upper()
        detail["Tags"] = {tag["Key"]: tag["Value"] for tag in self.tags}
        self._account.put_event(
            source="aws.sagemaker",
            detail_type=detail_type,
            detail=in_milliseconds(detail),
            resources=[self.arn],
        )
