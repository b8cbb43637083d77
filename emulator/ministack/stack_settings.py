"""Template properties that MiniStack's provisioners drop, set through the services' own APIs.

Property names: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import dynamodb, s3, stepfunctions
from ministack.services.cloudformation import provisioners, stacks

from emulator.ministack.bucket_properties import encryption, lifecycle, logging
from emulator.ports import Account

SEAMS = (
    "ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS",
    "ministack.services.cloudformation.stacks:_runs_on_worker_thread",
    "ministack.services.dynamodb:_pitr_settings",
    "ministack.services.dynamodb:_ttl_settings",
    "ministack.services.s3:_buckets",
    "ministack.services.s3:_object_versions",
    "ministack.services.stepfunctions:_describe_state_machine",
    "ministack.services.stepfunctions:_state_machines",
)

Properties = Mapping[str, Any]
Apply = Callable[[Account, str, Properties, Properties], None]
"""Make a resource (by its physical id) what its new properties say, given the old ones."""


def install(account: Account) -> None:
    handlers = provisioners._RESOURCE_HANDLERS
    for kind, apply in _APPLY.items():
        _extend(account, handlers[kind], apply)
    on_loop = stacks._runs_on_worker_thread
    # Those below call this account's APIs, which the event loop answers.
    stacks._runs_on_worker_thread = lambda kind: kind in _APPLY or on_loop(kind)
    handlers["AWS::S3::Bucket"]["delete"] = _empty_only(handlers["AWS::S3::Bucket"]["delete"])
    table = handlers["AWS::DynamoDB::Table"]
    table["delete"] = _forgetting(table["delete"])
    stepfunctions._describe_state_machine = _with_tracing(stepfunctions._describe_state_machine)


def _extend(account: Account, handler: dict[str, Any], apply: Apply) -> None:
    create, update = handler["create"], handler["update"]

    def creating(logical_id: str, properties: Properties, stack: str) -> Any:
        made = create(logical_id, properties, stack)
        apply(account, made[0], properties, {})
        return made

    def updating(
        physical_id: str, old: Properties, new: Properties, *more: Any, **named: Any
    ) -> Any:
        made = update(physical_id, old, new, *more, **named)
        apply(account, made[0], new, old if made[0] == physical_id else {})
        return made

    handler.update(create=creating, update=updating)


def _bucket(account: Account, name: str, new: Properties, old: Properties) -> None:
    client = account.client("s3")
    if new.get("BucketEncryption"):
        client.put_bucket_encryption(
            Bucket=name,
            ServerSideEncryptionConfiguration=encryption(new["BucketEncryption"]),
        )
    elif old.get("BucketEncryption"):
        client.delete_bucket_encryption(Bucket=name)
    if new.get("LifecycleConfiguration"):
        client.put_bucket_lifecycle_configuration(
            Bucket=name, LifecycleConfiguration=lifecycle(new["LifecycleConfiguration"])
        )
    elif old.get("LifecycleConfiguration"):
        client.delete_bucket_lifecycle(Bucket=name)
    if new.get("Tags"):
        client.put_bucket_tagging(Bucket=name, Tagging={"TagSet": new["Tags"]})
    elif old.get("Tags"):
        client.delete_bucket_tagging(Bucket=name)
    if new.get("LoggingConfiguration") != old.get("LoggingConfiguration"):
        status = logging(name, new.get("LoggingConfiguration"))
        client.put_bucket_logging(Bucket=name, BucketLoggingStatus=status)
    _versioning(client, name, new, old)


def _versioning(client: Any, name: str, new: Properties, old: Properties) -> None:
    """Suspend what is no longer enabled: a bucket that was versioned never becomes unversioned."""
    if old.get("VersioningConfiguration") and not _enabled(new):
        client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Suspended"})


def _enabled(properties: Properties) -> bool:
    return (properties.get("VersioningConfiguration") or {}).get("Status") == "Enabled"


def _table(account: Account, name: str, new: Properties, old: Properties) -> None:
    client = account.client("dynamodb")
    ttl = new.get("TimeToLiveSpecification")
    if ttl != old.get("TimeToLiveSpecification"):
        client.update_time_to_live(
            TableName=name,
            TimeToLiveSpecification={
                "Enabled": _true((ttl or {}).get("Enabled", False)),
                "AttributeName": (ttl or old["TimeToLiveSpecification"])["AttributeName"],
            },
        )
    recovery = new.get("PointInTimeRecoverySpecification")
    if recovery != old.get("PointInTimeRecoverySpecification"):
        enabled = _true((recovery or {}).get("PointInTimeRecoveryEnabled", False))
        client.update_continuous_backups(
            TableName=name,
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": enabled},
        )
    sse = new.get("SSESpecification")
    if sse != old.get("SSESpecification"):
        _encrypt_table(account, name, sse or {"SSEEnabled": False})


def _encrypt_table(account: Account, name: str, sse: Properties) -> None:
    """Describe the table as encrypted with its key; MiniStack's UpdateTable does not."""
    if not _true(sse.get("SSEEnabled", False)):
        dynamodb._tables[name]["SSEDescription"] = None
        return
    key = account.client("kms").describe_key(KeyId=sse.get("KMSMasterKeyId", "alias/aws/dynamodb"))
    dynamodb._tables[name]["SSEDescription"] = {
        "Status": "ENABLED",
        "SSEType": "KMS",
        "KMSMasterKeyArn": key["KeyMetadata"]["Arn"],
    }


