import re

import pytest

from contracts import layout, naming

MODEL, ENVIRONMENT = "m" * 24, "staging"
RUN = naming.run_id(MODEL, ENVIRONMENT, "any cause")
DEPLOYMENT = naming.deployment(MODEL, ENVIRONMENT, 9999, "any promotion")


@pytest.mark.parametrize(
    "name",
    [
        naming.job_name(RUN, "validate", 99),
        naming.job_name(RUN, "evaluate", 99),
        naming.endpoint(MODEL, ENVIRONMENT),
        naming.package_group(MODEL, ENVIRONMENT),
        DEPLOYMENT,
    ],
)
def test_the_longest_model_name_gives_names_that_sagemaker_takes(name: str) -> None:
    assert len(name) <= 63
    assert re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", name)


def test_an_executions_name_fits_step_functions() -> None:
    assert len(f"{RUN}-promote-99") <= 80


def test_a_cause_always_gives_the_same_run_and_another_cause_another() -> None:
    assert naming.run_id("churn", "dev", "a") == naming.run_id("churn", "dev", "a")
    assert naming.run_id("churn", "dev", "a") != naming.run_id("churn", "dev", "b")


def test_a_digest_keeps_its_parts_apart() -> None:
    assert naming.digest("ab", "c") != naming.digest("a", "bc")
    assert len(naming.digest("x", length=8)) == 8


def test_an_alarm_is_named_after_its_deployment() -> None:
    assert naming.rollback_alarm(DEPLOYMENT, "5xx") == f"{DEPLOYMENT}-5xx"


def test_deployments_share_the_prefix_that_teardown_removes() -> None:
    assert naming.deployment("churn", "dev", 3, "p").startswith("churn-dev-v3-")


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (layout.dataset_prefix("churn", "labels"), "churn/incoming/labels/"),
        (layout.snapshot_key("churn", "d"), "churn/snapshots/d/snapshot.json"),
        (layout.manifest_key("churn", "d", "labels"), "churn/snapshots/d/labels.manifest"),
        (
            layout.quarantine_key("churn", "run", "labels", "sub/a.csv"),
            "churn/quarantine/run/labels/sub/a.csv",
        ),
        (
            layout.set_aside_key("churn", "run", "labels", "sub/a.csv"),
            "churn/quarantine/run/labels/sub/a.csv.rows.csv",
        ),
        (layout.staged_prefix("churn", "p", "labels"), "_passing/churn/staged/p/labels/"),
        (
            layout.staged_manifest_key("churn", "p", "labels"),
            "_passing/churn/staged/p/labels.manifest",
        ),
        (layout.validation_prefix("churn", "run"), "churn/runs/run/validation/"),
        (layout.evaluation_prefix("churn", "run"), "churn/runs/run/evaluation/"),
        (layout.verdict_key("churn", "run"), "churn/runs/run/verdict.json"),
        (
            layout.capture_quarantine_key("churn", "1997-05-01T00:00:00Z", "churn/e/v/h/a.jsonl"),
            "churn/quarantine/1997-05-01T00:00:00Z/e/v/h/a.jsonl",
        ),
    ],
)
def test_every_key_lies_below_its_model(key: str, expected: str) -> None:
    assert key == expected


def test_an_s3_address_is_taken_apart_as_it_was_put_together() -> None:
    assert layout.split_s3_uri(layout.s3_uri("bucket", "a/b c")) == ("bucket", "a/b c")


@pytest.mark.parametrize("uri", ["", "bucket/key", "https://bucket/key", "s3://bucket", "s3:///k"])
def test_what_is_no_s3_address_is_refused(uri: str) -> None:
    with pytest.raises(ValueError, match="an S3 URI looks like s3://bucket/key, got"):
        layout.split_s3_uri(uri)
