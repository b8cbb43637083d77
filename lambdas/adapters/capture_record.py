"""One captured invocation, read from its JSON line."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts import layout, moment
from contracts.capture import VERSION_ATTRIBUTE
from contracts.errors import ContractError
from contracts.reading import Table
from lambdas.adapters.capture_requests import RequestUnreadable, Row, is_text, rows_of


class RecordUnreadable(ValueError):
    """A line of a capture file is not a capture of our requests; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    at: datetime
    inference_id: str | None
    event_id: str | None
    """SageMaker's own name of it."""
    version: str | None
    """The version that the answer names; None when it names none."""
    answered: bool
    """False for an answer that refused the request: its rows were nobody's prediction."""
    content_type: str
    content: str
    """The request; empty where it is no text."""
    answer_type: str
    answer: str
    """What was answered; empty where it is no text."""

    @property
    def is_probe(self) -> bool:
        return self.inference_id is not None and self.inference_id.startswith(layout.PROBE_PREFIX)

    def rows(self, features: Sequence[str]) -> list[Row]:
        """The request's rows in the order of ``features``."""
        try:
            return rows_of(self.content_type, self.content, features)
        except RequestUnreadable as error:
            raise RecordUnreadable(str(error)) from error


def read_record(line: bytes) -> Record:
    """Read one line of a capture file, SageMaker's or the server's own (ml/serving/exchange.py).

    https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html
    """
    try:
        table = Table.of(json.loads(line), "record")
        captured, about = table.table("captureData"), table.table("eventMetadata")
        answer_type, text = _text(captured.optional_table("endpointOutput"))
        answer = _first_document(text)
        asked = captured.table("endpointInput")
        content_type = asked.optional_text("observedContentType") or ""
        return Record(
            at=moment.parse(about.text("inferenceTime"), "inferenceTime"),
            inference_id=about.optional_text("inferenceId"),
            event_id=about.optional_text("eventId"),
            version=_version(answer, about),
            answered="error" not in answer,
            content_type=content_type,
            content=_content(asked) if is_text(content_type) else "",
            answer_type=answer_type,
            answer=text,
        )
    except (ContractError, ValueError, RecursionError) as error:
        raise RecordUnreadable(str(error) or type(error).__name__) from error


def _version(answer: Mapping[str, Any], about: Table) -> str | None:
    """Return the version that an answer names in its body, or the server beside it."""
    if answer.get("model_version") is not None:
        return str(answer["model_version"])
    attributes = about.content.get("customAttributes")
    for attribute in attributes if isinstance(attributes, list) else ():
        if isinstance(attribute, str) and attribute.startswith(VERSION_ATTRIBUTE):
            return attribute.removeprefix(VERSION_ATTRIBUTE)
    return None


def _content(side: Table) -> str:
    data, encoding = side.content.get("data"), side.text("encoding")
    if not isinstance(data, str):
        raise ContractError(f"{side.where}.data must be a text, got {data!r}")
    if encoding == "BASE64":
        return base64.b64decode(data, validate=True).decode("utf-8")
    if encoding in ("CSV", "JSON"):
        return data
    raise ContractError(f"{side.where}.encoding must be CSV, JSON or BASE64, got {encoding!r}")


def _text(side: Table | None) -> tuple[str, str]:
    """Return the type and text of an answer; what is no text says nothing by itself."""
    if side is None:
        return "", ""
    kind = side.optional_text("observedContentType") or ""
    try:
        return kind, _content(side) if is_text(kind) else ""
    except ValueError:
        return kind, ""


def _first_document(text: str) -> dict[str, Any]:
    try:
        # Of JSON Lines each line names the version.
        document = json.loads(text.partition("\n")[0])
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
