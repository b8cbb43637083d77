"""An injected error as the service's own protocol tells it.

https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html#operation-error-serialization
https://smithy.io/2.0/aws/protocols/aws-restxml-protocol.html#operation-error-serialization
https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#operation-error-serialization
"""

import json
import uuid
from xml.sax.saxutils import escape

from emulator.faults.operation import Request
from emulator.faults.rule import Rule

Answer = tuple[int, dict[str, str], bytes]


def error_answer(rule: Rule, service: str, request: Request) -> Answer:
    """Return status, headers and body."""
    number = str(uuid.uuid4())
    headers = {"x-amzn-requestid": number}
    given = request.headers.get("content-type", "")
    if "x-amz-target" in request.headers:
        return _json(rule, request, headers | {"content-type": given})
    if "x-www-form-urlencoded" in given:
        return rule.status, headers | {"content-type": "text/xml"}, _query(rule, number)
    if service == "s3":
        headers |= {"content-type": "application/xml", "x-amz-request-id": number}
        body = b"" if request.method == "HEAD" else _rest_xml(rule, number)
        return rule.status, headers, body
    headers |= {"content-type": "application/json", "x-amzn-errortype": rule.code}
    body = {"Type": _side(rule), "message": rule.message}
    return rule.status, headers, json.dumps(body).encode()


def _json(rule: Rule, request: Request, headers: dict[str, str]) -> Answer:
    headers["x-amzn-errortype"] = rule.code
    if request.headers.get("x-amzn-query-mode") == "true":
        headers["x-amzn-query-error"] = f"{rule.code};{_side(rule)}"
    return (
        rule.status,
        headers,
        json.dumps({"__type": rule.code, "message": rule.message}).encode(),
    )


def _rest_xml(rule: Rule, number: str) -> bytes:
    """Return S3's error: its root has no wrapper.

    https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
    """
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{escape(rule.code)}</Code><Message>{escape(rule.message)}</Message>"
        f"<RequestId>{number}</RequestId></Error>"
    ).encode()


def _query(rule: Rule, number: str) -> bytes:
    return (
        f"<ErrorResponse><Error><Type>{_side(rule)}</Type><Code>{escape(rule.code)}</Code>"
        f"<Message>{escape(rule.message)}</Message></Error>"
        f"<RequestId>{number}</RequestId></ErrorResponse>"
    ).encode()


def _side(rule: Rule) -> str:
    return "Sender" if rule.status < 500 else "Receiver"
