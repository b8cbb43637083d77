"""Answer CloudFormation for ``Custom::BucketContents``: deleting it empties the buckets."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import boto3

from lambdas.adapters import custom_resource
from lambdas.emptying.buckets import empty


def lambda_handler(event: Mapping[str, Any], _context: object) -> None:
    custom_resource.answer(event, on_delete=empty_buckets)


def empty_buckets(properties: Mapping[str, Any]) -> str:
    counts = {bucket: empty(_s3(), bucket) for bucket in properties["Buckets"]}
    return ", ".join(f"bucket {name}: {count} versions deleted" for name, count in counts.items())


@cache
def _s3() -> Any:
    return boto3.client("s3")
