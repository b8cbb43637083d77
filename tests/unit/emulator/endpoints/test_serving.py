import asyncio
import json
import os

import botocore.session
import pytest
from botocore.validate import ParamValidator

from emulator.sagemaker.errors import ServiceError

from .conftest import IMAGE, archive


def assert_shaped(service, operation, response):
    model = botocore.session.get_session().get_service_model(service)
    report = ParamValidator().validate(response, model.operation_model(operation).output_shape)
    assert not report.has_errors(), report.generate_report()


def test_an_endpoint_serves_the_unpacked_model_under_the_container_contract(sagemaker, account):
    account.clients["s3"].objects["models", "a/model.tar.gz"] = archive(**{"id.txt": "from-s3"})
    sagemaker.model("one", data="s3://models/a/model.tar.gz", COLOUR="blue")
    sagemaker.config("one")
    arn = sagemaker.call("CreateEndpoint", EndpointName="Churn", EndpointConfigName="one")
    assert arn == {"EndpointArn": "arn:aws:sagemaker:eu-west-1:123456789012:endpoint/churn"}
    described = sagemaker.wait("InService", name="Churn")
    assert described["ProductionVariants"][0]["CurrentInstanceCount"] == 1
    assert described["ProductionVariants"][0]["DeployedImages"][0]["SpecifiedImage"] == IMAGE

    status, headers, said = sagemaker.invoke("Churn", b"environment")
    assert (status, said["model"]) == (200, "from-s3")
    assert headers["x-Amzn-Invoked-Production-Variant"] == "AllTraffic"
    environment = said["environment"]
    assert environment["COLOUR"] == "blue"
    assert environment["IMAGE_SAYS"] == "hello"
    assert environment["AWS_REGION"] == "eu-west-1"
    assert environment["BIND_HOST"] == "127.0.0.1"
    # Nothing of the account's own environment leaks; LC_CTYPE is the interpreter's own doing.
    assert set(environment) - {"LC_CTYPE"} == {
        *("PATH", "HOME", "LANG", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"),
        *("SAGEMAKER_BASE_DIR", "SAGEMAKER_BIND_TO_PORT", "BIND_HOST", "MODEL_ID", "COLOUR"),
        *("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "IMAGE_SAYS"),
        *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_EC2_METADATA_DISABLED"),
    }


@pytest.mark.slow
def test_answers_have_the_shape_of_the_service_model(sagemaker):
    assert_shaped("sagemaker", "CreateModel", sagemaker.model("one"))
    capture = {
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": "s3://captures",
        "CaptureOptions": [{"CaptureMode": "Input"}],
    }
    made = sagemaker.config("one", DataCaptureConfig=capture)
    assert_shaped("sagemaker", "CreateEndpointConfig", made)
    sagemaker.call("CreateEndpoint", EndpointName="churn", EndpointConfigName="one")
    assert_shaped("sagemaker", "DescribeEndpoint", sagemaker.describe())
    assert_shaped("sagemaker", "DescribeEndpoint", sagemaker.wait("InService"))
    for operation, request in (
        ("DescribeModel", {"ModelName": "one"}),
        ("ListModels", {}),
        ("DescribeEndpointConfig", {"EndpointConfigName": "one"}),
        ("ListEndpointConfigs", {}),
        ("ListEndpoints", {}),
    ):
        assert_shaped("sagemaker", operation, sagemaker.call(operation, **request))


def test_the_status_changes_are_events(sagemaker, account):
    sagemaker.serve()
    sagemaker.call("DeleteEndpoint", EndpointName="churn")
    sagemaker.until(lambda: not sagemaker.call("ListEndpoints")["Endpoints"])
    changes = [event for event in account.events if event.type == "SageMaker Endpoint State Change"]
    assert [event.detail["EndpointStatus"] for event in changes] == [
        "CREATING",
        "IN_SERVICE",
        "DELETING",
    ]
    assert changes[1].source == "aws.sagemaker"
    assert changes[1].detail["EndpointConfigName"] == "one"


@pytest.mark.parametrize("fault", ["crash", "unhealthy"])
@pytest.mark.slow
def test_a_container_that_never_gets_healthy_fails_the_endpoint(sagemaker, account, fault):
    sagemaker.model("one", FAULT=fault)
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": "one",
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
        "ContainerStartupHealthCheckTimeoutInSeconds": 1,
    }
    sagemaker.call("CreateEndpointConfig", EndpointConfigName="one", ProductionVariants=[variant])
    sagemaker.call("CreateEndpoint", EndpointName="churn", EndpointConfigName="one")
    described = sagemaker.wait("Failed")
    assert described["FailureReason"] == (
        "The primary container for production variant AllTraffic did not pass the ping health "
        "check. Please check CloudWatch logs for this endpoint."
    )
    ((group, stream),) = account.logs
    assert group == "/aws/sagemaker/Endpoints/churn"
    assert stream.startswith("AllTraffic/i-")
    assert "serving one" in account.logs[group, stream]
    with pytest.raises(ServiceError, match="can only be deleted"):
        sagemaker.call("UpdateEndpoint", EndpointName="churn", EndpointConfigName="one")


def test_a_container_error_is_a_model_error(sagemaker):
    sagemaker.serve(environment={"FAULT": "5xx"})
    status, headers, said = sagemaker.invoke("churn")
    assert (status, headers["x-amzn-errortype"]) == (424, "ModelError")
    assert said["OriginalStatusCode"] == 500
    assert said["OriginalMessage"] == "the model is broken"
    assert said["Message"].startswith(
        'Received server error (500) from primary with message "the model is broken". See https://'
    )
    assert said["LogStreamArn"].endswith("log-group:/aws/sagemaker/Endpoints/churn")


def test_what_is_unknown_or_unsupported_is_named(sagemaker):
    status, headers, said = sagemaker.invoke("nobody")
    assert (status, headers["x-amzn-errortype"]) == (400, "ValidationError")
    assert said["Message"] == "Endpoint nobody of account 123456789012 not found."
    status, _, said = sagemaker.invoke("nobody", X_Amzn_SageMaker_Target_Model="a")
    assert status == 501
    assert "target-model" in said["Message"]
    assert sagemaker.invoke("nobody", b"x" * 6_291_457)[0] == 413


def test_a_lost_instance_is_replaced_while_the_other_one_serves(sagemaker):
    sagemaker.serve(instances=2)
    pids = {sagemaker.invoke("churn")[2]["pid"] for _ in range(30)}
    assert len(pids) == 2
    lost = pids.pop()
    os.kill(lost, 9)
    sagemaker.until(lambda: not exists(lost))
    answers = [sagemaker.invoke("churn") for _ in range(20)]
    assert {status for status, _, _ in answers} == {200}
    sagemaker.until(
        lambda: sagemaker.describe()["ProductionVariants"][0]["CurrentInstanceCount"] == 2
    )
    sagemaker.until(lambda: sagemaker.invoke("churn")[2]["pid"] not in pids)


def exists(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_request_that_never_reached_an_instance_goes_to_another_one(sagemaker):
    sagemaker.serve(instances=2)
    (pool,) = sagemaker.rooms[2].serving("churn").fleet.pools
    pool.ready[0].url = "http://127.0.0.1:1/invocations"
    assert {sagemaker.invoke("churn")[0] for _ in range(10)} == {200}


def test_without_any_instance_the_service_is_unavailable(sagemaker):
    sagemaker.serve()
    (pool,) = sagemaker.rooms[2].serving("churn").fleet.pools
    pool.ready[0].url = "http://127.0.0.1:1/invocations"
    status, headers, _ = sagemaker.invoke("churn")
    assert (status, headers["x-amzn-errortype"]) == (503, "ServiceUnavailable")
    sagemaker.until(lambda: sagemaker.invoke("churn")[0] == 200)


def test_the_largest_body_passes_unharmed(sagemaker):
    sagemaker.serve()
    status, _, said = sagemaker.invoke("churn", b"x" * 6_291_456)
    assert (status, said["size"]) == (200, 6_291_456)


def test_an_instance_that_hangs_is_replaced(sagemaker):
    sagemaker.serve()
    (pool,) = sagemaker.rooms[2].serving("churn").fleet.pools
    (hung,) = pool.ready
    sagemaker.invoke("churn", b"get sick")
    for _ in range(5):
        pool.check()
    sagemaker.until(lambda: pool.ready and pool.ready[0] is not hung)
    assert sagemaker.invoke("churn")[0] == 200


def test_an_account_that_stops_while_an_endpoint_starts_leaves_no_process(sagemaker, account):
    sagemaker.model("one", FAULT="unhealthy")
    sagemaker.config("one", instances=2)
    sagemaker.call("CreateEndpoint", EndpointName="churn", EndpointConfigName="one")
    sagemaker.until(lambda: len(started(account)) == 2)
    pids = started(account)
    sagemaker.rooms[2].stop()
    sagemaker.until(lambda: not any(exists(pid) for pid in pids))


def started(account):
    pids = (account.state_dir / "sagemaker" / "endpoints").rglob("pid")
    return [int(text) for path in pids if (text := path.read_text())]


def test_a_container_that_dies_of_a_request_is_not_asked_again(sagemaker):
    sagemaker.serve()
    status, _, said = sagemaker.invoke("churn", b"die")
    assert status == 424
    assert "closed the connection" in said["OriginalMessage"]
    sagemaker.until(lambda: sagemaker.invoke("churn")[0] == 200)


def test_weights_and_capacities_change_without_a_failed_request(sagemaker):
    sagemaker.serve(instances=2)

    async def load():
        statuses = []
        while sagemaker.describe()["EndpointStatus"] == "Updating":
            statuses.append((await sagemaker.ask("churn"))[0])
        return statuses

    for count in (3, 1):
        change = {"VariantName": "AllTraffic", "DesiredInstanceCount": count}
        sagemaker.call(
            "UpdateEndpointWeightsAndCapacities",
            EndpointName="churn",
            DesiredWeightsAndCapacities=[change],
        )
        assert set(sagemaker.run(load())) <= {200}
        variant = sagemaker.wait("InService")["ProductionVariants"][0]
        assert (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) == (count, count)


def test_traffic_follows_the_variants_weights(sagemaker):
    variants = []
    for name, weight in (("a", 3.0), ("b", 1.0), ("silent", 0.0)):
        sagemaker.model(name)
        variants.append(
            {
                "VariantName": name,
                "ModelName": name,
                "InstanceType": "ml.m5.large",
                "InitialInstanceCount": 1,
                "InitialVariantWeight": weight,
            }
        )
    sagemaker.call("CreateEndpointConfig", EndpointConfigName="ab", ProductionVariants=variants)
    sagemaker.call("CreateEndpoint", EndpointName="churn", EndpointConfigName="ab")
    sagemaker.wait("InService")

    async def many():
        return [json.loads((await sagemaker.ask("churn"))[2])["model"] for _ in range(400)]

    models = sagemaker.run(many())
    assert set(models) == {"a", "b"}
    assert 240 < models.count("a") < 360
    named = sagemaker.invoke("churn", X_Amzn_SageMaker_Target_Variant="silent")
    assert named[2]["model"] == "silent"
    assert sagemaker.invoke("churn", X_Amzn_SageMaker_Target_Variant="c")[0] == 400


def test_deleting_lets_what_was_begun_finish(sagemaker):
    sagemaker.serve(environment={"FAULT": "slow"})

    async def load():
        begun = [asyncio.create_task(sagemaker.ask("churn")) for _ in range(8)]
        await asyncio.sleep(0.05)
        sagemaker.call("DeleteEndpoint", EndpointName="churn")
        return [(await one)[0] for one in begun]

    assert sagemaker.run(load()) == [200] * 8
    sagemaker.until(lambda: not sagemaker.call("ListEndpoints")["Endpoints"])
    assert sagemaker.invoke("churn")[0] == 400


def test_nothing_is_left_when_the_account_stops(sagemaker, account):
    sagemaker.serve(instances=2)
    pids = {sagemaker.invoke("churn")[2]["pid"] for _ in range(30)}
    sagemaker.rooms[2].stop()
    assert not any(exists(pid) for pid in pids)
    assert not list((account.state_dir / "sagemaker" / "endpoints").glob("*/*"))
