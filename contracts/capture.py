"""Where a server writes what it answered, when SageMaker's own data capture does not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from contracts import layout
from contracts.errors import ContractError

URI_VARIABLE = "PERENNIAL_CAPTURE_URI"
"""Set on the SageMaker Model, like the others: ``s3://bucket/prefix``; absent or empty (as a
transform job sets it): no capture."""
KEY_VARIABLE = "PERENNIAL_CAPTURE_KEY_ARN"
PERCENT_VARIABLE = "PERENNIAL_CAPTURE_PERCENT"
ENDPOINT_VARIABLE = "PERENNIAL_CAPTURE_ENDPOINT"
VARIANT_VARIABLE = "PERENNIAL_CAPTURE_VARIANT"
FLUSH_VARIABLE = "PERENNIAL_CAPTURE_FLUSH_SECONDS"

VERSION_ATTRIBUTE = "model_version="
"""Begins the custom attribute that says which version answered, in answers and in captures."""
CLOCK_FOLDER = "clock/"
"""Below the prefix: empty objects, whose moment of storing is the store's time."""
FLUSH_SECONDS = 10
BEFORE_ANSWERING = 0
"""As ``flush_seconds``: each answer waits until it is captured, since a serverless endpoint's
process may stand still as soon as it has answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerCapture:
    """``<uri>/<endpoint>/<variant>/yyyy/mm/dd/hh/…jsonl``, as SageMaker's data capture lays it."""

    uri: str
    key_arn: str | None
    percent: int
    endpoint: str
    variant: str
    flush_seconds: int = FLUSH_SECONDS

    def __post_init__(self) -> None:
        try:
            layout.split_s3_uri(self.uri)
        except ValueError as error:
            raise ContractError(f"{URI_VARIABLE}: {error}") from None
        for variable, name in (
            (ENDPOINT_VARIABLE, self.endpoint),
            (VARIANT_VARIABLE, self.variant),
        ):
            if not name or "/" in name:
                raise ContractError(f"{variable} must be a name without slashes, got {name!r}")
        if not 1 <= self.percent <= 100:
            raise ContractError(f"{PERCENT_VARIABLE} must be 1 to 100, got {self.percent}")
        if not 0 <= self.flush_seconds <= 300:
            raise ContractError(f"{FLUSH_VARIABLE} must be 0 to 300, got {self.flush_seconds}")

    def variables(self) -> dict[str, str]:
        """Return what is to be set on the SageMaker Model."""
        key = {} if self.key_arn is None else {KEY_VARIABLE: self.key_arn}
        return {
            URI_VARIABLE: self.uri,
            **key,
            PERCENT_VARIABLE: str(self.percent),
            ENDPOINT_VARIABLE: self.endpoint,
            VARIANT_VARIABLE: self.variant,
            FLUSH_VARIABLE: str(self.flush_seconds),
        }

    @classmethod
    def of(cls, variables: Mapping[str, str]) -> Self | None:
        """Read what ``variables`` wrote; None when there is no destination."""
        if not variables.get(URI_VARIABLE):
            return None
        missing = sorted({ENDPOINT_VARIABLE, VARIANT_VARIABLE} - variables.keys())
        if missing:
            raise ContractError(f"{URI_VARIABLE} needs {', '.join(missing)}")
        return cls(
            uri=variables[URI_VARIABLE],
            key_arn=variables.get(KEY_VARIABLE),
            percent=_whole(variables, PERCENT_VARIABLE, 100),
            endpoint=variables[ENDPOINT_VARIABLE],
            variant=variables[VARIANT_VARIABLE],
            flush_seconds=_whole(variables, FLUSH_VARIABLE, FLUSH_SECONDS),
        )


def _whole(variables: Mapping[str, str], name: str, default: int) -> int:
    text = variables.get(name, str(default))
    if not text.isascii() or not text.isdigit():
        raise ContractError(f"{name} must be a whole number, got {text!r}")
    return int(text)
