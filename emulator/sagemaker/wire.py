"""Requests and answers as botocore's model of the API has them: checked, to and from JSON.

SageMaker speaks JSON 1.1, where a timestamp is a number of seconds since 1970:
https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.model import Shape

from emulator.sagemaker.api_model import (
    input_shape,
    item_of,
    key_of,
    limits_of,
    members_of,
    output_shape,
)
from emulator.sagemaker.constraints import broken_constraints
from emulator.sagemaker.errors import ServiceError, validation

_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
    "list": list,
    "map": Mapping,
    "structure": Mapping,
    "timestamp": (int, float, str, datetime),
}


class WrongAnswer(Exception):
    """An answer of ours does not have the shape AWS gives it: a bug here, never the caller's."""


def read_request(
    operation: str, request: Mapping[str, Any], service: str = "sagemaker"
) -> dict[str, Any]:
    """Return a checked copy of ``request``, with ``datetime`` values for timestamps."""
    shape = input_shape(operation, service)
    if shape is None:
        return {}
    problems: list[str] = []
    parsed = _read(shape, request, "", problems)
    if problems:
        errors = "error" if len(problems) == 1 else "errors"
        raise validation(f"{len(problems)} validation {errors} detected: {'; '.join(problems)}")
    return parsed


def _read(shape: Shape, value: Any, path: str, problems: list[str]) -> Any:
    value = _typed(shape, value, path)
    for broken in broken_constraints(shape, value):
        problems.append(f"Value '{value}' at '{path}' failed to satisfy constraint: {broken}")
    match shape.type_name:
        case "structure":
            return _read_structure(shape, value, path, problems)
        case "list":
            item = item_of(shape)
            return [
                _read(item, each, f"{path}.{index}.member", problems)
                for index, each in enumerate(value, start=1)
            ]
        case "map":
            key, item = key_of(shape), item_of(shape)
            return {
                _read(key, name, f"{path}.{name}.key", problems): _read(
                    item, each, f"{path}.{name}", problems
                )
                for name, each in value.items()
            }
        case _:
            return value


def _read_structure(shape: Shape, value: Any, path: str, problems: list[str]) -> dict[str, Any]:
    members = members_of(shape)
    parsed: dict[str, Any] = {}
    for name, each in value.items():
        if name not in members:
            problems.append(f"Value at '{_below(path, name)}' is not a member of {shape.name}")
        elif each is not None:
            parsed[name] = _read(members[name], each, _below(path, name), problems)
    for name in limits_of(shape).get("required", []):
        if value.get(name) is None:
            problems.append(
                f"Value null at '{_below(path, name)}' failed to satisfy constraint: "
                "Member must not be null"
            )
    return parsed


def _below(path: str, member: str) -> str:
    lowered = member[0].lower() + member[1:]
    return f"{path}.{lowered}" if path else lowered


def _typed(shape: Shape, value: Any, path: str) -> Any:
    kind = shape.type_name
    if kind in ("integer", "long") and isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
        raise ServiceError(
            "SerializationException",
            f"{path or shape.name} must be of type {kind}, got {type(value).__name__}",
        )
    return _time(value, path) if kind == "timestamp" else value


def _time(value: Any, path: str) -> datetime:
    try:
        if isinstance(value, str):
            value = datetime.fromisoformat(value)
        if isinstance(value, datetime):
            return value if value.tzinfo else value.replace(tzinfo=UTC)
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise ServiceError("SerializationException", f"{path} is not a time: {value}") from error


def check_response(
    operation: str, response: Mapping[str, Any], service: str = "sagemaker"
) -> dict[str, Any]:
    """Return ``response`` without its absent members, or raise :class:`WrongAnswer`."""
    shape = output_shape(operation, service)
    if shape is None:
        return {}
    return _checked(shape, response, operation)


def _checked(shape: Shape, value: Any, path: str) -> Any:
    kind: str = shape.type_name
    expected = datetime if kind == "timestamp" else _TYPES[kind]
    if kind == "list" and isinstance(value, tuple):
        value = list(value)
    if not isinstance(value, expected) or (isinstance(value, bool) and kind != "boolean"):
        raise WrongAnswer(f"{path} must be of type {kind}, got {value!r}")
    content: Any = value
    if kind == "structure":
        return _checked_structure(shape, content, path)
    if kind == "list":
        item = item_of(shape)
        return [_checked(item, each, f"{path}[]") for each in content]
    if kind == "map":
        item = item_of(shape)
        return {name: _checked(item, each, f"{path}.{name}") for name, each in content.items()}
    choice = limits_of(shape).get("enum", [value])
    if value not in choice:
        raise WrongAnswer(f"{path} must be one of {choice}, got {value!r}")
    return value


def _checked_structure(shape: Shape, value: Any, path: str) -> dict[str, Any]:
    members = members_of(shape)
    present = {name: each for name, each in value.items() if each is not None}
    if unknown := present.keys() - members.keys():
        raise WrongAnswer(f"{path} has no member {', '.join(sorted(unknown))}")
    if missing := set(limits_of(shape).get("required", [])) - present.keys():
        raise WrongAnswer(f"{path} lacks its member {', '.join(sorted(missing))}")
    return {name: _checked(members[name], each, f"{path}.{name}") for name, each in present.items()}


def to_json(value: Any) -> Any:
    """Return a checked answer with timestamps as JSON 1.1 has them."""
    match value:
        case datetime():
            return value.timestamp()
        case dict():
            return {name: to_json(each) for name, each in value.items()}
        case list():
            return [to_json(each) for each in value]
        case _:
            return value
