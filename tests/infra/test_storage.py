import json

from tests.infra.support import Templates, resources

STORAGE = "perennial-{}-storage"
KEPT = ("AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::ECR::Repository")


def test_production_keeps_its_data_when_the_stack_is_deleted(prod: Templates) -> None:
    template = prod[STORAGE.format("prod")]
    for kind in KEPT:
        for name, resource in resources(template, kind).items():
            assert resource["DeletionPolicy"] == "Retain", name
            assert resource["UpdateReplacePolicy"] == "Retain", name
    assert resources(template, "Custom::BucketContents") == {}


def test_a_development_environment_leaves_nothing_behind(dev: Templates) -> None:
    template = dev[STORAGE.format("dev")]
    for kind in KEPT:
        for name, resource in resources(template, kind).items():
            assert resource["DeletionPolicy"] == "Delete", name
    [images] = resources(template, "AWS::ECR::Repository").values()
    assert images["Properties"]["EmptyOnDelete"] is True


def test_access_logs_are_emptied_after_the_buckets_that_write_them(dev: Templates) -> None:
    [contents] = resources(dev[STORAGE.format("dev")], "Custom::BucketContents").values()
    assert "AccessLogs" in contents["Properties"]["Buckets"][-1]["Ref"]


def test_buckets_are_emptied_while_they_and_the_handler_still_exist(dev: Templates) -> None:
    template = dev[STORAGE.format("dev")]
    [contents] = resources(template, "Custom::BucketContents").values()
    needed = set(contents["DependsOn"])
    assert set(resources(template, "AWS::S3::Bucket")) <= needed
    assert any("EmptyingHandlerRoleDefaultPolicy" in name for name in needed)


def test_production_tables_cannot_be_deleted_and_can_be_restored(prod: Templates) -> None:
    for name, table in resources(prod[STORAGE.format("prod")], "AWS::DynamoDB::Table").items():
        properties = table["Properties"]
        assert properties["DeletionProtectionEnabled"] is True, name
        assert properties["PointInTimeRecoverySpecification"] == {
            "PointInTimeRecoveryEnabled": True
        }, name


def test_an_image_tag_never_changes_its_meaning(dev: Templates) -> None:
    [images] = resources(dev[STORAGE.format("dev")], "AWS::ECR::Repository").values()
    assert images["Properties"]["ImageTagMutability"] == "IMMUTABLE"
    assert images["Properties"]["ImageScanningConfiguration"] == {"ScanOnPush": True}


def test_no_lifecycle_rule_may_delete_an_image_that_a_version_may_use(prod: Templates) -> None:
    [images] = resources(prod[STORAGE.format("prod")], "AWS::ECR::Repository").values()
    policy = json.loads(images["Properties"]["LifecyclePolicy"]["LifecyclePolicyText"])
    assert {rule["selection"]["tagStatus"] for rule in policy["rules"]} == {"untagged"}


def test_only_the_data_bucket_announces_new_objects(dev: Templates) -> None:
    buckets = resources(dev[STORAGE.format("dev")], "AWS::S3::Bucket")
    announcing = [
        name
        for name, bucket in buckets.items()
        if "NotificationConfiguration" in bucket["Properties"]
    ]
    assert len(announcing) == 1
    assert announcing[0].startswith("Data")


def test_data_artifacts_and_reports_never_expire(prod: Templates) -> None:
    for name, bucket in resources(prod[STORAGE.format("prod")], "AWS::S3::Bucket").items():
        if name.startswith(("Data", "Artifacts", "Reports")):
            found = bucket["Properties"]["LifecycleConfiguration"]["Rules"]
            rules = [rule for rule in found if rule.get("Prefix") != "_passing/"]
            assert rules, name
            assert all("ExpirationInDays" not in rule for rule in rules), name
            assert all("NoncurrentVersionExpiration" not in rule for rule in rules), name


def test_what_can_be_made_again_goes_after_a_month_and_nothing_else_of_the_data(
    prod: Templates,
) -> None:
    [data] = [
        bucket["Properties"]
        for name, bucket in resources(prod[STORAGE.format("prod")], "AWS::S3::Bucket").items()
        if name.startswith("Data")
    ]
    rules = data["LifecycleConfiguration"]["Rules"]
    expiring = [rule for rule in rules if "ExpirationInDays" in rule]
    assert [(rule["Prefix"], rule["ExpirationInDays"]) for rule in expiring] == [("_passing/", 30)]
    assert all(rule.get("Prefix") for rule in rules if "NoncurrentVersionExpiration" in rule)
