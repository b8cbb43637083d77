"""Answer CloudFormation for ``Custom::BucketContents``: deleting it empties the buckets."""

import logging
from collections.abc import Mapping
from functools import cache
from typing import Any

import boto3

from lambdas.adapters import custom_resource
from lambdas.emptying.buckets import empty

logger = logging.getLogger(__name__)


def lambda_handler(event: Mapping[str, Any], _context: object) -> None:
    custom_resource.answer(event, on_delete=empty_buckets)


def empty_buckets(properties: Mapping[str, Any]) -> None:
    for bucket in properties["Buckets"]:
        logger.info("bucket %s: %d object versions deleted", bucket, empty(_s3(), bucket))


@cache
def _s3() -> Any:
    return boto3.client("s3")
