"""Which service and operation an HTTP request calls, by AWS's protocols and botocore's models.

https://smithy.io/2.0/aws/protocols/index.html
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote

import botocore.session
from botocore.exceptions import UnknownServiceError

_CREDENTIAL = re.compile(r"Credential=([^/]+)/[^/]*/[^/]*/([^/]+)/")
_MODELS = {
    "monitoring": ("cloudwatch",),
    "states": ("stepfunctions",),
    "sagemaker": ("sagemaker", "sagemaker-runtime"),
    "dynamodb": ("dynamodb", "dynamodbstreams"),
}
"""botocore's names of the services that sign by another one."""
_REST = ("rest-json", "rest-xml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    def credential(self) -> tuple[str, str] | None:
        """Return the access key and the signing name."""
        found = _CREDENTIAL.search(self.headers.get("authorization", ""))
        if found is None:
            found = _CREDENTIAL.search(f"Credential={self.query.get('X-Amz-Credential', [''])[0]}/")
        return None if found is None else (found[1], found[2])


def operation_of(service: str, request: Request) -> str:
    """Return the operation's name, or ``Unknown``."""
    target = request.headers.get("x-amz-target")
    if target:
        return target.rpartition(".")[2]
    if "x-www-form-urlencoded" in request.headers.get("content-type", ""):
        return parse_qs(request.body.decode(errors="replace")).get("Action", ["Unknown"])[0]
    fitting = [(route.weight, route.operation) for route in _routes(service) if route.fits(request)]
    return max(fitting)[1] if fitting else "Unknown"


def refuse_unknown(service: str, operation: str) -> None:
    """Raise ``ValueError`` for a call that AWS does not have: such a fault would never act."""
    if "*" in service or "*" in operation:
        return
    models = _models(service)
    if not models:
        raise ValueError(f"service must be one that botocore knows, got {service!r}")
    if not any(operation in model.operation_names for model in models):
        raise ValueError(f"operation must be one of {service}'s API, got {operation!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Route:
    operation: str
    method: str
    path: re.Pattern[str]
    query: Mapping[str, str]
    """Parameters with their fixed values; an empty one must only be there."""
    required: tuple[str, ...]
    headers: tuple[str, ...]

    @property
    def weight(self) -> int:
        return len(self.query) + len(self.required) + len(self.headers)

    def fits(self, request: Request) -> bool:
        return (
            request.method == self.method
            and self.path.fullmatch(request.path) is not None
            and all(
                name in request.query and (not value or value in request.query[name])
                for name, value in self.query.items()
            )
            and all(name in request.query for name in self.required)
            and all(name in request.headers for name in self.headers)
        )


@cache
def _models(service: str) -> tuple[Any, ...]:
    session = botocore.session.get_session()
    found: list[Any] = []
    for name in _MODELS.get(service, (service,)):
        try:
            found.append(session.get_service_model(name))
        except UnknownServiceError:
            continue
    return tuple(found)


@cache
def _routes(service: str) -> tuple[_Route, ...]:
    return tuple(
        _route(model.operation_model(name))
        for model in _models(service)
        if model.metadata["protocol"] in _REST
        for name in model.operation_names
    )


def _route(operation: Any) -> _Route:
    uri, _, query = operation.http["requestUri"].partition("?")
    shape = operation.input_shape
    required = [] if shape is None else [shape.members[name] for name in shape.required_members]
    places: dict[str, list[str]] = {"querystring": [], "header": []}
    for member in required:
        told = member.serialization
        if told.get("location") in places:
            places[told["location"]].append(told["name"])
    return _Route(
        operation=operation.name,
        method=operation.http["method"],
        path=re.compile(_pattern(uri)),
        query={name: values[0] for name, values in parse_qs(query, keep_blank_values=True).items()},
        required=tuple(places["querystring"]),
        headers=tuple(name.lower() for name in places["header"]),
    )


def _pattern(uri: str) -> str:
    """Return the expression of a path template: ``{Key+}`` spans slashes, ``{Bucket}`` not."""
    parts = re.split(r"(\{[^}]+\})", unquote(uri).rstrip("/"))
    return (
        "".join(
            re.escape(part)
            if not part.startswith("{")
            else ".+"
            if part.endswith("+}")
            else "[^/]+"
            for part in parts
        )
        + "/?"
    )
