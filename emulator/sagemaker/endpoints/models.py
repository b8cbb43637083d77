"""CreateModel and its siblings: which image, artifact and environment a variant serves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from emulator.images import Images
from emulator.ports import Account
from emulator.sagemaker.endpoints.records import arn, existing, missing, newest_first
from emulator.sagemaker.errors import not_supported, validation
from emulator.sagemaker.listing import Entry, page
from emulator.sagemaker.operations import Request, Response, operation
from emulator.sagemaker.store import Records

_UNSUPPORTED = ("MultiModelConfig", "AdditionalModelDataSources", "ContainerMetricsConfig")


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """What one container runs, whether the model named it itself or by a model package."""

    image: str
    model_data: str | None
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    name: str
    arn: str
    created: datetime
    request: Mapping[str, Any]
    container: Container


class Models:
    """The models of the account. A model may go while endpoints serve it, as on AWS.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteModel.html
    """

    def __init__(self, account: Account, images: Images) -> None:
        self._account = account
        self._images = images
        self._models = Records[Model]()

    def get(self, name: str) -> Model:
        model = self._models.get(name)
        if model is None:
            raise missing("model", arn(self._account, "model", name))
        return model

    @operation("CreateModel")
    def create(self, request: Request) -> Response:
        name = request["ModelName"]
        model_arn = arn(self._account, "model", name)
        container = self._container(_only_container(request))
        self._must_exist(container)
        model = Model(
            name=name,
            arn=model_arn,
            created=self._account.clock.now(),
            request=dict(request),
            container=container,
        )
        self._models.add(name, model, taken=lambda taken: existing("model", taken.arn))
        return {"ModelArn": model_arn}

    @operation("DescribeModel")
    def describe(self, request: Request) -> Response:
        model = self.get(request["ModelName"])
        kept = {key: value for key, value in model.request.items() if key != "Tags"}
        kept.setdefault("EnableNetworkIsolation", False)
        return kept | {"ModelArn": model.arn, "CreationTime": model.created}

    @operation("ListModels")
    def list(self, request: Request) -> Response:
        entries = [
            Entry(
                name=model.name,
                created=model.created,
                modified=model.created,
                status="",
                summary={
                    "ModelName": model.name,
                    "ModelArn": model.arn,
                    "CreationTime": model.created,
                },
            )
            for model in self._models.all()
        ]
        return page(entries, newest_first(request), key="Models")

    @operation("DeleteModel")
    def delete(self, request: Request) -> Response:
        self._models.remove(self.get(request["ModelName"]).name)
        return {}

    def _container(self, described: Mapping[str, Any]) -> Container:
        package = described.get("ModelPackageName")
        if package is not None:
            found = self._account.client("sagemaker").describe_model_package(
                ModelPackageName=package
            )
            packaged = found["InferenceSpecification"]["Containers"][0]
            environment = packaged.get("Environment", {}) | described.get("Environment", {})
            described = packaged | {"Environment": environment}
        if "Image" not in described:
            raise validation("Image or ModelPackageName is required for each container of a model.")
        return Container(
            image=described["Image"],
            model_data=_model_data(described),
            environment=dict(described.get("Environment", {})),
        )

    def _must_exist(self, container: Container) -> None:
        """Refuse what the endpoint would miss, when the model is made: AWS looks then too."""
        if self._images.resolve(container.image) is None:
            raise validation(f"Requested image {container.image} not found.")
        if container.model_data is None:
            return
        bucket, key = s3_location(container.model_data)
        try:
            self._account.client("s3").head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            raise validation(f"Could not find model data at {container.model_data}.") from error


def s3_location(uri: str) -> tuple[str, str]:
    parts = urlsplit(uri)
    if parts.scheme != "s3" or not parts.netloc:
        raise validation(f"An S3 location must look like s3://bucket/key, got {uri!r}")
    return parts.netloc, parts.path.lstrip("/")


def _only_container(request: Request) -> Mapping[str, Any]:
    containers = list(request.get("Containers", []))
    if "PrimaryContainer" in request:
        containers.append(request["PrimaryContainer"])
    if not containers:
        raise validation("Either PrimaryContainer or Containers must be provided.")
    if len(containers) > 1:
        raise not_supported("CreateModel with several containers (inference pipelines)")
    container = containers[0]
    if container.get("Mode", "SingleModel") != "SingleModel":
        raise not_supported("CreateModel with Mode MultiModel")
    for member in _UNSUPPORTED:
        if member in container:
            raise not_supported(f"CreateModel with {member}")
    return container


def _model_data(container: Mapping[str, Any]) -> str | None:
    source = container.get("ModelDataSource", {}).get("S3DataSource")
    if source is None:
        return container.get("ModelDataUrl")
    if source["S3DataType"] != "S3Object" or source["CompressionType"] != "Gzip":
        raise not_supported(
            f"CreateModel with S3DataType {source['S3DataType']} and CompressionType "
            f"{source['CompressionType']} (S3Object and Gzip only)"
        )
    return source["S3Uri"]