def _function(account: Account, name: str, new: Properties, old: Properties) -> None:
    client = account.client("lambda")
    letters = new.get("DeadLetterConfig")
    if letters != old.get("DeadLetterConfig"):
        client.update_function_configuration(
            FunctionName=name, DeadLetterConfig=letters or {"TargetArn": ""}
        )


def _state_machine(
    account: Account,  # noqa: ARG001 - an Apply
    arn: str,
    new: Properties,
    old: Properties,  # noqa: ARG001
) -> None:
    """Keep logging and tracing as the API names them. No execution's log is delivered here."""
    machine = stepfunctions._state_machines[arn]
    if new.get("LoggingConfiguration"):
        machine["loggingConfiguration"] = _lower(new["LoggingConfiguration"])
    machine["_tracing"] = _lower(new.get("TracingConfiguration") or {"Enabled": False})


def _lower(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name[0].lower() + name[1:]: _lower(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_lower(item) for item in value]
    return value


def _true(value: Any) -> bool:
    return str(value).lower() == "true"


def _empty_only(original: Any) -> Any:
    def delete(physical_id: str, properties: Properties) -> None:
        """Fail as AWS does: a stack does not delete a bucket that holds objects."""
        bucket = s3._buckets.get(physical_id)
        if bucket is not None and (bucket["objects"] or _versions(physical_id)):
            raise ValueError(
                "The bucket you tried to delete is not empty. You must delete all versions in "
                f"the bucket. (Bucket: {physical_id})"
            )
        original(physical_id, properties)

    return delete


def _versions(bucket: str) -> bool:
    return any(key[0] == bucket and kept for key, kept in s3._object_versions.items())


def _forgetting(original: Any) -> Any:
    def delete(physical_id: str, properties: Properties) -> None:
        original(physical_id, properties)
        dynamodb._ttl_settings.pop(physical_id, None)
        dynamodb._pitr_settings.pop(physical_id, None)

    return delete


def _with_tracing(original: Any) -> Any:
    def describe(data: dict[str, Any]) -> Any:
        status, headers, body = original(data)
        machine = stepfunctions._state_machines.get(data.get("stateMachineArn", ""))
        if status == 200 and machine is not None and "_tracing" in machine:
            told = {**json.loads(body), "tracingConfiguration": machine["_tracing"]}
            body = json.dumps(told).encode()
        return status, headers, body

    return describe


_APPLY: dict[str, Apply] = {
    "AWS::S3::Bucket": _bucket,
    "AWS::DynamoDB::Table": _table,
    "AWS::Lambda::Function": _function,
    "AWS::StepFunctions::StateMachine": _state_machine,
}
