"""Transform jobs under the hosting contract, with real processes."""

import gzip
import json
import threading

import pytest

from emulator.sagemaker.errors import ServiceError
from tests.unit.emulator.transform.conftest import Stage


def test_each_object_is_answered_line_by_line_into_an_object_named_out(stage: Stage) -> None:
    stage.put(**{"a": b"1\n2\n\n3\n", "more/b": b"4"})
    described = stage.run(BatchStrategy="SingleRecord")
    assert described["TransformJobStatus"] == "Completed"
    assert stage.outputs() == {"a.csv.out": b"11\n22\n33\n", "more/b.csv.out": b"44\n"}


def test_records_fill_the_payload_and_come_back_in_order(stage: Stage) -> None:
    lines = [b"%06d" % number for number in range(400_000)]
    stage.put(big=b"\n".join(lines))
    described = stage.run(MaxPayloadInMB=1, MaxConcurrentTransforms=3)
    assert described["TransformJobStatus"] == "Completed"
    assert stage.outputs()["big.csv.out"].splitlines() == [line * 2 for line in lines]


def test_an_object_that_is_not_split_is_one_request(stage: Stage) -> None:
    stage.put(a=b"1\n2\n")
    stage.run(given={"SplitType": "None"}, output={"AssembleWith": "None"})
    assert stage.outputs() == {"a.csv.out": b"11\n22"}


def test_a_manifest_and_gzip_are_read(stage: Stage) -> None:
    stage.s3.put_object(Bucket="data", Key="x/a.gz", Body=gzip.compress(b"7\n"))
    manifest = json.dumps([{"prefix": "s3://data/x/"}, "a.gz"])
    stage.s3.put_object(Bucket="data", Key="in.manifest", Body=manifest)
    source = {"S3DataType": "ManifestFile", "S3Uri": "s3://data/in.manifest"}
    stage.run(given={"DataSource": {"S3DataSource": source}, "CompressionType": "Gzip"})
    assert stage.outputs() == {"a.gz.out": b"77\n"}


def test_the_container_sees_the_models_environment_the_jobs_and_how_it_is_asked(
    stage: Stage,
) -> None:
    stage.put(a=b"tell")
    stage.run(
        Environment={"FROM_JOB": "yes"},
        MaxPayloadInMB=2,
        BatchStrategy="SingleRecord",
        output={"Accept": "application/json"},
    )
    told = json.loads(stage.outputs()["a.csv.out"])
    environment = told["environment"]
    assert (environment["FROM_MODEL"], environment["FROM_JOB"]) == ("yes", "yes")
    assert environment["SAGEMAKER_BATCH"] == "true"
    assert environment["SAGEMAKER_MAX_PAYLOAD_IN_MB"] == "2"
    assert environment["SAGEMAKER_BATCH_STRATEGY"] == "SINGLE_RECORD"
    assert "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS" not in environment
    assert told["headers"]["Content-Type"] == "text/csv"
    assert told["headers"]["Accept"] == "application/json"


def test_a_container_says_how_it_wants_to_be_asked_where_the_request_does_not(
    stage: Stage,
) -> None:
    wanted = {"MaxConcurrentTransforms": 4, "BatchStrategy": "SINGLE_RECORD", "MaxPayloadInMB": 3}
    stage.put(a=b"1\n")
    stage.run(Environment={"PARAMETERS": json.dumps(wanted)}, MaxPayloadInMB=5)
    line = "MaxConcurrentTransforms=4, MaxPayloadInMB=5, BatchStrategy=SINGLE_RECORD"
    assert stage.data_log() == [line]


def test_a_4xx_fails_the_job_as_the_clients_and_leaves_the_other_objects_outputs(
    stage: Stage,
) -> None:
    stage.put(a=b"1\n", b=b"bad\n", c=b"3\n")
    described = stage.run()
    assert described["TransformJobStatus"] == "Failed"
    assert described["FailureReason"] == "ClientError: See job logs for more information"
    assert sorted(stage.outputs()) == ["a.csv.out", "c.csv.out"]
    assert stage.data_log()[1:] == [
        "data/in/b.csv: ClientError: 400",
        "data/in/b.csv: ",
        "data/in/b.csv: Message:",
        "data/in/b.csv: row 1: bad",
    ]


def test_a_5xx_is_tried_again_and_then_the_algorithms_error(stage: Stage) -> None:
    stage.put(a=b"twice\n")
    assert stage.run("score-1")["TransformJobStatus"] == "Completed"
    stage.put(a=b"broken\n")
    described = stage.run("score-2", ModelClientConfig={"InvocationsMaxRetries": 1})
    assert described["FailureReason"] == "AlgorithmError: See job logs for more information"
    assert "data/in/a.csv: Bad HTTP status received from algorithm: 500" in stage.data_log()


def test_a_container_that_dies_while_it_answers_is_the_algorithms_error(stage: Stage) -> None:
    stage.put(a=b"die\n")
    described = stage.run()
    assert described["FailureReason"] == "AlgorithmError: See job logs for more information"
    assert stage.data_log()[1:] == ["data/in/a.csv: Unable to get response from algorithm"]


