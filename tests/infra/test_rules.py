"""Rules that hold for every template, whatever is added."""

from typing import Any

import pytest

from infra.bundles import ROOT
from tests.infra.support import Templates, listed, resources_of, statements, text_of


@pytest.fixture(params=["dev", "prod"], scope="session")
def templates(request: pytest.FixtureRequest) -> Templates:
    return request.getfixturevalue(request.param)


def test_no_role_may_do_everything_of_a_kind(templates: Templates) -> None:
    wide = [
        (name, action)
        for name, statement in statements(templates)
        for action in listed(statement["Action"])
        if "*" in action
    ]
    assert wide == []


def test_a_role_is_only_ever_passed_to_the_one_service_that_needs_it(templates: Templates) -> None:
    passing = [
        statement
        for _, statement in statements(templates)
        if "iam:PassRole" in listed(statement["Action"])
    ]
    conditions = [each["Condition"]["StringEquals"] for each in passing]
    services = {text_of(condition["iam:PassedToService"]) for condition in conditions}
    assert services == {"sagemaker.amazonaws.com"}


def test_metrics_are_only_published_to_named_namespaces(templates: Templates) -> None:
    publishing = [
        statement
        for _, statement in statements(templates)
        if "cloudwatch:PutMetricData" in listed(statement["Action"])
    ]
    assert publishing
    assert all("cloudwatch:namespace" in str(each["Condition"]) for each in publishing)


def test_no_role_has_a_managed_policy(templates: Templates) -> None:
    managed = [
        name
        for name, role in resources_of(templates, "AWS::IAM::Role").items()
        if role["Properties"].get("ManagedPolicyArns")
    ]
    assert managed == []


def test_nothing_may_change_or_delete_a_line_of_the_ledger(templates: Templates) -> None:
    def on_ledger(statement: dict[str, Any]) -> bool:
        return any("Ledger" in text_of(arn) for arn in listed(statement["Resource"]))

    allowed = {
        action
        for _, statement in statements(templates)
        if on_ledger(statement)
        for action in listed(statement["Action"])
        if action.startswith("dynamodb:")
    }
    assert allowed == {"dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:Query"}


def test_every_log_group_forgets(templates: Templates) -> None:
    for name, group in resources_of(templates, "AWS::Logs::LogGroup").items():
        assert group["Properties"]["RetentionInDays"] <= 365, name


def test_every_function_runs_on_what_its_bundle_holds(templates: Templates) -> None:
    for name, function in resources_of(templates, "AWS::Lambda::Function").items():
        properties = function["Properties"]
        assert properties["Runtime"] == "python3.13", name
        assert "ZipFile" not in properties["Code"], name
        assert "Layers" not in properties, name
        assert properties["LoggingConfig"]["LogFormat"] == "JSON", name


def test_every_bucket_is_private_versioned_and_encrypted(templates: Templates) -> None:
    for name, bucket in resources_of(templates, "AWS::S3::Bucket").items():
        properties = bucket["Properties"]
        assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}, name
        assert properties["VersioningConfiguration"]["Status"] == "Enabled", name
        assert properties["BucketEncryption"], name


def test_every_queue_and_topic_refuses_plain_http(templates: Templates) -> None:
    kinds = ("AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy", "AWS::S3::BucketPolicy")
    for kind in kinds:
        for name, policy in resources_of(templates, kind).items():
            document = str(policy["Properties"]["PolicyDocument"])
            assert "aws:SecureTransport" in document, name


def test_every_event_that_cannot_be_handled_is_kept(templates: Templates) -> None:
    for name, rule in resources_of(templates, "AWS::Events::Rule").items():
        assert all("DeadLetterConfig" in target for target in rule["Properties"]["Targets"]), name
    for name, schedule in resources_of(templates, "AWS::Scheduler::Schedule").items():
        assert "DeadLetterConfig" in schedule["Properties"]["Target"], name


def test_every_page_that_the_code_sends_people_to_exists() -> None:
    pages = {path.stem for path in (ROOT / "docs" / "runbooks").glob("*.md")}
    source = "\n".join(
        path.read_text()
        for room in ("infra", "lambdas", "perennial")
        for path in (ROOT / room).rglob("*.py")
    )
    unused = {page for page in pages if page not in source}
    assert unused == set()
