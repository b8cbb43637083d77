"""The API calls about jobs, and the threads that run them."""

import threading
from collections.abc import Mapping
from typing import Any

from emulator.faults.callers import Callers
from emulator.images import Images
from emulator.ports import Account
from emulator.sagemaker.errors import ServiceError, in_use, validation
from emulator.sagemaker.jobs.accepted import refuse_unsupported
from emulator.sagemaker.jobs.admission import admit_training
from emulator.sagemaker.jobs.contract import Contract
from emulator.sagemaker.jobs.description import describe, summary
from emulator.sagemaker.jobs.job import Job, Kind, Stage, Status
from emulator.sagemaker.jobs.processing import ProcessingContract, refuse_unusable_paths
from emulator.sagemaker.jobs.progress import Progress
from emulator.sagemaker.jobs.run import Run
from emulator.sagemaker.jobs.scarcity import Scarcity
from emulator.sagemaker.jobs.spot import is_spot
from emulator.sagemaker.jobs.training import TrainingContract
from emulator.sagemaker.listing import Entry, page
from emulator.sagemaker.operations import Request, Response, operation
from emulator.sagemaker.store import Records
from emulator.sagemaker.tags import Tags

_CONTRACTS: dict[Kind, Contract] = {
    Kind.TRAINING: TrainingContract(),
    Kind.PROCESSING: ProcessingContract(),
}
_TAKEN = {
    Kind.TRAINING: "Training job names must be unique within an AWS account and region, "
    "and a training job with this name already exists",
    Kind.PROCESSING: "Job name must be unique within an AWS account and region, "
    "and a job with this name already exists",
}


