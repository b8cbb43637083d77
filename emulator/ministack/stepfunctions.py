"""Step Functions as AWS runs them, where MiniStack's interpreter does not."""

from collections.abc import Mapping
from typing import Any, Protocol

from emulator.ports import Account

SEAMS = (
    "ministack.services.stepfunctions:_run_execution",
    "ministack.services.stepfunctions:_scaled_sleep",
    "ministack.services.stepfunctions:_sleep_until",
)


class SageMaker(Protocol):
    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]: ...


def install(account: Account, sagemaker: SageMaker) -> None:
    raise NotImplementedError
