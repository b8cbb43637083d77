"""Sixteen clients of the endpoint, each failure final, every answer written down."""

import json
import threading
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from demo.batches import Batch

CLIENTS = 16
LOAD_PREFIX = "load-"
_LOAD_PAUSE = 0.4
"""Seconds that each client rests between two load requests: the machine has two cores."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    inference_id: str
    entities: tuple[str, ...]
    version: int | None
    scores: tuple[float, ...]
    seconds: float
    during_promotion: bool
    error: str | None

    @property
    def failed(self) -> bool:
        return self.error is not None


class Clients:
    """Sends batches concurrently; ``answers`` has one entry for each request ever sent."""

    def __init__(self, runtime: Any, endpoint: str, *, clients: int = CLIENTS) -> None:
        self._runtime = runtime
        self._endpoint = endpoint
        self._clients = clients
        self._lock = threading.Lock()
        self._load_numbers = count()
        self.answers: list[Answer] = []
        self.promoting = False
        """Whether a promotion is under way, as the driver sees it."""
        self.loading = False

    def send(self, batches: Iterable[Batch], done: Callable[[], None] = lambda: None) -> None:
        """Send all of ``batches``; return when each has its answer."""

        def one(batch: Batch) -> None:
            self._invoke(batch)
            done()

        with ThreadPoolExecutor(self._clients, thread_name_prefix="client") as pool:
            list(pool.map(one, batches))

    @contextmanager
    def load(self, batches: Sequence[Batch]) -> Generator[None]:
        """Send ``batches`` over and over, under ids of their own, while the context is open."""
        stopping = threading.Event()
        shares = [batches[number :: self._clients] for number in range(self._clients)]
        askers = [
            threading.Thread(target=self._keep_asking, args=(share, stopping), daemon=True)
            for share in shares
            if share
        ]
        self.loading = True
        for asker in askers:
            asker.start()
        try:
            yield
        finally:
            stopping.set()
            for asker in askers:
                asker.join()
            self.loading = False

    def _keep_asking(self, batches: Sequence[Batch], stopping: threading.Event) -> None:
        while True:
            for batch in batches:
                if stopping.wait(_LOAD_PAUSE):
                    return
                self._invoke_as_load(batch)

    def _invoke_as_load(self, batch: Batch) -> None:
        self._invoke(replace(batch, inference_id=f"{LOAD_PREFIX}{next(self._load_numbers):06}"))

    def _invoke(self, batch: Batch) -> None:
        promoting = self.promoting
        began = time.perf_counter()
        version: int | None = None
        scores: tuple[float, ...] = ()
        error: str | None = None
        try:
            answer = self._runtime.invoke_endpoint(
                EndpointName=self._endpoint,
                ContentType="text/csv",
                Accept="application/json",
                InferenceId=batch.inference_id,
                Body=batch.body,
            )
            version, scores = read_answer(answer["Body"].read(), len(batch.entities))
        except Exception as failure:  # whatever it was, this request was not answered
            error = f"{type(failure).__name__}: {failure}"
        seconds = time.perf_counter() - began
        with self._lock:
            self.answers.append(
                Answer(
                    inference_id=batch.inference_id,
                    entities=batch.entities,
                    version=version,
                    scores=scores,
                    seconds=seconds,
                    during_promotion=promoting or self.promoting,
                    error=error,
                )
            )


def read_answer(body: bytes, rows: int) -> tuple[int, tuple[float, ...]]:
    """Return version and scores; an answer of another length is no answer."""
    document = json.loads(body)
    scores = tuple(float(each["score"]) for each in document["predictions"])
    if len(scores) != rows:
        raise ValueError(f"{rows} rows were asked about, {len(scores)} were answered")
    return int(document["model_version"]), scores
