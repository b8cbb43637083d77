"""A fake account around real server processes."""

import asyncio
import io
import json
import sys
import tarfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from emulator.images import Image
from emulator.sagemaker.endpoints import rooms
from emulator.sagemaker.operations import operations_of

REGISTRY = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
IMAGE = f"{REGISTRY}/models:1"


class FakeClock:
    def __init__(self):
        self.time = datetime(1998, 4, 1, 10, 59, 30, tzinfo=UTC)

    def now(self):
        return self.time

    def advance(self, seconds):
        self.time += timedelta(seconds=seconds)

    def sleep(self, seconds):
        self.wait(threading.Event(), seconds)

    def wait(self, event, seconds):
        until = self.time + timedelta(seconds=seconds)
        while self.time < until:
            if event.wait(0.005):
                return True
        return event.is_set()


class FakeS3:
    def __init__(self):
        self.objects = {}
        self.failures = 0

    def head_object(self, Bucket, Key):
        if (Bucket, Key) not in self.objects:
            raise ClientError({"Error": {"Code": "404", "Message": "Not Found"}}, "HeadObject")

    def download_file(self, bucket, key, path):
        Path(path).write_bytes(self.objects[bucket, key])

    def put_object(self, Bucket, Key, Body, **options):
        if self.failures:
            self.failures -= 1
            raise ClientError({"Error": {"Code": "500", "Message": "no"}}, "PutObject")
        self.objects[Bucket, Key] = Body

    def lines(self, bucket):
        return [
            json.loads(line)
            for (where, _), body in sorted(self.objects.items())
            if where == bucket
            for line in body.decode().splitlines()
        ]


class FakeCloudWatch:
    def __init__(self):
        self.data = []
        self.alarms = {}

    def put_metric_data(self, Namespace, MetricData):
        self.data += [datum | {"Namespace": Namespace} for datum in MetricData]

    def describe_alarms(self, AlarmNames, AlarmTypes, MaxRecords):
        found = [
            {"AlarmName": name, "StateValue": self.alarms[name]}
            for name in AlarmNames
            if name in self.alarms
        ]
        return {"MetricAlarms": found, "CompositeAlarms": []}

    def sum(self, name, **dimensions):
        wanted = [{"Name": key, "Value": value} for key, value in dimensions.items()]
        return sum(
            value * count
            for datum in self.data
            if datum["MetricName"] == name and datum["Dimensions"] == wanted
            for value, count in zip(datum["Values"], datum["Counts"], strict=True)
        )


class FakeAccount:
    account_id = "123456789012"
    region = "eu-west-1"
    endpoint_url = "http://127.0.0.1:4566"

    def __init__(self, state_dir):
        self.state_dir = state_dir
        self.clock = FakeClock()
        self.clients = {"s3": FakeS3(), "cloudwatch": FakeCloudWatch()}
        self.events = []
        self.logs = {}

    def client(self, service):
        return self.clients[service]

    def put_event(self, *, source, detail_type, detail, resources):
        json.dumps(detail)
        self.events.append(SimpleNamespace(source=source, type=detail_type, detail=detail))

    def write_log(self, *, group, stream, messages):
        self.logs.setdefault((group, stream), []).extend(messages)


class FakeImages:
    def resolve(self, uri):
        if not uri.startswith(f"{REGISTRY}/models"):
            return None
        return Image(
            uri=f"{REGISTRY}/models@sha256:{'0' * 64}",
            digest=f"sha256:{'0' * 64}",
            root=Path(__file__).parent,
            entrypoint=(sys.executable, "-S", "container.py"),
            path=(Path(sys.executable).parent,),
            environment={"IMAGE_SAYS": "hello"},
        )


class Sagemaker:
    """The rooms as one client: control calls by name, invocations on an event loop."""

    def __init__(self, account):
        self.account = account
        self.rooms = rooms(account, FakeImages())
        self.calls = {name: call for room in self.rooms for name, call in operations_of(room)}
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        for room in self.rooms:
            getattr(room, "start", lambda: None)()

    def close(self):
        for room in reversed(self.rooms):
            getattr(room, "stop", lambda: None)()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def call(self, name, **request):
        return self.calls[name](request)

    async def ask(self, endpoint, body=b"1,2", **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.rooms[-1].handle_runtime(
            "POST", f"/endpoints/{endpoint}/invocations", {"content-type": "text/csv"} | named, body
        )

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(30)

    def invoke(self, endpoint, body=b"1,2", **headers):
        status, answered, said = self.run(self.ask(endpoint, body, **headers))
        return status, answered, json.loads(said)

    def model(self, name, *, data=None, **environment):
        container = {"Image": IMAGE, "Environment": {"MODEL_ID": name} | environment}
        if data is not None:
            container["ModelDataUrl"] = data
        return self.call(
            "CreateModel",
            ModelName=name,
            PrimaryContainer=container,
            ExecutionRoleArn="arn:aws:iam::123456789012:role/serving",
        )

    def config(self, name, *, instances=1, variant="AllTraffic", weight=1.0, **more):
        return self.call(
            "CreateEndpointConfig",
            EndpointConfigName=name,
            ProductionVariants=[
                {
                    "VariantName": variant,
                    "ModelName": name,
                    "InstanceType": "ml.m5.large",
                    "InitialInstanceCount": instances,
                    "InitialVariantWeight": weight,
                }
            ],
            **more,
        )

    def describe(self, name="churn"):
        return self.call("DescribeEndpoint", EndpointName=name)

    def wait(self, *statuses, name="churn", seconds=20):
        self.until(lambda: self.describe(name)["EndpointStatus"] in statuses, seconds)
        return self.describe(name)

    def until(self, condition, seconds=20):
        limit = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < limit, "waited in vain"
            time.sleep(0.01)

    def serve(self, name="one", *, endpoint="churn", environment=None, **config):
        self.model(name, **(environment or {}))
        self.config(name, **config)
        self.call("CreateEndpoint", EndpointName=endpoint, EndpointConfigName=name)
        return self.wait("InService", "Failed", name=endpoint)

    def update(self, name, *, environment=None, deployment=None, endpoint="churn", **config):
        self.model(name, **(environment or {}))
        self.config(name, **config)
        request = {"EndpointName": endpoint, "EndpointConfigName": name}
        if deployment is not None:
            request["DeploymentConfig"] = deployment
        self.call("UpdateEndpoint", **request)

    def stage(self, name="churn"):
        pending = self.describe(name).get("PendingDeploymentSummary", {})
        for variant in pending.get("ProductionVariants", []):
            for status in variant.get("VariantStatus", []):
                return status["Status"]
        return None


@pytest.fixture
def account(tmp_path):
    return FakeAccount(tmp_path)


@pytest.fixture
def sagemaker(account):
    made = Sagemaker(account)
    yield made
    made.close()


def archive(**files):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, text in files.items():
            entry = tarfile.TarInfo(name.replace("__", "/"))
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
    return packed.getvalue()
