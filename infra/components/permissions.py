"""Allow a role exactly what it needs; a wildcard carries its reason, which cdk-nag then reads."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from aws_cdk import Acknowledgment, Arn, ArnComponents, ArnFormat, Stack, Validations
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import IConstruct

Conditions = Mapping[str, Mapping[str, Any]]


class TooWide(ValueError):
    """A permission is wider than its author gave a reason for."""


def allow(
    role: iam.Role,
    *actions: str,
    on: Sequence[str],
    because: str | None = None,
    conditions: Conditions | None = None,
) -> None:
    """Allow ``actions`` on the ARNs ``on``; ``because`` says why a wildcard in them must be."""
    wide = [action for action in actions if "*" in action]
    if wide:
        raise TooWide(f"actions must be named one by one, got {wide}")
    role.add_to_policy(
        iam.PolicyStatement(
            actions=list(actions),
            resources=list(on),
            conditions=None if conditions is None else dict(conditions),
        )
    )
    for arn in on:
        _acknowledge_wildcard(role, flattened(Stack.of(role).resolve(arn)), because)


def allow_objects(
    role: iam.Role, *actions: str, bucket: s3.Bucket, prefixes: Sequence[str], because: str
) -> None:
    """Allow ``actions`` on the objects below each prefix of a bucket, wherever its stack is."""
    role.add_to_policy(
        iam.PolicyStatement(
            actions=list(actions),
            resources=[bucket.arn_for_objects(f"{prefix}*") for prefix in prefixes],
        )
    )
    arn = _arn_seen_from(role, bucket)
    for prefix in prefixes:
        _acknowledge_wildcard(role, f"{arn}/{prefix}*", because)


def allow_listing(role: iam.Role, *, bucket: s3.Bucket, prefixes: Sequence[str]) -> None:
    """Allow to list what lies below the prefixes, versions included."""
    allow(
        role,
        "s3:ListBucket",
        "s3:ListBucketVersions",
        on=[bucket.bucket_arn],
        conditions={"StringLike": {"s3:prefix": [f"{prefix}*" for prefix in prefixes]}},
    )


def allow_key(role: iam.Role, key: kms.Key) -> None:
    allow(role, "kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey", on=[key.key_arn])


def allow_state(role: iam.Role, table: dynamodb.Table) -> None:
    allow(
        role,
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "dynamodb:DeleteItem",
        "dynamodb:ConditionCheckItem",
        on=[table.table_arn],
    )


def allow_ledger(role: iam.Role, table: dynamodb.Table) -> None:
    """Append and read; no role may change or delete a line."""
    allow(role, "dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:Query", on=[table.table_arn])


def allow_passing(role: iam.Role, passed: iam.Role, *, to: str) -> None:
    allow(
        role,
        "iam:PassRole",
        on=[passed.role_arn],
        conditions={"StringEquals": {"iam:PassedToService": to}},
    )


def acknowledge(scope: IConstruct, rule: str, reason: str) -> None:
    Validations.of(scope).acknowledge(Acknowledgment(id=rule, reason=reason))


def arn(scope: IConstruct, service: str, resource: str, *, colon: bool = False) -> str:
    """The ARN of something of this account and region that the template does not hold."""
    kind, _, name = resource.partition(":" if colon else "/")
    return Arn.format(
        ArnComponents(
            service=service,
            resource=kind,
            resource_name=name,
            arn_format=ArnFormat.COLON_RESOURCE_NAME if colon else ArnFormat.SLASH_RESOURCE_NAME,
        ),
        Stack.of(scope),
    )


def flattened(resolved: object) -> str:
    """Write a resolved value as cdk-nag's findings do: ``<LogicalId.Arn>/prefix*``."""
    if isinstance(resolved, str):
        return resolved.replace("${", "<").replace("}", ">")
    [(function, argument)] = cast("dict[str, Any]", resolved).items()
    if function == "Ref":
        return f"<{argument}>"
    if function == "Fn::GetAtt":
        return f"<{'.'.join(argument)}>"
    if function in ("Fn::ImportValue", "Fn::Sub"):
        return flattened(argument)
    if function == "Fn::Join":
        return argument[0].join(flattened(part) for part in argument[1])
    raise TooWide(f"an ARN must be made of Ref, GetAtt, Join, Sub or ImportValue, got {function}")


def _arn_seen_from(role: iam.Role, bucket: s3.Bucket) -> str:
    here, there = Stack.of(role), Stack.of(bucket)
    if here is there or here.node.path == there.node.path:
        return flattened(here.resolve(bucket.bucket_arn))
    return flattened(here.resolve(there.export_value(bucket.bucket_arn)))


def _acknowledge_wildcard(role: iam.Role, resource: str, because: str | None) -> None:
    if "*" not in resource:
        return
    if because is None:
        raise TooWide(f"a wildcard must carry its reason, got {resource!r} without `because`")
    acknowledge(role, f"AwsSolutions-IAM5[Resource::{resource}]", because)