def test_what_a_crashing_container_printed_is_in_the_logs_when_the_job_has_failed(
    stage: Stage,
) -> None:
    stage.put(a=b"1\n")
    described = stage.run(Environment={"FAULT": "crash"})
    assert described["FailureReason"] == "AlgorithmError: See job logs for more information"
    (lines,) = stage.account.logs.values()
    assert "the model can't be loaded" in lines


def test_a_payload_above_the_limit_is_the_clients_error(stage: Stage) -> None:
    stage.put(a=b"1" * (1 << 20) + b"2\n")
    described = stage.run(MaxPayloadInMB=1)
    assert described["FailureReason"] == "ClientError: See job logs for more information"
    assert "exceeds MaxPayloadInMB (1)" in stage.data_log()[1]


def test_a_job_without_input_fails_naming_the_prefix(stage: Stage) -> None:
    assert stage.run()["FailureReason"].startswith(
        'ClientError: No S3 objects found under S3 URL "s3://data/in/"'
    )


def test_a_job_without_an_instance_left_fails_and_one_over_the_quota_is_refused(
    stage: Stage,
) -> None:
    stage.put(a=b"1\n")
    stage.scarcity.limit({"instance_type": "ml.m5.large", "jobs": "transform", "capacity": 0})
    assert stage.run("score-1")["FailureReason"].startswith("CapacityError: ")
    stage.scarcity.limit({"instance_type": "ml.m5.large", "jobs": "transform", "quota": 0})
    with pytest.raises(ServiceError, match="for transform job usage' is 0 Instances"):
        stage.create("score-2")


def test_a_stopped_job_leaves_no_output_and_its_container_at_once(stage: Stage) -> None:
    stage.put(a=b"1\n")
    stage.create(Environment={"FAULT": "hang"})
    for _ in range(300):
        if stage.data_log():
            break
        threading.Event().wait(0.02)
    stage.call("StopTransformJob", TransformJobName="score-1")
    assert stage.transforms.wait("score-1", timeout=5)["TransformJobStatus"] == "Stopped"
    assert stage.outputs() == {}
    with pytest.raises(ServiceError, match="the transform job is in status Stopped"):
        stage.call("StopTransformJob", TransformJobName="score-1")


def test_a_job_is_described_listed_newest_first_tagged_and_told_of(stage: Stage) -> None:
    stage.put(a=b"1\n")
    first = stage.run("score-1", Tags=[{"Key": "model", "Value": "churn"}])
    stage.account.clock.advance(hours=1)
    stage.run("score-2")
    described = stage.call("DescribeTransformJob", TransformJobName="score-1")
    assert described["DataProcessing"]["JoinSource"] == "None"
    assert described["TransformInput"]["CompressionType"] == "None"
    assert described["TransformEndTime"] == first["TransformStartTime"]
    listed = stage.call("ListTransformJobs")["TransformJobSummaries"]
    assert [each["TransformJobName"] for each in listed] == ["score-2", "score-1"]
    told = [event for event in stage.account.events if event["resources"] == [
        "arn:aws:sagemaker:eu-west-1:123456789012:transform-job/score-1"
    ]]  # fmt: skip
    assert [each["detail-type"] for each in told] == ["SageMaker Transform Job State Change"] * 2
    assert [each["detail"]["TransformJobStatus"] for each in told] == ["InProgress", "Completed"]
    assert told[0]["detail"]["Tags"] == {"model": "churn"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model": "nobody"}, "Could not find model .*model/nobody"),
        ({"MaxPayloadInMB": 101}, "MaxPayloadInMB cannot be greater than 100 MB, got 101"),
        ({"MaxPayloadInMB": 60, "MaxConcurrentTransforms": 2}, "cannot exceed 100 MB, got 120"),
        ({"given": {"SplitType": "RecordIO"}}, "SplitType=RecordIO"),
        ({"DataProcessing": {"JoinSource": "Input"}}, "DataProcessing.JoinSource=Input"),
        ({"DataCaptureConfig": {"DestinationS3Uri": "s3://data/c"}}, "with DataCaptureConfig"),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(
    stage: Stage, changes: dict[str, object], said: str
) -> None:
    with pytest.raises(ServiceError, match=said):
        stage.create(**changes)  # pyright: ignore[reportArgumentType]


def test_a_name_is_used_once(stage: Stage) -> None:
    stage.put(a=b"1\n")
    stage.run()
    with pytest.raises(ServiceError, match="ResourceInUse: Job name must be unique"):
        stage.create()


def test_nothing_of_a_job_is_left_in_the_accounts_folder(stage: Stage) -> None:
    stage.put(a=b"1\n")
    stage.run()
    assert list((stage.account.state_dir / "sagemaker" / "jobs" / "transform-job").iterdir()) == []


def test_what_an_instance_used_is_measured_by_its_host(stage: Stage) -> None:
    stage.put(a=b"1\n")
    stage.run()
    cpu, memory = stage.account.metrics
    assert (cpu["name"], memory["name"]) == ("CPUUtilization", "MemoryUtilization")
    assert cpu["namespace"] == "/aws/sagemaker/TransformJobs"
    assert cpu["dimensions"] == memory["dimensions"]
    assert cpu["dimensions"]["Host"].startswith("score-1/i-")
    assert cpu["value"] >= 0
    assert 0 < memory["value"] < 100
