"""The life of one job, from its download to its end, in a thread of its own."""

import logging
import shutil
import time
from dataclasses import dataclass, field

from emulator.faults.callers import Callers
from emulator.images import Image
from emulator.ports import Account
from emulator.sagemaker.jobs.attempt import Attempt
from emulator.sagemaker.jobs.bucket import Bucket
from emulator.sagemaker.jobs.checkpoints import Checkpoints
from emulator.sagemaker.jobs.child import Cause, Outcome
from emulator.sagemaker.jobs.contract import Contract
from emulator.sagemaker.jobs.exit_message import exit_message
from emulator.sagemaker.jobs.job import Job, JobFailed, Kind, Stage
from emulator.sagemaker.jobs.progress import Progress
from emulator.sagemaker.jobs.scarcity import Scarcity, no_capacity
from emulator.sagemaker.jobs.spot import is_spot, max_wait

_INTERNAL = "InternalServerError: We encountered an internal error.  Please try again."
_ABANDONED_GRACE = 0.5
_LOOK = 0.05
"""Real seconds between two looks for a free spot instance."""
_log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True, eq=False)
class Run:
    """``live`` is the thread's body."""

    job: Job
    image: Image | None
    contract: Contract
    account: Account
    progress: Progress
    callers: Callers
    scarcity: Scarcity
    grace: float
    _born: float = field(default_factory=time.monotonic)

    def live(self) -> None:
        try:
            self._live()
        except JobFailed as failure:
            self.progress.fail(str(failure))
        finally:
            self.scarcity.give_back(self.job)

    def _live(self) -> None:
        """Try again after an error of the service's own, as often as RetryStrategy says.

        https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_RetryStrategy.html
        """
        retries = self.job.request.get("RetryStrategy", {}).get("MaximumRetryAttempts", 0)
        for again in range(retries + 1):
            try:
                self._try()
            except JobFailed:
                raise
            except Exception as error:
                # The job ends as AWS ends it when the fault is the service's; the trace is ours.
                _log.exception("%s job %s failed in the service", self.job.kind, self.job.name)
                if again == retries or self.job.stop_asked.is_set():
                    raise JobFailed(_INTERNAL) from error
                self.progress.enter(Stage.STARTING)
            else:
                return

    def _try(self) -> None:
        image = self._found_image()
        bucket = Bucket(self.account.client("s3"))
        while self._got_instance():
            outcome = self._attempt(image, bucket)
            if outcome is None:
                self.progress.enter(Stage.STOPPED)
            elif outcome.cause is Cause.INTERRUPTED:
                self._lose_instance()
                continue
            else:
                self._conclude(outcome, bucket)
            return

    def _found_image(self) -> Image:
        if self.image is None:
            raise JobFailed(
                f"ClientError: API error (404): manifest for {self.contract.image_uri(self.job)} "
                "not found: manifest unknown: Requested image not found"
            )
        return self.image

    def _got_instance(self) -> bool:
        """Wait for spot capacity as long as the request says; other jobs do not wait."""
        while not self.scarcity.take(self.job):
            if not is_spot(self.job):
                raise no_capacity()
            if self.job.stop_asked.wait(_LOOK):
                self.progress.enter(Stage.STOPPED)
                return False
            if self._left() <= 0:
                self.progress.enter(Stage.STOPPING)
                self.progress.enter(Stage.MAX_WAIT_TIME_EXCEEDED)
                return False
        return True

    def _lose_instance(self) -> None:
        """https://docs.aws.amazon.com/sagemaker/latest/dg/model-managed-spot-training-status.html."""
        self.job.interrupted.clear()
        self.scarcity.give_back(self.job)
        self.progress.enter(Stage.INTERRUPTED)
        self.progress.enter(Stage.STARTING)

    def _left(self) -> float:
        return max_wait(self.job) - (time.monotonic() - self._born)

    def _attempt(self, image: Image, bucket: Bucket) -> Outcome | None:
        """Run a container on a fresh instance; nothing when it need not start any more."""
        job = self.job
        self.progress.enter(Stage.DOWNLOADING)
        shutil.rmtree(job.folder, ignore_errors=True)
        job.folder.mkdir(parents=True)
        self.contract.lay_out(job, bucket)
        checkpoints = Checkpoints(job, bucket)
        checkpoints.bring()
        if job.stop_asked.is_set():
            return None
        self.progress.enter(Stage.TRAINING)
        outcome = Attempt(
            job=job,
            image=image,
            contract=self.contract,
            account=self.account,
            callers=self.callers,
            checkpoints=checkpoints,
            left=self._left(),
            grace=lambda: _ABANDONED_GRACE if self.progress.abandoned else self.grace,
            stopping=lambda: self.progress.enter(Stage.STOPPING),
        ).run()
        job.exit_message = exit_message(job)
        return outcome

    def _conclude(self, outcome: Outcome, bucket: Bucket) -> None:
        failed = outcome.cause is Cause.FINISHED and outcome.exit_code != 0
        if not self.progress.abandoned:
            self.progress.enter(Stage.UPLOADING)
            succeeded = not failed
            if self.job.kind is Kind.PROCESSING:
                succeeded = outcome.cause is Cause.FINISHED and not failed
            self.contract.upload(self.job, bucket, succeeded=succeeded)
        if failed:
            self.progress.fail(self.contract.failure(self.job, outcome.exit_code))
        elif outcome.cause is Cause.STOPPED:
            self.progress.enter(Stage.STOPPED)
        elif outcome.cause is Cause.MAX_RUNTIME:
            self.progress.enter(Stage.MAX_RUNTIME_EXCEEDED, self._overrun())
        elif outcome.cause is Cause.MAX_WAIT:
            self.progress.enter(Stage.MAX_WAIT_TIME_EXCEEDED)
        else:
            self.progress.enter(Stage.COMPLETED)

    def _overrun(self) -> str | None:
        """A training job says it by its secondary status; a processing job has none."""
        if self.job.kind is Kind.TRAINING:
            return None
        limit = self.job.max_runtime
        return f"MaxRuntimeExceeded: the job ran longer than MaxRuntimeInSeconds ({limit})"
