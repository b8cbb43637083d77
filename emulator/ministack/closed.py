"""Services that stay closed here: they would listen beyond 127.0.0.1, start containers, or run
code with the account's own interpreter and environment. Each answers by name that it is closed.
"""

import importlib
import json
from typing import Any

from ministack.services.cloudformation import provisioners

from emulator.ministack.seams import Seam

_app: Any = importlib.import_module("ministack.app")

CLOSED = {
    "airflow": "MWAA",
    "appsync": "AppSync",
    "appsync-events": "AppSync",
    "batch": "Batch",
    "codebuild": "CodeBuild",
    "documentdb": "DocDB",
    "dsql": "DSQL",
    "ecs": "ECS",
    "eks": "EKS",
    "elasticache": "ElastiCache",
    "elasticmapreduce": "EMR",
    "iot": "IoT",
    "iot-data": "IoT",
    "iot-jobs-data": "IoT",
    "kafka": "MSK",
    "kinesisanalyticsv2": "KinesisAnalyticsV2",
    "lambda-microvms": "Lambda::MicroVM",
    "mq": "AmazonMQ",
    "opensearch": "OpenSearchService",
    "opensearchserverless": "OpenSearchServerless",
    "rds": "RDS",
    "rds-data": "RDS",
    "transfer": "Transfer",
}
"""MiniStack's name of the service, and its name in CloudFormation's resource types."""

_CATALOG_TYPES = ("AWS::Glue::Database", "AWS::Glue::Table", "AWS::Glue::Partition")
"""Of Glue the Data Catalog is open, to Athena."""

SEAMS = (
    *(Seam(path=f"ministack.app:SERVICE_HANDLERS.{name}", key=True) for name in CLOSED),
    Seam(path="ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS"),
)


def install() -> None:
    for name in CLOSED:
        _app.SERVICE_HANDLERS[name] = _refusal(name)
    # A type that nobody provisions fails its stack by name.
    families = tuple(f"AWS::{family}::" for family in {*CLOSED.values(), "Glue"})
    for resource_type in list(provisioners._RESOURCE_HANDLERS):
        if resource_type.startswith(families) and resource_type not in _CATALOG_TYPES:
            del provisioners._RESOURCE_HANDLERS[resource_type]


def _refusal(name: str) -> Any:
    message = f"the embedded account does not emulate {name}"

    async def refuse(*_request: Any) -> tuple[int, dict[str, str], bytes]:
        body = json.dumps({"__type": "NotImplemented", "message": message}).encode()
        headers = {"Content-Type": "application/x-amz-json-1.1"}
        return 501, headers | {"x-amzn-errortype": "NotImplemented"}, body

    return refuse
