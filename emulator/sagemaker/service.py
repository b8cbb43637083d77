"""SageMaker's front door: each API call is checked and handed to the room that answers it.

Control-plane calls are JSON 1.1 (``X-Amz-Target: SageMaker.<Operation>``) and run in worker
threads; ``/endpoints/…`` is SageMaker Runtime, which stays on the event loop.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/CommonErrors.html
"""

import asyncio
import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, cast, runtime_checkable

from emulator.faults.callers import Callers
from emulator.images import Images
from emulator.ports import Account
from emulator.sagemaker.errors import ServiceError, not_supported
from emulator.sagemaker.jobs import Jobs
from emulator.sagemaker.operations import Handler, operations_of
from emulator.sagemaker.registry import Registry
from emulator.sagemaker.tags import Tags
from emulator.sagemaker.wire import check_response, read_request, to_json

Answer = tuple[int, dict[str, str], bytes]

_WORKERS = 16
_log = logging.getLogger(__name__)


class Runtime(Protocol):
    """The room that answers SageMaker Runtime."""

    async def handle_runtime(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        """Answer ``POST /endpoints/{name}/invocations``."""
        ...


class _Stock(Protocol):
    def limit(self, given: Mapping[str, Any]) -> dict[str, Any]: ...


@runtime_checkable
class Stocked(Protocol):
    """The room whose instances may be scarce."""

    @property
    def stock(self) -> _Stock: ...


@runtime_checkable
class Resizable(Protocol):
    """The room that measures instances."""

    def resize_instances(self, given: Mapping[str, Any]) -> dict[str, Any]: ...


def endpoint_rooms(account: Account, images: Images, callers: Callers) -> Sequence[object]:
    """Return the rooms of models and endpoints; they bring an HTTP client, so they load late."""
    from emulator.sagemaker.endpoints import rooms

    return rooms(account, images, callers)


class SageMaker:
    """SageMaker of one account; ``start`` and ``stop`` frame its life."""

    def __init__(
        self,
        account: Account,
        images: Images,
        *,
        endpoints: Sequence[object] | None = None,
        callers: Callers | None = None,
    ) -> None:
        callers = callers or Callers()
        self.tags = Tags(account_id=account.account_id, region=account.region)
        self.jobs = Jobs(account, images, self.tags, callers=callers)
        self.registry = Registry(account, images)
        found = endpoint_rooms(account, images, callers) if endpoints is None else endpoints
        self._rooms: list[object] = [self.tags, self.jobs, self.registry, *found]
        self._rooms += self._transform_rooms(account, images, found, callers)
        self._operations: dict[str, Handler] = {}
        for room in self._rooms:
            for name, handler in operations_of(room):
                if name in self._operations:
                    raise ValueError(f"two rooms answer sagemaker:{name}")
                self._operations[name] = handler
        self._runtime = next((room for room in found if hasattr(room, "handle_runtime")), None)
        self._workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="sagemaker")

    def _transform_rooms(
        self, account: Account, images: Images, found: Sequence[object], callers: Callers
    ) -> Sequence[object]:
        """Return the room of transform jobs, which run models, where there are any."""
        if not found:  # and what brings an HTTP client need not load
            return []
        from emulator.sagemaker.endpoints.models import Models
        from emulator.sagemaker.transform import Transforms

        scarcity = self.jobs.scarcity
        return [
            Transforms(account, images, room, self.tags, callers=callers, scarcity=scarcity)
            for room in found
            if isinstance(room, Models)
        ]

    @property
    def operations(self) -> frozenset[str]:
        """The API calls this account answers; every other fails by name."""
        return frozenset(self._operations)

    def start(self) -> None:
        _each(self._rooms, "start")

    def attach(self, scaling: object) -> None:
        """Let the endpoints ask Application Auto Scaling which of their variants scale."""
        for room in self._rooms:
            if hasattr(room, "scaling"):
                setattr(room, "scaling", scaling)  # noqa: B010 - the room loads late

    def limit_instances(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Make an instance type scarce, for jobs or (``jobs: endpoint``) for endpoints."""
        if given.get("jobs") != "endpoint":
            return self.jobs.scarcity.limit(given)
        stock = next(room.stock for room in self._rooms if isinstance(room, Stocked))
        return stock.limit(given)

    def resize_instances(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Let the instances that serve be smaller than this machine."""
        room = next(room for room in self._rooms if isinstance(room, Resizable))
        return room.resize_instances(given)

    def catch_up(self) -> None:
        """Bring what is published every second up to date, before the clock jumps."""
        _each(self._rooms, "catch_up")

    def stop(self) -> None:
        """End every job and endpoint; return when none of their processes is left."""
        _each(reversed(self._rooms), "stop")
        self._workers.shutdown(wait=False, cancel_futures=True)

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer one call in this thread: ``datetime`` values for timestamps, no absent members.

        Raises :class:`~emulator.sagemaker.errors.ServiceError` for an error answer.
        """
        handler = self._operations.get(operation)
        if handler is None:
            raise not_supported(operation)
        checked = read_request(operation, request)
        response = check_response(operation, handler(checked) or {})
        self.tags.observe(operation, checked, response)
        return response

    async def handle(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        query: Mapping[str, Any],  # noqa: ARG002 - MiniStack's handler signature
    ) -> Answer:
        """Answer one HTTP request, as MiniStack hands it to a service."""
        lowered = {name.lower(): value for name, value in headers.items()}
        target = lowered.get("x-amz-target", "")
        if not target.startswith("SageMaker."):
            return await self._handle_runtime(method, path, lowered, body)
        work = asyncio.get_running_loop().run_in_executor(
            self._workers, self._answer, target.removeprefix("SageMaker."), body
        )
        return await work

    async def _handle_runtime(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        if self._runtime is None or not path.startswith("/endpoints/"):
            return failed(not_supported(f"{method} {path}"))
        return await cast(Runtime, self._runtime).handle_runtime(method, path, headers, body)

    def _answer(self, operation: str, body: bytes) -> Answer:
        try:
            response = self.call(operation, _parsed(body))
        except ServiceError as error:
            return failed(error)
        except Exception:
            # Whatever goes wrong in here, the caller gets AWS's answer to it and we the trace.
            _log.exception("sagemaker:%s failed", operation)
            return failed(
                ServiceError(
                    "InternalFailure",
                    "The request processing has failed because of an unknown error",
                    status=500,
                )
            )
        # MiniStack adds to the headers it is given: never the same ones twice.
        return 200, dict(_JSON), json.dumps(to_json(response), allow_nan=False).encode()


def _each(rooms: Iterable[object], step: str) -> None:
    for room in rooms:
        if hasattr(room, step):
            getattr(room, step)()


_JSON = {"Content-Type": "application/x-amz-json-1.1"}


def _parsed(body: bytes) -> Mapping[str, Any]:
    try:
        parsed = json.loads(body or b"{}")
    except ValueError as error:
        raise ServiceError("SerializationException", f"the body is not JSON: {error}") from error
    if not isinstance(parsed, dict):
        raise ServiceError("SerializationException", "the body is not a JSON object")
    return cast("dict[str, Any]", parsed)


def failed(error: ServiceError) -> Answer:
    """Return the error as JSON 1.1 has it."""
    body = json.dumps({"__type": error.code, "message": error.message}).encode()
    return error.status, _JSON | {"x-amzn-errortype": error.code}, body
