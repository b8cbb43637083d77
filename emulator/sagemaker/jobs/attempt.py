"""One container of a job, from its start to its end: its log, its numbers, its checkpoints."""

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass

from emulator.faults.callers import Callers
from emulator.faults.callers import Kind as CallerKind
from emulator.images import Image
from emulator.ports import Account
from emulator.sagemaker.jobs.checkpoints import Checkpoints
from emulator.sagemaker.jobs.child import Cause, Child, Outcome
from emulator.sagemaker.jobs.contract import HOST, Contract
from emulator.sagemaker.jobs.environment import environment_of
from emulator.sagemaker.jobs.final_metrics import FinalMetrics
from emulator.sagemaker.jobs.job import Job
from emulator.sagemaker.jobs.log_stream import LogStream

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """``run`` returns when the container has ended."""

    job: Job
    image: Image
    contract: Contract
    account: Account
    callers: Callers
    checkpoints: Checkpoints
    left: float
    """Real seconds until the job has waited and run long enough."""
    grace: Callable[[], float]
    stopping: Callable[[], object]
    """Called before a container that ran too long is asked to end."""

    def run(self) -> Outcome:
        key, caller = self.callers.admit(CallerKind.JOB, self.job.name)
        try:
            child = self._start(key)
        except OSError as error:
            # What a container runtime exits with when the entry point does not start.
            _log.warning("job %s did not start: %s", self.job.name, error)
            return Outcome(exit_code=127, cause=Cause.FINISHED)
        caller.kill = child.kill
        metrics = FinalMetrics(
            self.job.request.get("AlgorithmSpecification", {}).get("MetricDefinitions", []),
            self.account.clock.now,
        )
        log = self._log_of(child, metrics)
        self.checkpoints.follow()
        try:
            return self._outcome(child)
        finally:
            caller.kill = None
            log.close()
            self.job.metrics = metrics.as_list()
            self.job.ran += child.seconds
            self.job.seconds = max(1, math.ceil(self.job.ran))
            self.checkpoints.finish()

    def _start(self, access_key: str) -> Child:
        return Child(
            self.contract.command(self.job, self.image),
            cwd=self.image.root,
            environment=environment_of(
                self.job, self.image, self.contract, self.account, access_key
            ),
        )

    def _log_of(self, child: Child, metrics: FinalMetrics) -> LogStream:
        stream = f"{self.job.name}/{HOST}-{int(self.account.clock.now().timestamp())}"
        return LogStream(
            child.output,
            file=self.job.folder / "log.txt",
            send=lambda lines: self.account.write_log(
                group=f"/aws/sagemaker/{self.job.kind.value}Jobs", stream=stream, messages=lines
            ),
            see=metrics.see,
        )

    def _outcome(self, child: Child) -> Outcome:
        """Wait for the container's end, or end it; limits count over all attempts together."""
        runtime = self.job.max_runtime - self.job.ran
        cause = child.wait(
            limit=min(runtime, self.left), stop=self.job.stop_asked, taken=self.job.interrupted
        )
        if cause is Cause.MAX_RUNTIME:
            cause = Cause.MAX_RUNTIME if runtime <= self.left else Cause.MAX_WAIT
            self.stopping()
        return Outcome(exit_code=child.end(grace=self.grace()), cause=cause)
