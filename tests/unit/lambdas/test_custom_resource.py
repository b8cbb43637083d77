"""The answers that CloudFormation gets, over real HTTP."""

import json
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from lambdas.adapters import custom_resource


class Inbox(BaseHTTPRequestHandler):
    got: list[tuple[str | None, dict[str, Any]]]

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append((self.headers["Content-Type"], json.loads(body)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None: ...


@pytest.fixture
def inbox() -> Iterator[HTTPServer]:
    Inbox.got = []
    with HTTPServer(("127.0.0.1", 0), Inbox) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def event(inbox: HTTPServer, request_type: str, **more: str) -> dict[str, Any]:
    return {
        "RequestType": request_type,
        "ResponseURL": f"http://127.0.0.1:{inbox.server_port}/answer",
        "StackId": "stack",
        "RequestId": "request",
        "LogicalResourceId": "Contents",
        "ResourceProperties": {"Buckets": ["a"]},
        **more,
    }


def refuse(_properties: Mapping[str, Any]) -> str:
    raise RuntimeError("the bucket is locked")


@pytest.mark.parametrize("request_type", ["Create", "Update"])
def test_only_deletion_does_anything(request_type: str, inbox: HTTPServer) -> None:
    custom_resource.answer(event(inbox, request_type), on_delete=refuse)
    [(content_type, answer)] = Inbox.got
    assert answer == {
        "Status": "SUCCESS",
        "Reason": "nothing to do before deletion",
        "StackId": "stack",
        "RequestId": "request",
        "LogicalResourceId": "Contents",
        "PhysicalResourceId": "Contents",
    }
    assert content_type == ""


def test_deletion_is_told_what_to_delete(inbox: HTTPServer) -> None:
    told: list[Mapping[str, Any]] = []

    def delete(properties: Mapping[str, Any]) -> str:
        told.append(properties)
        return "2 buckets emptied"

    custom_resource.answer(event(inbox, "Delete", PhysicalResourceId="physical"), on_delete=delete)
    assert told == [{"Buckets": ["a"]}]
    assert Inbox.got[0][1]["Reason"] == "2 buckets emptied"
    assert Inbox.got[0][1]["PhysicalResourceId"] == "physical"


def test_a_failed_deletion_is_answered_with_its_reason(inbox: HTTPServer) -> None:
    custom_resource.answer(event(inbox, "Delete"), on_delete=refuse)
    [(_, answer)] = Inbox.got
    assert answer["Status"] == "FAILED"
    assert answer["Reason"] == "RuntimeError: the bucket is locked"


def test_an_answer_fits_what_cloudformation_reads(inbox: HTTPServer) -> None:
    custom_resource.answer(event(inbox, "Delete"), on_delete=lambda _: "x" * 9000)
    [(_, answer)] = Inbox.got
    assert len(json.dumps(answer)) < 4096
