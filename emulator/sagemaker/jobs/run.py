"""The life of one job, from its download to its end, in a thread of its own."""

import codecs
import logging
import math
import shutil
from dataclasses import dataclass, field

from emulator.faults.callers import Callers
from emulator.faults.callers import Kind as CallerKind
from emulator.images import Image
from emulator.ports import Account
from emulator.sagemaker.jobs.bucket import Bucket
from emulator.sagemaker.jobs.child import Cause, Child, Outcome
from emulator.sagemaker.jobs.contract import HOST, Contract
from emulator.sagemaker.jobs.description import event_detail
from emulator.sagemaker.jobs.environment import environment_of
from emulator.sagemaker.jobs.final_metrics import FinalMetrics
from emulator.sagemaker.jobs.job import Job, JobFailed, Kind, Stage
from emulator.sagemaker.jobs.log_stream import LogStream
from emulator.sagemaker.jobs.scarcity import Scarcity, no_capacity
from emulator.sagemaker.tags import Tags

_INTERNAL = "InternalServerError: We encountered an internal error.  Please try again."
_MESSAGE = 1024
_ABANDONED_GRACE = 0.5
_log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True, eq=False)
class Run:
    """``live`` is the thread's body; ``announce`` tells EventBridge where the job stands."""

    job: Job
    image: Image | None
    contract: Contract
    account: Account
    tags: Tags
    callers: Callers
    scarcity: Scarcity
    grace: float
    abandoned: bool = field(default=False)
    """The account is going: nobody is left to tell, and nothing to upload to."""

    def live(self) -> None:
        try:
            self._live()
        except JobFailed as failure:
            self._fail(str(failure))
        except Exception:
            # The job ends as AWS ends it when the fault is the service's; the trace is ours.
            _log.exception("%s job %s failed inside the service", self.job.kind, self.job.name)
            self._fail(_INTERNAL)
        finally:
            self.scarcity.give_back(self.job)

    def _live(self) -> None:
        job = self.job
        if self.image is None:
            uri = self.contract.image_uri(job)
            raise JobFailed(
                f"ClientError: API error (404): manifest for {uri} not found: "
                "manifest unknown: Requested image not found"
            )
        if not self.scarcity.take(job):
            raise no_capacity()
        bucket = Bucket(self.account.client("s3"))
        self._enter(Stage.DOWNLOADING)
        shutil.rmtree(job.folder, ignore_errors=True)
        job.folder.mkdir(parents=True)
        self.contract.lay_out(job, bucket)
        if job.stop_asked.is_set():
            self._enter(Stage.STOPPED)
            return
        self._enter(Stage.TRAINING)
        self._conclude(self._run_child(self.image), bucket)

    def _conclude(self, outcome: Outcome, bucket: Bucket) -> None:
        failed = outcome.cause is Cause.FINISHED and outcome.exit_code != 0
        if not self.abandoned:
            self._enter(Stage.UPLOADING)
            succeeded = not failed
            if self.job.kind is Kind.PROCESSING:
                succeeded = outcome.cause is Cause.FINISHED and not failed
            self.contract.upload(self.job, bucket, succeeded=succeeded)
        if failed:
            self._fail(self.contract.failure(self.job, outcome.exit_code))
        elif outcome.cause is Cause.STOPPED:
            self._enter(Stage.STOPPED)
        elif outcome.cause is Cause.MAX_RUNTIME:
            self._enter(Stage.MAX_RUNTIME_EXCEEDED, self._overrun())
        else:
            self._enter(Stage.COMPLETED)

    def _overrun(self) -> str | None:
        """A training job says it by its secondary status; a processing job has none."""
        if self.job.kind is Kind.TRAINING:
            return None
        limit = self.job.max_runtime
        return f"MaxRuntimeExceeded: the job ran longer than MaxRuntimeInSeconds ({limit})"

    def _run_child(self, image: Image) -> Outcome:
        job = self.job
        key, caller = self.callers.admit(CallerKind.JOB, job.name)
        try:
            child = Child(
                self.contract.command(job, image),
                cwd=image.root,
                environment=environment_of(job, image, self.contract, self.account, key),
            )
        except OSError as error:
            # What a container runtime exits with when the entry point does not start.
            _log.warning("job %s did not start: %s", job.name, error)
            return Outcome(exit_code=127, cause=Cause.FINISHED)
        caller.kill = child.kill
        metrics = FinalMetrics(
            job.request.get("AlgorithmSpecification", {}).get("MetricDefinitions", []),
            self.account.clock.now,
        )
        stream = f"{job.name}/{HOST}-{int(self.account.clock.now().timestamp())}"
        log = LogStream(
            child.output,
            file=job.folder / "log.txt",
            send=lambda lines: self.account.write_log(
                group=f"/aws/sagemaker/{job.kind.value}Jobs", stream=stream, messages=lines
            ),
            see=metrics.see,
        )
        cause = child.wait(limit=job.max_runtime, stop=job.stop_asked)
        if cause is Cause.MAX_RUNTIME:
            self._enter(Stage.STOPPING)
        exit_code = child.end(grace=_ABANDONED_GRACE if self.abandoned else self.grace)
        caller.kill = None
        log.close()
        job.metrics = metrics.as_list()
        job.seconds = max(1, math.ceil(child.seconds))
        job.exit_message = self._exit_message()
        return Outcome(exit_code=exit_code, cause=cause)

    def _exit_message(self) -> str | None:
        """https://docs.aws.amazon.com/sagemaker/latest/dg/byoc-metadata.html."""
        file = self.job.ml / "output" / "message"
        if self.job.kind is Kind.TRAINING or not file.is_file():
            return None
        with file.open("rb") as content:
            head = content.read(_MESSAGE + 1)
        # What the cut leaves of a character at the end is no error of the message's.
        text = codecs.getincrementaldecoder("utf-8")()
        try:
            return text.decode(head[:_MESSAGE], final=len(head) <= _MESSAGE)
        except UnicodeDecodeError as error:
            raise JobFailed(f"ClientError: output/message is not UTF-8: {error}") from error

    def _fail(self, reason: str) -> None:
        self._enter(Stage.FAILED, reason[:1024])

    def _enter(self, stage: Stage, reason: str | None = None) -> None:
        self.job.enter(stage, self.account.clock.now(), failure_reason=reason)
        self.announce()

    def announce(self) -> None:
        if self.abandoned:
            return
        try:
            self.account.put_event(
                source="aws.sagemaker",
                detail_type=f"SageMaker {self.job.kind.value} Job State Change",
                detail=event_detail(self.job, self.tags.of(self.job.arn)),
                resources=[self.job.arn],
            )
        except Exception:
            # A job's end does not depend on whether anybody could be told of it.
            _log.exception("no event was sent for job %s", self.job.name)
