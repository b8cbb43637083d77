"""A bucket's template properties in the shapes of the S3 API.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-s3-bucket-rule.html
"""

from collections.abc import Mapping
from typing import Any

Properties = Mapping[str, Any]

_KNOWN = (
    "Id",
    "Status",
    "Prefix",
    "TagFilters",
    "ExpirationInDays",
    "ExpiredObjectDeleteMarker",
    "NoncurrentVersionExpiration",
    "NoncurrentVersionTransitions",
    "AbortIncompleteMultipartUpload",
    "Transitions",
)


def encryption(properties: Properties) -> dict[str, Any]:
    return {"Rules": [_default(rule) for rule in properties["ServerSideEncryptionConfiguration"]]}


def _default(rule: Properties) -> dict[str, Any]:
    default = rule["ServerSideEncryptionByDefault"]
    key = {"KMSMasterKeyID": default["KMSMasterKeyID"]} if default.get("KMSMasterKeyID") else {}
    return {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": default["SSEAlgorithm"], **key},
        "BucketKeyEnabled": _true(rule.get("BucketKeyEnabled", False)),
    }


def logging(bucket: str, properties: Properties | None) -> dict[str, Any]:
    """Without a destination a bucket logs into itself, as the template reference says."""
    if properties is None:
        return {}
    target = properties.get("DestinationBucketName") or bucket
    prefix = properties.get("LogFilePrefix") or ""
    return {"LoggingEnabled": {"TargetBucket": target, "TargetPrefix": prefix}}


def lifecycle(properties: Properties) -> dict[str, Any]:
    return {"Rules": [_rule(rule) for rule in properties["Rules"]]}


def _rule(rule: Properties) -> dict[str, Any]:
    unknown = sorted(set(rule) - set(_KNOWN))
    if unknown:
        raise ValueError(
            "the embedded account does not emulate the lifecycle rule's "
            f"{', '.join(unknown)}; it knows {', '.join(_KNOWN)}"
        )
    made: dict[str, Any] = {"Status": rule["Status"], "Filter": _filter(rule)}
    if rule.get("Id"):
        made["ID"] = rule["Id"]
    return {**made, **_expiration(rule), **_transitions(rule)}


def _expiration(rule: Properties) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if rule.get("ExpirationInDays"):
        made["Expiration"] = {"Days": int(rule["ExpirationInDays"])}
    elif _true(rule.get("ExpiredObjectDeleteMarker", False)):
        made["Expiration"] = {"ExpiredObjectDeleteMarker": True}
    for name in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
        if rule.get(name):
            made[name] = {key: int(value) for key, value in rule[name].items()}
    return made


def _transitions(rule: Properties) -> dict[str, Any]:
    days = {"Transitions": "Days", "NoncurrentVersionTransitions": "NoncurrentDays"}
    return {
        name: [
            {counted: int(each["TransitionInDays"]), "StorageClass": each["StorageClass"]}
            for each in rule[name]
        ]
        for name, counted in days.items()
        if rule.get(name)
    }


def _filter(rule: Properties) -> dict[str, Any]:
    prefix, tags = rule.get("Prefix") or "", rule.get("TagFilters") or []
    if not tags:
        return {"Prefix": prefix}
    return {"And": {"Prefix": prefix, "Tags": tags}}


def _true(value: Any) -> bool:
    return str(value).lower() == "true"
