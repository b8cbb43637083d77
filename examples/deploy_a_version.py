"""Put a version of the registry behind an endpoint of one's own: SageMaker's ModelBuilder.

deploy_a_version.py <model package ARN> --endpoint by-hand --role <role ARN> 3,120,2,40,5,90,300
deploy_a_version.py <model package ARN> --role <role ARN> --batch s3://…/rows.csv --out s3://…/scored
"""

import argparse
import json
import os

from sagemaker.core.helper.session_helper import Session
from sagemaker.core.resources import Endpoint, EndpointConfig, ModelPackage
from sagemaker.core.shapes import ProductionVariant
from sagemaker.serve.model_builder import ModelBuilder
from sagemaker.train.configs import Compute

# The SDK's check wants a role to hold what any model may need; the platform's are narrow.
os.environ.setdefault("SAGEMAKER_VALIDATE_ROLE", "false")
# The SDK reports each call to its makers unless told not to.
QUIET = {"SchemaVersion": "1.0", "SageMaker": {"PythonSDK": {"Modules": {"TelemetryOptOut": True}}}}
INSTANCE = "ml.m5.large"


def built(asked: argparse.Namespace) -> ModelBuilder:
    """Make the Model of what the package says: its image, its artifact, and what vouches for it."""
    package = ModelPackage.get(asked.package)
    container = package.inference_specification.containers[0]
    builder = ModelBuilder(
        sagemaker_session=Session(sagemaker_config=QUIET),
        image_uri=container.image,
        s3_model_data_url=container.model_data_url,
        env_vars={
            "PERENNIAL_MANIFEST_SHA256": package.customer_metadata_properties["manifest_sha256"],
            "PERENNIAL_MODEL_VERSION": str(package.model_package_version),
        },
        role_arn=asked.role,
        compute=Compute(instance_type=INSTANCE, instance_count=1),
    )
    builder.build()
    return builder


def ask(builder: ModelBuilder, asked: argparse.Namespace) -> dict[str, object]:
    """Deploy, or update what is there, and ask; return once it has answered."""
    names = {each.endpoint_name for each in Endpoint.get_all(name_contains=asked.endpoint)}
    if asked.endpoint in names:
        endpoint = updated(builder, Endpoint.get(asked.endpoint))
    else:
        endpoint = builder.deploy(
            endpoint_name=asked.endpoint, initial_instance_count=1, instance_type=INSTANCE
        )
    rows = "\n".join(asked.rows).encode()
    answer = endpoint.invoke(body=rows, content_type="text/csv", accept="application/json")
    return {"model": builder.built_model.model_name, **json.loads(answer.body.read())}


def updated(builder: ModelBuilder, endpoint: Endpoint) -> Endpoint:
    """By the SDK's resources: ``deploy(update_endpoint=True)`` of 3.20 passes its own session
    a ``model_name`` that this does not take."""
    name = builder.built_model.model_name
    variant = ProductionVariant(
        variant_name="AllTraffic",
        model_name=name,
        instance_type=INSTANCE,
        initial_instance_count=1,
    )
    EndpointConfig.create(endpoint_config_name=name, production_variants=[variant])
    endpoint.endpoint_config_name = name
    endpoint.update()
    endpoint.wait_for_status("InService", poll=1)
    return endpoint


def score(builder: ModelBuilder, asked: argparse.Namespace) -> dict[str, object]:
    transformer = builder.transformer(
        instance_count=1,
        instance_type=INSTANCE,
        strategy="MultiRecord",
        accept="application/jsonlines",
        output_path=asked.out,
    )
    transformer.transform(asked.batch, content_type="text/csv", split_type="Line", logs=False)
    return {
        "model": builder.built_model.model_name,
        "job": transformer.latest_transform_job.transform_job_name,
    }


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("package")
parser.add_argument("--role", required=True)
parser.add_argument("--endpoint")
parser.add_argument("--batch", metavar="S3_URI")
parser.add_argument("--out", metavar="S3_URI")
parser.add_argument("rows", nargs="*", metavar="row")
asked = parser.parse_intermixed_args()
builder = built(asked)
answer = score(builder, asked) if asked.batch else ask(builder, asked)
# On a line of its own: the SDK's progress leaves its last line open.
print(f"\n{json.dumps(answer)}")