class Jobs:
    """Every job of the account. As many run at once as are asked for: AWS does not queue either."""

    def __init__(
        self,
        account: Account,
        images: Images,
        tags: Tags,
        *,
        callers: Callers,
        grace: float = 10.0,
    ) -> None:
        self._account = account
        self._images = images
        self._tags = tags
        self._callers = callers
        self.scarcity = Scarcity()
        self._grace = grace
        self._jobs: dict[Kind, Records[Job]] = {kind: Records() for kind in Kind}
        self._lock = threading.Lock()
        self._runs: dict[threading.Thread, Run] = {}

    def stop(self) -> None:
        """End every running job's process; return when none is left."""
        with self._lock:
            runs = dict(self._runs)
        for run in runs.values():
            run.progress.abandoned = True
            run.job.stop_asked.set()
        for thread in runs:
            thread.join(15)

    def wait(self, kind: Kind, name: str, *, timeout: float | None = None) -> Response:
        """Describe the job once it is over, or after ``timeout`` real seconds."""
        job = self._found(kind, name)
        job.settled.wait(timeout)
        return describe(job)

    def interrupt_spot(self, given: Mapping[str, Any]) -> Response:
        """Take a training job's spot instance away, as EC2 does."""
        job = self._found(Kind.TRAINING, given["job_name"])
        if not is_spot(job):
            raise ValueError(f"{job.name} does not run on spot instances")
        if job.stage is not Stage.TRAINING:
            raise ValueError(f"{job.name} must be in Training to be interrupted, is in {job.stage}")
        job.interrupted.set()
        return {}

    @operation("CreateTrainingJob")
    def create_training_job(self, request: Request) -> Response:
        self._refuse_taken(Kind.TRAINING, request["TrainingJobName"])
        refuse_unsupported("CreateTrainingJob", request)
        admit_training(request, self._account, self._images)
        self.scarcity.refuse_over_quota(Kind.TRAINING, request, self._running())
        return self._create(Kind.TRAINING, request)

    @operation("CreateProcessingJob")
    def create_processing_job(self, request: Request) -> Response:
        self._refuse_taken(Kind.PROCESSING, request["ProcessingJobName"])
        refuse_unsupported("CreateProcessingJob", request)
        refuse_unusable_paths(request)
        self.scarcity.refuse_over_quota(Kind.PROCESSING, request, self._running())
        return self._create(Kind.PROCESSING, request)

    @operation("DescribeTrainingJob")
    def describe_training_job(self, request: Request) -> Response:
        return describe(self._found(Kind.TRAINING, request["TrainingJobName"]))

    @operation("DescribeProcessingJob")
    def describe_processing_job(self, request: Request) -> Response:
        return describe(self._found(Kind.PROCESSING, request["ProcessingJobName"]))

    @operation("ListTrainingJobs")
    def list_training_jobs(self, request: Request) -> Response:
        return self._list(Kind.TRAINING, request)

    @operation("ListProcessingJobs")
    def list_processing_jobs(self, request: Request) -> Response:
        return self._list(Kind.PROCESSING, request)

    @operation("StopTrainingJob")
    def stop_training_job(self, request: Request) -> Response:
        return self._stop(Kind.TRAINING, request["TrainingJobName"])

    @operation("StopProcessingJob")
    def stop_processing_job(self, request: Request) -> Response:
        return self._stop(Kind.PROCESSING, request["ProcessingJobName"])

    def _running(self) -> list[Job]:
        with self._lock:
            jobs = [run.job for run in self._runs.values()]
        return [job for job in jobs if not job.is_over]

    def _refuse_taken(self, kind: Kind, name: str) -> None:
        taken = self._jobs[kind].get(name)
        if taken is not None:
            raise _taken(taken)

    def _create(self, kind: Kind, request: Request) -> Response:
        name: str = request[f"{kind.value}JobName"]
        account = self._account
        job = Job(
            kind=kind,
            name=name,
            arn=f"arn:aws:sagemaker:{account.region}:{account.account_id}:{kind.resource}/{name}",
            request=request,
            folder=account.state_dir / "sagemaker" / "jobs" / kind.resource / name,
            created=account.clock.now(),
        )
        contract = _CONTRACTS[kind]
        run = Run(
            job=job,
            image=self._images.resolve(contract.image_uri(job)),
            contract=contract,
            account=account,
            progress=Progress(job=job, account=account, tags=self._tags),
            callers=self._callers,
            scarcity=self.scarcity,
            grace=self._grace,
        )
        job.enter(Stage.STARTING, job.created)
        self._jobs[kind].add(name, job, taken=_taken)
        answer = {f"{kind.value}JobArn": job.arn}
        # Before the first event, which carries them.
        self._tags.observe(f"Create{kind.value}Job", request, answer)
        thread = threading.Thread(target=self._live, args=(run,), name=f"job-{name}", daemon=True)
        with self._lock:
            self._runs[thread] = run
        thread.start()
        return answer

    def _live(self, run: Run) -> None:
        try:
            run.progress.announce()
            run.live()
        finally:
            run.job.settled.set()
            with self._lock:
                del self._runs[threading.current_thread()]

    def _found(self, kind: Kind, name: str) -> Job:
        """AWS answers an unknown job with ValidationException, not with its ResourceNotFound."""
        job = self._jobs[kind].get(name)
        if job is not None:
            return job
        if kind is Kind.TRAINING:
            raise validation("Requested resource not found.")
        raise validation(f"Could not find requested job with name: {name}")

    def _list(self, kind: Kind, request: Request) -> Response:
        entries = [_entry(job) for job in self._jobs[kind].all()]
        return page(entries, request, key=f"{kind.value}JobSummaries")

    def _stop(self, kind: Kind, name: str) -> Response:
        job = self._found(kind, name)
        with job.lock:
            if job.is_over:
                raise validation(
                    f"The request was rejected because the {kind.value.lower()} job "
                    f"is in status {job.status.value}."
                )
            if job.status is Status.IN_PROGRESS:
                job.enter(Stage.STOPPING, self._account.clock.now())
            job.stop_asked.set()
        with self._lock:
            run: Any = next((run for run in self._runs.values() if run.job is job), None)
        if run is not None:
            run.progress.announce()
        return {}


def _taken(job: Job) -> ServiceError:
    return in_use(f"{_TAKEN[job.kind]} ({job.arn})")


def _entry(job: Job) -> Entry:
    return Entry(
        name=job.name,
        created=job.created,
        modified=job.modified or job.created,
        status=job.status.value,
        summary=summary(job),
    )
