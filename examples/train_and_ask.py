"""Train as an earlier job did, with changes of your own, and ask an endpoint: the SageMaker SDK.

train_and_ask.py train --like churn-…-train-0 --set max_iter=200 --channel code=s3://….zip
train_and_ask.py ask churn-dev 3,120,2,40,5,90,300
"""

import argparse
import json
import logging
import os

from sagemaker.core.helper.session_helper import Session
from sagemaker.core.resources import Endpoint, TrainingJob
from sagemaker.core.shapes import Channel, OutputDataConfig, S3DataSource
from sagemaker.train import ModelTrainer
from sagemaker.train.configs import Compute, InputData, StoppingCondition

# The SDK's check wants a role to hold what any training may need; the platform's are narrow.
os.environ.setdefault("SAGEMAKER_VALIDATE_ROLE", "false")
# The SDK reports each call to its makers unless told not to.
QUIET = {"SchemaVersion": "1.0", "SageMaker": {"PythonSDK": {"Modules": {"TelemetryOptOut": True}}}}


def train(asked: argparse.Namespace) -> dict[str, object]:
    """Launch the image's entry point as the job ``asked.like`` did; return once it has ended."""
    like = TrainingJob.get(asked.like)
    trainer = ModelTrainer(
        sagemaker_session=Session(sagemaker_config=QUIET),
        training_image=asked.image or like.algorithm_specification.training_image,
        role=like.role_arn,
        base_job_name=f"{like.hyper_parameters['model']}-by-hand",
        compute=Compute(instance_type=like.resource_config.instance_type, instance_count=1),
        stopping_condition=StoppingCondition(max_runtime_in_seconds=1800),
        output_data_config=OutputDataConfig(s3_output_path=like.output_data_config.s3_output_path),
        hyperparameters={**like.hyper_parameters, "run_id": "by-hand", **pairs(asked.set)},
    )
    trainer.train(input_data_config=channels(like, pairs(asked.channel)))
    job = trainer._latest_training_job.refresh()
    return {"job": job.training_job_name, "model": job.model_artifacts.s3_model_artifacts}


def channels(like: TrainingJob, changed: dict[str, str]) -> list[Channel | InputData]:
    """The earlier job's snapshot, code and datasets, some of them from elsewhere."""
    kept = [each for each in like.input_data_config if each.channel_name not in changed]
    return [*kept, *(channel(name, uri) for name, uri in changed.items())]


def channel(name: str, uri: str) -> InputData:
    kind = "ManifestFile" if uri.endswith(".manifest") else "S3Prefix"
    return InputData(channel_name=name, data_source=S3DataSource(s3_data_type=kind, s3_uri=uri))


def ask(asked: argparse.Namespace) -> dict[str, object]:
    rows = "\n".join(asked.rows).encode()
    answer = Endpoint.get(asked.endpoint).invoke(body=rows, content_type="text/csv")
    return json.loads(answer.body.read())


def pairs(given: list[str]) -> dict[str, str]:
    return dict(each.split("=", 1) for each in given)


parser = argparse.ArgumentParser(description=__doc__)
commands = parser.add_subparsers(required=True)
training = commands.add_parser("train")
training.set_defaults(run=train)
training.add_argument("--like", required=True, metavar="JOB")
training.add_argument("--image")
training.add_argument("--set", action="append", default=[], metavar="HYPERPARAMETER=VALUE")
training.add_argument("--channel", action="append", default=[], metavar="NAME=S3_URI")
asking = commands.add_parser("ask")
asking.set_defaults(run=ask)
asking.add_argument("endpoint")
asking.add_argument("rows", nargs="+", metavar="row")
asked = parser.parse_args()
logging.basicConfig(format="%(message)s")
logging.getLogger("sagemaker").setLevel("INFO")  # the job's log among it, as the SDK follows it
print(json.dumps(asked.run(asked)))
