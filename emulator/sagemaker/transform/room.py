"""The API calls about transform jobs, and the threads that run them."""

import threading

from emulator.faults.callers import Callers
from emulator.images import Images
from emulator.ports import Account
from emulator.sagemaker.endpoints.models import Models
from emulator.sagemaker.errors import ServiceError, in_use, validation
from emulator.sagemaker.jobs.accepted import refuse_unsupported
from emulator.sagemaker.jobs.description import describe, summary
from emulator.sagemaker.jobs.job import Job, Kind, Stage, Status
from emulator.sagemaker.jobs.progress import Progress
from emulator.sagemaker.jobs.scarcity import Scarcity
from emulator.sagemaker.listing import Entry, page
from emulator.sagemaker.operations import Request, Response, operation
from emulator.sagemaker.store import Records
from emulator.sagemaker.tags import Tags
from emulator.sagemaker.transform.run import Run
from emulator.sagemaker.transform.settings import refuse_too_much


class Transforms:
    """Every transform job of the account; as many run at once as are asked for."""

    def __init__(
        self,
        account: Account,
        images: Images,
        models: Models,
        tags: Tags,
        *,
        callers: Callers,
        scarcity: Scarcity,
    ) -> None:
        self._account = account
        self._images = images
        self._models = models
        self._tags = tags
        self._callers = callers
        self._scarcity = scarcity
        self._jobs = Records[Job]()
        self._lock = threading.Lock()
        self._runs: dict[threading.Thread, Run] = {}

    def stop(self) -> None:
        """End every running job's processes; return when none is left."""
        with self._lock:
            runs = dict(self._runs)
        for run in runs.values():
            run.progress.abandoned = True
            run.job.stop_asked.set()
        for thread in runs:
            thread.join(15)

    def wait(self, name: str, *, timeout: float | None = None) -> Response:
        """Describe the job once it is over, or after ``timeout`` real seconds."""
        job = self._found(name)
        job.settled.wait(timeout)
        return describe(job)

    @operation("CreateTransformJob")
    def create(self, request: Request) -> Response:
        name = request["TransformJobName"]
        taken = self._jobs.get(name)
        if taken is not None:
            raise _taken(taken)
        refuse_unsupported("CreateTransformJob", request)
        refuse_too_much(request)
        model = self._models.get(request["ModelName"])
        self._scarcity.refuse_over_quota(Kind.TRANSFORM, request, self._running())
        account = self._account
        job = Job(
            kind=Kind.TRANSFORM,
            name=name,
            arn=f"arn:aws:sagemaker:{account.region}:{account.account_id}:transform-job/{name}",
            request=request,
            folder=account.state_dir / "sagemaker" / "jobs" / "transform-job" / name,
            created=account.clock.now(),
        )
        run = Run(
            job=job,
            model=model.container,
            images=self._images,
            account=account,
            progress=Progress(job=job, account=account, tags=self._tags),
            callers=self._callers,
            scarcity=self._scarcity,
        )
        job.enter(Stage.STARTING, job.created)
        self._jobs.add(name, job, taken=_taken)
        answer = {"TransformJobArn": job.arn}
        # Before the first event, which carries them.
        self._tags.observe("CreateTransformJob", request, answer)
        self._begin(run)
        return answer

    @operation("DescribeTransformJob")
    def describe(self, request: Request) -> Response:
        return describe(self._found(request["TransformJobName"]))

    @operation("ListTransformJobs")
    def list(self, request: Request) -> Response:
        """Newest first, unlike training jobs.

        https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ListTransformJobs.html
        """
        entries = [_entry(job) for job in self._jobs.all()]
        newest = {"SortOrder": "Descending"} | dict(request)
        return page(entries, newest, key="TransformJobSummaries")

    @operation("StopTransformJob")
    def stop_job(self, request: Request) -> Response:
        job = self._found(request["TransformJobName"])
        with job.lock:
            if job.is_over:
                raise validation(
                    "The request was rejected because the transform job is in status "
                    f"{job.status.value}."
                )
            if job.status is Status.IN_PROGRESS:
                job.enter(Stage.STOPPING, self._account.clock.now())
            job.stop_asked.set()
        with self._lock:
            runs = [run for run in self._runs.values() if run.job is job]
        for run in runs:
            run.progress.announce()
        return {}

    def _running(self) -> "list[Job]":
        with self._lock:
            return [run.job for run in self._runs.values() if not run.job.is_over]

    def _begin(self, run: Run) -> None:
        name = f"job-{run.job.name}"
        thread = threading.Thread(target=self._live, args=(run,), name=name, daemon=True)
        with self._lock:
            self._runs[thread] = run
        thread.start()

    def _live(self, run: Run) -> None:
        try:
            run.progress.announce()
            run.live()
        finally:
            run.job.settled.set()
            with self._lock:
                del self._runs[threading.current_thread()]

    def _found(self, name: str) -> Job:
        job = self._jobs.get(name)
        if job is None:
            # As for processing jobs: not the ResourceNotFound of the model (unproven).
            raise validation(f"Could not find requested job with name: {name}")
        return job


def _taken(job: Job) -> ServiceError:
    return in_use(
        "Job name must be unique within an AWS account and region, and a job with this name "
        f"already exists ({job.arn})"
    )


def _entry(job: Job) -> Entry:
    return Entry(
        name=job.name,
        created=job.created,
        modified=job.modified or job.created,
        status=job.status.value,
        summary=summary(job),
    )
