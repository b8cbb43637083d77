"""The objects of a transform job, each read, answered and written."""

import gzip
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from emulator.sagemaker.jobs.bucket import Bucket
from emulator.sagemaker.operations import Request
from emulator.sagemaker.transform.batches import TooLarge, assembled, batches_of
from emulator.sagemaker.transform.container import Container, Refused
from emulator.sagemaker.transform.settings import Settings

_LOOK = 1.0
"""Real seconds after which what the containers printed is sent on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputObject:
    bucket: str
    key: str
    relative: str
    """Its name below the input's prefix, and below the output's with ``.out``."""


@dataclass(slots=True, kw_only=True, eq=False)
class Work:
    """``do`` answers all objects, each by one of the containers."""

    request: Request
    bucket: Bucket
    stop: threading.Event
    refusals: list[Refused] = field(default_factory=list[Refused])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def do(
        self,
        objects: Sequence[InputObject],
        containers: Sequence[tuple[Container, Settings]],
    ) -> None:
        """Raise what stopped or broke the job; what single objects met is in ``refusals``."""
        with ExitStack() as stack:
            desks = [stack.enter_context(_desk(*each)) for each in containers]
            pending: set[Future[None]] = {
                desks[number % len(desks)].submit(self._answer, each, desks[number % len(desks)])
                for number, each in enumerate(objects)
            }
            while pending:
                done, pending = wait(pending, timeout=_LOOK)
                for each in done:
                    each.result()
                for container, _ in containers:
                    # What a stopped job's container is at work on, nobody waits for.
                    container.kill() if self.stop.is_set() else container.report()

    def _answer(self, each: InputObject, desk: "_Desk") -> None:
        given, output = self.request["TransformInput"], self.request["TransformOutput"]
        body = self.bucket.read(each.bucket, each.key)
        if given.get("CompressionType") == "Gzip":
            body = gzip.decompress(body)
        name = f"{each.bucket}/{each.key}"
        try:
            answers = desk.ask_all(name, body, by_line=given.get("SplitType") == "Line")
        except Refused as refused:
            with self._lock:
                self.refusals.append(refused)
            return
        self.bucket.write(
            assembled(answers, by_line=output.get("AssembleWith") == "Line"),
            f"{output['S3OutputPath'].rstrip('/')}/{each.relative}.out",
            kms_key=output.get("KmsKeyId"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    """A container and its threads: who reads objects is not who asks, so none waits for itself."""

    container: Container
    settings: Settings
    readers: ThreadPoolExecutor
    askers: ThreadPoolExecutor

    def submit(self, act: Callable[..., None], each: InputObject, desk: "_Desk") -> Future[None]:
        return self.readers.submit(act, each, desk)

    def ask_all(self, name: str, body: bytes, *, by_line: bool) -> list[bytes]:
        try:
            batches = list(batches_of(body, by_line=by_line, settings=self.settings))
        except TooLarge as error:
            self.container.log.say(f"{name}: ClientError: {error}")
            raise Refused(clients=True) from error
        return list(self.askers.map(lambda batch: self.container.ask(name, batch), batches))


@contextmanager
def _desk(container: Container, settings: Settings) -> Generator[_Desk]:
    count = settings.concurrency
    with (
        ThreadPoolExecutor(count, "transform-reader") as readers,
        ThreadPoolExecutor(count, "transform-asker") as askers,
    ):
        yield _Desk(container=container, settings=settings, readers=readers, askers=askers)
