"""Stacks of the types we use: what the template says is what the services say."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.client import RunningAccount
from tests.system.emulator_seams.conftest import MINUTE, ROLE, Queue

pytestmark = pytest.mark.system

Template = dict[str, Any]


@dataclass(frozen=True)
class Stack:
    """A stack of one test."""

    cloudformation: Any
    name: str

    def create(self, **resources: Template) -> dict[str, str]:
        return self._apply(self.cloudformation.create_stack, resources)

    def update(self, **resources: Template) -> dict[str, str]:
        return self._apply(self.cloudformation.update_stack, resources)

    def _apply(self, call: Any, resources: dict[str, Template]) -> dict[str, str]:
        outputs = {name: {"Value": {"Ref": name}} for name in resources}
        body = json.dumps({"Resources": resources, "Outputs": outputs})
        call(StackName=self.name, TemplateBody=body, Capabilities=["CAPABILITY_NAMED_IAM"])
        described = self.settled()
        assert described["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), self.failures()
        return {each["OutputKey"]: each["OutputValue"] for each in described["Outputs"]}

    def settled(self) -> dict[str, Any]:
        for _ in range(400):
            described = self.cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]
            if not described["StackStatus"].endswith("IN_PROGRESS"):
                return described
            threading.Event().wait(0.05)
        raise AssertionError(f"{self.name} never settled")

    def failures(self) -> list[str]:
        events = self.cloudformation.describe_stack_events(StackName=self.name)["StackEvents"]
        return [
            event["ResourceStatusReason"]
            for event in events
            if event["ResourceStatus"].endswith("FAILED") and event.get("ResourceStatusReason")
        ]

    def delete(self) -> str:
        """Delete the stack; return its last status."""
        arn = self.cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]["StackId"]
        self.cloudformation.delete_stack(StackName=self.name)
        for _ in range(400):
            described = self.cloudformation.describe_stacks(StackName=arn)["Stacks"][0]
            if not described["StackStatus"].endswith("IN_PROGRESS"):
                return str(described["StackStatus"])
            threading.Event().wait(0.05)
        raise AssertionError(f"{self.name} was never deleted")


@pytest.fixture
def stack(account: RunningAccount, request: pytest.FixtureRequest) -> Iterator[Stack]:
    cloudformation = account.client("cloudformation")
    made = Stack(cloudformation, f"s{abs(hash(request.node.nodeid))}")
    yield made
    cloudformation.delete_stack(StackName=made.name)


def resource(kind: str, **properties: Any) -> Template:
    return {"Type": kind, "Properties": properties}


def bucket(name: str, **properties: Any) -> Template:
    return resource("AWS::S3::Bucket", BucketName=name, **properties)


KEY = resource(
    "AWS::KMS::Key",
    KeyPolicy={
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*"}
        ],
    },
)
ENCRYPTED = {
    "ServerSideEncryptionConfiguration": [
        {
            "ServerSideEncryptionByDefault": {
                "SSEAlgorithm": "aws:kms",
                "KMSMasterKeyID": {"Fn::GetAtt": ["Key", "Arn"]},
            },
            "BucketKeyEnabled": True,
        }
    ]
}


def expiring(days: int) -> Template:
    return {"Rules": [{"Id": "old", "Status": "Enabled", "Prefix": "x/", "ExpirationInDays": days}]}


def test_a_bucket_has_the_encryption_lifecycle_and_tags_of_its_template(
    account: RunningAccount, stack: Stack
) -> None:
    s3 = account.client("s3")
    common = {
        "BucketEncryption": ENCRYPTED,
        "VersioningConfiguration": {"Status": "Enabled"},
        "LoggingConfiguration": {"LogFilePrefix": "log/"},
        "Tags": [{"Key": "model", "Value": "churn"}],
    }
    made = stack.create(
        Key=KEY, Bucket=bucket("told", LifecycleConfiguration=expiring(30), **common)
    )
    rule = s3.get_bucket_encryption(Bucket="told")["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert made["Key"] in rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"]
    rules = s3.get_bucket_lifecycle_configuration(Bucket="told")["Rules"]
    assert [(each["ID"], each["Expiration"]) for each in rules] == [("old", {"Days": 30})]
    assert s3.get_bucket_tagging(Bucket="told")["TagSet"] == common["Tags"]
    logging = s3.get_bucket_logging(Bucket="told")["LoggingEnabled"]
    assert (logging["TargetBucket"], logging["TargetPrefix"]) == ("told", "log/")
    stack.update(Key=KEY, Bucket=bucket("told", LifecycleConfiguration=expiring(60), **common))
    rules = s3.get_bucket_lifecycle_configuration(Bucket="told")["Rules"]
    assert rules[0]["Expiration"] == {"Days": 60}
    stack.update(Key=KEY, Bucket=bucket("told", **common))
    with pytest.raises(ClientError, match="NoSuchLifecycleConfiguration"):
        s3.get_bucket_lifecycle_configuration(Bucket="told")


def test_a_stack_does_not_delete_a_bucket_that_holds_objects(
    account: RunningAccount, stack: Stack
) -> None:
    s3 = account.client("s3")
    stack.create(Bucket=bucket("full"))
    s3.put_object(Bucket="full", Key="a", Body=b"1")
    assert stack.delete() == "DELETE_FAILED"
    assert any("not empty" in why for why in stack.failures())
    s3.delete_object(Bucket="full", Key="a")
    assert stack.delete() == "DELETE_COMPLETE"


def test_an_object_s_event_names_its_version(
    account: RunningAccount, stack: Stack, queue: Queue
) -> None:
    stack.create(
        Bucket=bucket(
            "versioned",
            VersioningConfiguration={"Status": "Enabled"},
            NotificationConfiguration={"EventBridgeConfiguration": {"EventBridgeEnabled": True}},
        ),
        Rule=resource(
            "AWS::Events::Rule",
            EventPattern={
                "source": ["aws.s3"],
                "detail-type": ["Object Created"],
                "detail": {"bucket": {"name": ["versioned"]}},
            },
            Targets=[{"Id": "queue", "Arn": queue.arn}],
        ),
    )
    s3 = account.client("s3")
    version = s3.put_object(Bucket="versioned", Key="in/a b.csv", Body=b"1")["VersionId"]
    told = json.loads(queue.received()[0])["detail"]["object"]
    assert (told["key"], told["version-id"]) == ("in/a b.csv", version)
    s3.delete_object(Bucket="versioned", Key="in/a b.csv", VersionId=version)


def test_a_table_has_the_protections_of_its_template(account: RunningAccount, stack: Stack) -> None:
    table: dict[str, Any] = {
        "TableName": "ledger",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": True},
        "SSESpecification": {
            "SSEEnabled": True,
            "SSEType": "KMS",
            "KMSMasterKeyId": {"Fn::GetAtt": ["Key", "Arn"]},
        },
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
    }
    dynamodb = account.client("dynamodb")

    def recovery() -> str:
        told = dynamodb.describe_continuous_backups(TableName="ledger")
        described = told["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
        return described["PointInTimeRecoveryStatus"]

    made = stack.create(Key=KEY, Table=resource("AWS::DynamoDB::Table", **table))
    described = dynamodb.describe_table(TableName="ledger")["Table"]
    assert described["SSEDescription"]["KMSMasterKeyArn"].endswith(made["Key"])
    ttl = dynamodb.describe_time_to_live(TableName="ledger")["TimeToLiveDescription"]
    assert (ttl["TimeToLiveStatus"], ttl["AttributeName"]) == ("ENABLED", "expires")
    assert recovery() == "ENABLED"
    table["PointInTimeRecoverySpecification"] = {"PointInTimeRecoveryEnabled": False}
    stack.update(Key=KEY, Table=resource("AWS::DynamoDB::Table", **table))
    assert recovery() == "DISABLED"


def test_a_model_package_group_follows_its_template(account: RunningAccount, stack: Stack) -> None:
    def group(**properties: Any) -> Template:
        kind = "AWS::SageMaker::ModelPackageGroup"
        return resource(kind, ModelPackageGroupName="group", **properties)

    sagemaker = account.client("sagemaker")
    arn = stack.create(Group=group(Tags=[{"Key": "a", "Value": "1"}]))["Group"]
    assert arn.endswith(":model-package-group/group")
    stack.update(Group=group(Tags=[{"Key": "b", "Value": "2"}]))
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    policy = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}
    stack.update(Group=group(ModelPackageGroupPolicy=policy))
    put = sagemaker.get_model_package_group_policy(ModelPackageGroupName="group")
    assert json.loads(put["ResourcePolicy"]) == policy
    stack.update(Group=group(Tags=[{"Key": "b", "Value": "2"}]))
    with pytest.raises(ClientError, match="Cannot find resource policy"):
        sagemaker.get_model_package_group_policy(ModelPackageGroupName="group")
    assert stack.delete() == "DELETE_COMPLETE"
    assert sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"] == []


def test_other_sagemaker_types_are_refused_by_name(stack: Stack) -> None:
    with pytest.raises(ClientError, match="AWS::SageMaker::Endpoint"):
        stack.create(E=resource("AWS::SageMaker::Endpoint", EndpointConfigName="x"))


def test_a_schedule_keeps_all_that_its_template_says(account: RunningAccount, stack: Stack) -> None:
    def schedule(**properties: Any) -> Template:
        return resource(
            "AWS::Scheduler::Schedule",
            Name="weekly",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": "arn:aws:sqs:us-east-1:000000000000:any", "RoleArn": ROLE},
            **properties,
        )

    scheduler = account.client("scheduler")
    stack.create(S=schedule(ScheduleExpression="cron(0 6 ? * MON *)", State="DISABLED"))
    stack.update(
        S=schedule(
            ScheduleExpression="cron(0 7 ? * MON *)",
            ScheduleExpressionTimezone="UTC",
            StartDate="2030-01-01T00:00:00Z",
        )
    )
    told = scheduler.get_schedule(Name="weekly")
    assert (told["ScheduleExpression"], told["State"]) == ("cron(0 7 ? * MON *)", "ENABLED")
    assert told["StartDate"].year == 2030


def test_a_function_that_keeps_failing_hands_its_event_to_the_dead_letter_queue(
    account: RunningAccount, stack: Stack, queue: Queue
) -> None:
    code = "def handler(event, context):\n    raise ValueError('never')\n"
    stack.create(
        Function=resource(
            "AWS::Lambda::Function",
            FunctionName="failing",
            Runtime="python3.13",
            Handler="index.handler",
            Role=ROLE,
            Code={"ZipFile": code},
            DeadLetterConfig={"TargetArn": queue.arn},
        ),
        Rule=resource(
            "AWS::Events::Rule",
            EventPattern={"source": ["test"]},
            Targets=[
                {
                    "Id": "failing",
                    "Arn": {"Fn::GetAtt": ["Function", "Arn"]},
                    "InputTransformer": {
                        "InputPathsMap": {"n": "$.detail.n"},
                        "InputTemplate": '{"number": <n>}',
                    },
                }
            ],
        ),
    )
    entry = {"Source": "test", "DetailType": "t", "Detail": '{"n": 7}'}
    account.client("events").put_events(Entries=[entry])
    assert queue.sqs.receive_message(QueueUrl=queue.url).get("Messages") is None
    for _ in range(2):
        threading.Event().wait(1)
        account.advance(2 * MINUTE + timedelta(seconds=1))
    assert [json.loads(body) for body in queue.received()] == [{"number": 7}]


def test_an_alarm_of_metric_math_comes_from_a_template(
    account: RunningAccount, stack: Stack
) -> None:
    metric = {"Namespace": "N", "MetricName": "M"}
    queries = [
        {"Id": "half", "Expression": "FILL(m, 0) / 2", "ReturnData": True},
        {
            "Id": "m",
            "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"},
            "ReturnData": False,
        },
    ]
    alarm = {
        "AlarmName": "of-template",
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "LessThanThreshold",
        "Metrics": queries,
    }
    stack.create(Alarm=resource("AWS::CloudWatch::Alarm", **alarm))
    account.advance(MINUTE)
    cloudwatch = account.client("cloudwatch")
    told = cloudwatch.describe_alarms(AlarmNames=["of-template"])["MetricAlarms"][0]
    assert (told["StateValue"], told["Metrics"]) == ("ALARM", queries)
