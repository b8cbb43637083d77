"""The life of one transform job, in a thread of its own."""

import logging
from dataclasses import dataclass

from emulator.faults.callers import Callers
from emulator.images import Images
from emulator.ports import Account
from emulator.sagemaker.endpoints.instance import Cancelled
from emulator.sagemaker.endpoints.models import Container as ModelContainer
from emulator.sagemaker.jobs.bucket import Bucket
from emulator.sagemaker.jobs.job import Job, JobFailed, Stage
from emulator.sagemaker.jobs.progress import Progress
from emulator.sagemaker.jobs.scarcity import Scarcity, no_capacity
from emulator.sagemaker.transform.cluster import Cluster, see_logs
from emulator.sagemaker.transform.container import Stopped
from emulator.sagemaker.transform.work import InputObject, Work

_GRACE = 10.0
_ABANDONED_GRACE = 0.3
_INTERNAL = "InternalServerError: We encountered an internal error.  Please try again."
_log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True, eq=False)
class Run:
    """``live`` is the thread's body."""

    job: Job
    model: ModelContainer
    images: Images
    account: Account
    progress: Progress
    callers: Callers
    scarcity: Scarcity

    def live(self) -> None:
        try:
            self._live()
        except (Stopped, Cancelled):
            self.progress.enter(Stage.STOPPED)
        except JobFailed as failure:
            self.progress.fail(str(failure))
        except Exception:
            # The job ends as AWS ends it when the fault is the service's; the trace is ours.
            _log.exception("transform job %s failed in the service", self.job.name)
            self.progress.fail(_INTERNAL)
        else:
            self.progress.enter(Stage.COMPLETED)
        finally:
            self.scarcity.give_back(self.job)

    def _live(self) -> None:
        image = self.images.resolve(self.model.image)
        if image is None:
            raise JobFailed(f"ClientError: The image '{self.model.image}' does not exist.")
        if not self.scarcity.take(self.job):
            raise no_capacity()
        with self.job.lock:
            if self.job.stop_asked.is_set():
                raise Stopped
            # Its status stays InProgress, so nobody is told.
            self.job.enter(Stage.DOWNLOADING, self.account.clock.now())
        bucket = Bucket(self.account.client("s3"))
        objects = self._objects(bucket)
        work = Work(request=self.job.request, bucket=bucket, stop=self.job.stop_asked)
        cluster = Cluster(
            job=self.job,
            model=self.model,
            image=image,
            account=self.account,
            callers=self.callers,
        )
        with cluster.running(self._grace) as started:
            work.do(objects, started)
        if work.refusals:
            raise see_logs(clients=all(each.clients for each in work.refusals))

    def _grace(self) -> float:
        return _ABANDONED_GRACE if self.progress.abandoned else _GRACE

    def _objects(self, bucket: Bucket) -> list[InputObject]:
        source = self.job.request["TransformInput"]["DataSource"]["S3DataSource"]
        found = [
            InputObject(bucket=name, key=key, relative=relative)
            for name, key, relative in bucket.wanted(source)
            if not key.endswith("/")
        ]
        if not found:
            raise JobFailed(
                f'ClientError: No S3 objects found under S3 URL "{source["S3Uri"]}" given in '
                "input data source."
            )
        return found
