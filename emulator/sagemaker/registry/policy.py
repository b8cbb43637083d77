"""A package group's resource policy: only its Deny statements are enforced, and only plain ones.

The account knows one caller, who may do everything, so an Allow changes nothing and is kept as it
was given. A Deny that cannot be evaluated exactly (conditions, other principals than everybody,
NotAction and the like) is refused when the policy is put: it never pretends.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_PutModelPackageGroupPolicy.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from emulator.sagemaker.errors import ServiceError, not_supported, validation

_EVERYBODY = ("*", {"AWS": "*"}, {"AWS": ["*"]})
_PLAIN = {"Sid", "Effect", "Principal", "Action", "Resource"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    actions: tuple[str, ...]
    resources: tuple[str, ...]

    def covers(self, action: str, arn: str) -> bool:
        """Actions are compared without case, ARNs with it; * and ? stand for what they do in IAM.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
        """
        return any(_matches(action.lower(), one.lower()) for one in self.actions) and any(
            _matches(arn, one) for one in self.resources
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    text: str
    denials: tuple[Denial, ...]

    def refuse(self, operation: str, arn: str, *, caller: str) -> None:
        """Raise when a statement denies ``operation`` on the resource."""
        action = f"sagemaker:{operation}"
        if any(denial.covers(action, arn) for denial in self.denials):
            raise ServiceError(
                "AccessDeniedException",
                f"User: {caller} is not authorized to perform: {action} on resource: {arn} "
                "with an explicit deny in a resource-based policy",
            )


def parse(text: str) -> Policy:
    try:
        document = json.loads(text)
        statements = document["Statement"]
    except (ValueError, KeyError, TypeError):
        raise validation(f"ResourcePolicy is not a policy document: {text[:200]}") from None
    listed = statements if isinstance(statements, list) else [statements]
    return Policy(
        text=text, denials=tuple(_denial(one) for one in listed if one.get("Effect") == "Deny")
    )


def _denial(statement: Mapping[str, Any]) -> Denial:
    if others := sorted(set(statement) - _PLAIN):
        raise not_supported(f"PutModelPackageGroupPolicy with a Deny that has {', '.join(others)}")
    if statement.get("Principal") not in _EVERYBODY:
        raise not_supported(
            "PutModelPackageGroupPolicy with a Deny whose Principal is not everybody, got "
            f"{statement.get('Principal')!r}"
        )
    return Denial(actions=_listed(statement, "Action"), resources=_listed(statement, "Resource"))


def _listed(statement: Mapping[str, Any], element: str) -> tuple[str, ...]:
    value = statement.get(element)
    if not value:
        raise validation(f"a statement of ResourcePolicy lacks {element}")
    return (value,) if isinstance(value, str) else tuple(value)


def _matches(text: str, pattern: str) -> bool:
    """IAM's pattern has no character sets, which fnmatch would read into brackets."""
    return fnmatchcase(text, pattern.replace("[", "[[]"))
