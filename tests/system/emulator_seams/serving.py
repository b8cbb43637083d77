"""A model that serves in the account of these tests, and endpoints made of it."""

import json
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from emulator.client import RunningAccount
from tests.system.emulator_seams.conftest import ROLE

_SOURCE = """
import json, os, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        self.answer(b"")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if body == b"slow":
            time.sleep(0.3)
        if body == b"store":
            import boto3
            boto3.client("s3").put_object(Bucket="stored", Key="one", Body=b"1")
        self.answer(json.dumps({"pid": os.getpid(), "model": os.environ["MODEL"]}).encode())

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass

print("serving", os.environ["MODEL"])
address = (os.environ["BIND_HOST"], int(os.environ["SAGEMAKER_BIND_TO_PORT"]))
ThreadingHTTPServer(address, Handler).serve_forever()
"""


def register(account: RunningAccount, root: Path, repository: str) -> str:
    """Push an image whose server tells its process and its model; return its URI."""
    (root / "teller").mkdir()
    (root / "teller" / "main.py").write_text(textwrap.dedent(_SOURCE))
    account.client("ecr").create_repository(repositoryName=repository)
    image = account.register_image(
        repository,
        "v1",
        root=root,
        sources=["teller"],
        entrypoint=[sys.executable, "-m", "teller.main"],
    )
    return str(image["uri"])


class Serving:
    """Endpoints of one account."""

    def __init__(self, account: RunningAccount, image: str) -> None:
        self.account = account
        self.sagemaker = account.client("sagemaker")
        self.image = image

    def config(self, name: str, *, instances: int = 1, **more: Any) -> str:
        self.sagemaker.create_model(
            ModelName=name,
            PrimaryContainer={"Image": self.image, "Environment": {"MODEL": name}},
            ExecutionRoleArn=ROLE,
        )
        variant = {"VariantName": "live", "ModelName": name}
        if "ServerlessConfig" in more:
            variant["ServerlessConfig"] = more.pop("ServerlessConfig")
        else:
            variant |= {"InstanceType": "ml.m5.large", "InitialInstanceCount": instances}
        self.sagemaker.create_endpoint_config(
            EndpointConfigName=name, ProductionVariants=[variant], **more
        )
        return name

    def serve(self, name: str, *, instances: int = 1, **more: Any) -> str:
        config = self.config(name, instances=instances, **more)
        self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
        self.until(lambda: self.status(name) != "Creating")
        assert self.status(name) == "InService"
        return name

    def status(self, name: str) -> str:
        return self.sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"]

    def count(self, name: str) -> int:
        described = self.sagemaker.describe_endpoint(EndpointName=name)
        return described["ProductionVariants"][0]["CurrentInstanceCount"]

    def invoke(self, name: str, body: bytes = b"1") -> dict[str, Any]:
        answer = self.account.client("sagemaker-runtime").invoke_endpoint(
            EndpointName=name, ContentType="text/csv", Body=body
        )
        return json.loads(answer["Body"].read())

    def pids(self, name: str, requests: int = 40) -> set[int]:
        return {self.invoke(name)["pid"] for _ in range(requests)}

    def until(self, condition: Callable[[], bool], seconds: float = 30) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "waited in vain"
            threading.Event().wait(0.05)

    def remove(self, name: str) -> None:
        self.until(lambda: self.status(name) in ("InService", "Failed"))
        self.sagemaker.delete_endpoint(EndpointName=name)
        self.until(lambda: not self._there(name))

    def _there(self, name: str) -> bool:
        listed = self.sagemaker.list_endpoints(NameContains=name)["Endpoints"]
        return any(one["EndpointName"] == name for one in listed)
