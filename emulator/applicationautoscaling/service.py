"""Application Auto Scaling's front door: JSON 1.1, each call checked against botocore's model."""

import asyncio
import json
import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

from emulator.applicationautoscaling.errors import unsupported
from emulator.applicationautoscaling.scaling import Scaling
from emulator.sagemaker.errors import ServiceError
from emulator.sagemaker.operations import operations_of
from emulator.sagemaker.wire import check_response, read_request, to_json

Answer = tuple[int, dict[str, str], bytes]

_SERVICE = "application-autoscaling"
_TARGET = "AnyScaleFrontendService."
_JSON = {"Content-Type": "application/x-amz-json-1.1"}
_log = logging.getLogger(__name__)


class ApplicationAutoScaling:
    def __init__(self, scaling: Scaling) -> None:
        rooms = (scaling, scaling.targets, scaling.policies)
        self._operations = dict(pair for room in rooms for pair in operations_of(room))
        self._workers = ThreadPoolExecutor(4, thread_name_prefix="application-autoscaling")

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer one call in this thread; raise :class:`ServiceError` for an error answer."""
        handler = self._operations.get(operation)
        if handler is None:
            raise unsupported(f"the operation {operation}")
        checked = read_request(operation, request, _SERVICE)
        return check_response(operation, handler(checked), _SERVICE)

    async def handle(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        query: Mapping[str, Any],
    ) -> Answer:
        """Answer one HTTP request, as MiniStack hands it to a service."""
        del method, path, query
        lowered = {name.lower(): value for name, value in headers.items()}
        operation = lowered.get("x-amz-target", "").removeprefix(_TARGET)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._workers, self._answer, operation, body)

    def _answer(self, operation: str, body: bytes) -> Answer:
        try:
            asked: Any = json.loads(body or b"{}")
            response = self.call(operation, cast("dict[str, Any]", asked))
        except ServiceError as error:
            return _failed(error)
        except Exception:
            # Whatever goes wrong in here, the caller gets AWS's answer to it and we the trace.
            _log.exception("application-autoscaling:%s failed", operation)
            return _failed(ServiceError("InternalServiceException", "It failed.", status=500))
        return 200, dict(_JSON), json.dumps(to_json(response), allow_nan=False).encode()


def _failed(error: ServiceError) -> Answer:
    body = json.dumps({"__type": error.code, "Message": error.message}).encode()
    return error.status, _JSON | {"x-amzn-errortype": error.code}, body
