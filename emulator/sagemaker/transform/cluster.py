"""The instances of a transform job: made of its model, started together, gone with it."""

import shutil
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from emulator.faults.callers import Callers, Kind
from emulator.images import Image
from emulator.ports import Account
from emulator.sagemaker.endpoints.artifact import ArtifactError, fetch
from emulator.sagemaker.endpoints.instance import Instance, NotHealthy, new_instance_id
from emulator.sagemaker.endpoints.logs import LogStream
from emulator.sagemaker.endpoints.models import Container as ModelContainer
from emulator.sagemaker.jobs.job import Job, JobFailed
from emulator.sagemaker.transform.container import Container
from emulator.sagemaker.transform.data_log import GROUP, DataLog
from emulator.sagemaker.transform.settings import Settings, environment_of
from emulator.sagemaker.transform.vitals import Vitals


def see_logs(*, clients: bool) -> JobFailed:
    """https://github.com/aws/deep-learning-containers/issues/586 shows the wording."""
    whose = "ClientError" if clients else "AlgorithmError"
    return JobFailed(f"{whose}: See job logs for more information")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    job: Job
    model: ModelContainer
    image: Image
    account: Account
    callers: Callers

    @contextmanager
    def running(self, grace: Callable[[], float]) -> Generator[list[tuple[Container, Settings]]]:
        """Start every instance, and end each, whatever happens."""
        key, caller = self.callers.admit(Kind.JOB, self.job.name)
        containers: list[Container] = []
        try:
            containers += self._containers(key)
            caller.kill = lambda: [each.kill() for each in containers]
            with ThreadPoolExecutor(len(containers), "transform-start") as threads:
                settings = list(threads.map(lambda each: each.start(), containers))
            yield list(zip(containers, settings, strict=True))
        except NotHealthy as error:
            raise see_logs(clients=False) from error
        except ArtifactError as error:
            raise JobFailed(f"ClientError: {error}"[:1024]) from error
        finally:
            caller.kill = None
            for each in containers:
                each.end(grace())
            shutil.rmtree(self.job.folder, ignore_errors=True)

    def _containers(self, access_key: str) -> list[Container]:
        archive = self._archive()
        environment = self._environment(access_key)
        made: list[Container] = []
        for _ in range(self.job.request["TransformResources"]["InstanceCount"]):
            folder = self.job.folder / new_instance_id()
            born = int(self.account.clock.now().timestamp())
            stream = f"{self.job.name}/{folder.name}-{born}"
            instance = Instance(
                image=self.image,
                archive=archive,
                folder=folder,
                environment=environment,
                logs=LogStream(self.account, group=GROUP, stream=stream),
                clock=self.account.clock,
            )
            made.append(
                Container(
                    instance,
                    self.job.request,
                    DataLog(self.account, stream),
                    Vitals(self.account, f"{self.job.name}/{folder.name}"),
                    stop=self.job.stop_asked,
                )
            )
        return made

    def _archive(self) -> Path | None:
        if self.model.model_data is None:
            return None
        archive = self.job.folder / "model.tar.gz"
        fetch(self.account.client("s3"), self.model.model_data, archive)
        return archive

    def _environment(self, access_key: str) -> dict[str, str]:
        return {
            "AWS_REGION": self.account.region,
            "AWS_DEFAULT_REGION": self.account.region,
            "AWS_ENDPOINT_URL": self.account.endpoint_url,
            "AWS_ACCESS_KEY_ID": access_key,
            "AWS_SECRET_ACCESS_KEY": "test",
            **self.model.environment,
            **self.job.request.get("Environment", {}),
            **environment_of(self.job.request),
        }
