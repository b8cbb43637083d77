"""The training job that builds a recorded run's model again, found when it was started before."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from contracts import layout, naming
from perennial.deployed import Deployed
from perennial.recreation.inputs import Inputs, Say
from perennial.recreation.staging import CODE, stage
from perennial.refusal import Refused

Job = dict[str, Any]
_ENDED = ("Completed", "Failed", "Stopped")


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    s3: Any
    sagemaker: Any
    deployed: Deployed
    pause: Callable[[], object]
    """Lets a moment pass between two looks at a job."""
    say: Say

    def of(self, inputs: Inputs, *, again: bool) -> Job:
        """Return the completed job: an earlier one of the same inputs, or a new one."""
        earlier = self._earlier(inputs.record.run_id)
        wanted = ("InProgress", "Stopping") if again else ("InProgress", "Stopping", "Completed")
        for job in reversed(earlier):
            if job["TrainingJobStatus"] in wanted and _same_inputs(job, inputs):
                self.say(f"training job {job['TrainingJobName']} was started before")
                return self._ended(job["TrainingJobName"])
        name = naming.job_name(inputs.record.run_id, "recreate", len(earlier))
        self.say("staging the listed versions of the data")
        channels = stage(self.s3, inputs, purpose=name)
        self.sagemaker.create_training_job(**self._request(name, inputs, channels))
        self.say(f"training job {name} started; interrupted, the same command goes on waiting")
        return self._ended(name)

    def _earlier(self, run_id: str) -> list[Job]:
        found: list[Job] = []
        while (job := self._described(naming.job_name(run_id, "recreate", len(found)))) is not None:
            found.append(job)
        return found

    def _described(self, name: str) -> Job | None:
        try:
            return self.sagemaker.describe_training_job(TrainingJobName=name)
        except self.sagemaker.exceptions.ClientError as error:
            # SageMaker answers a missing job with ValidationException, "Requested resource not
            # found."
            if "not found" not in str(error).lower():
                raise
            return None

    def _ended(self, name: str) -> Job:
        told = ""
        while True:
            job = self.sagemaker.describe_training_job(TrainingJobName=name)
            status = job["TrainingJobStatus"]
            now = f"{status}, {job.get('SecondaryStatus', '')}".rstrip(", ")
            if now != told:
                self.say(f"training job {name}: {now}")
                told = now
            if status == "Completed":
                return job
            if status in _ENDED:
                raise Refused(
                    f"training job {name} is {status}: {job.get('FailureReason', 'no reason')}",
                    next_step="read its log in CloudWatch Logs: /aws/sagemaker/TrainingJobs",
                )
            self.pause()

    def _request(self, name: str, inputs: Inputs, channels: list[Job]) -> Job:
        """What the recorded job was asked, without spare capacity and its checkpoints.

        Of hyperparameters that is where a search began; the record has what it found.
        """
        record, original = inputs.record, inputs.job
        network = original.get("VpcConfig")
        return {
            "TrainingJobName": name,
            "AlgorithmSpecification": {
                "TrainingImage": inputs.image_uri,
                "TrainingInputMode": "File",
            },
            "RoleArn": self.deployed.job_role_arn,
            "HyperParameters": {
                **original["HyperParameters"],
                "model": record.model,
                "as_of": record.as_of,
                "run_id": record.run_id,
            },
            "InputDataConfig": channels,
            "OutputDataConfig": {
                name: original["OutputDataConfig"][name]
                for name in ("S3OutputPath", "KmsKeyId")
                if original["OutputDataConfig"].get(name)
            },
            "ResourceConfig": original["ResourceConfig"],
            "StoppingCondition": {
                "MaxRuntimeInSeconds": original["StoppingCondition"]["MaxRuntimeInSeconds"]
            },
            "EnableNetworkIsolation": True,
            **({} if network is None else {"VpcConfig": network}),
        }


def _same_inputs(job: Job, inputs: Inputs) -> bool:
    """The data are the run's in any case; image and code may be others."""
    [code] = [
        channel["DataSource"]["S3DataSource"]["S3Uri"]
        for channel in job["InputDataConfig"]
        if channel["ChannelName"] == CODE
    ]
    name = layout.split_s3_uri(code)[1].rpartition("/")[2]
    image = job["AlgorithmSpecification"]["TrainingImage"]
    return image == inputs.image_uri and name == f"{inputs.code.sha256}.zip"
