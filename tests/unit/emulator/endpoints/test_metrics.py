from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from emulator.sagemaker.endpoints.metrics import Meter

from .conftest import FakeCloudWatch

NOON = datetime(1998, 4, 1, 12, tzinfo=UTC)
OLD = {"EndpointName": "churn", "VariantName": "AllTraffic"}
NEW = OLD | {"EndpointConfigName": "two"}


def meter():
    return Meter(endpoint="churn", variant="AllTraffic", config="two")


def test_errors_are_one_or_zero_for_each_request_in_both_sets_of_dimensions():
    counted, cloudwatch = meter(), FakeCloudWatch()
    for status in (200, 200, 200, 500, 503, 400):
        counted.count(NOON, status=status, model=0.002, overhead=0.001, instances=2)
    counted.publish(cloudwatch)
    for dimensions in (OLD, NEW):
        assert cloudwatch.sum("Invocations", **dimensions) == 6
        assert cloudwatch.sum("InvocationsPerInstance", **dimensions) == 3
        assert cloudwatch.sum("Invocation5XXErrors", **dimensions) == 2
        assert cloudwatch.sum("Invocation4XXErrors", **dimensions) == 1
        assert cloudwatch.sum("InvocationModelErrors", **dimensions) == 3
        assert cloudwatch.sum("ModelLatency", **dimensions) == 12_000
    errors = [one for one in cloudwatch.data if one["MetricName"] == "Invocation5XXErrors"]
    assert {sum(one["Counts"]) for one in errors} == {6}


def test_a_request_counts_at_its_own_second_of_the_accounts_clock():
    counted, cloudwatch = meter(), FakeCloudWatch()
    for days in (0, 30):
        at = NOON + timedelta(days=days, milliseconds=300)
        counted.count(at, status=200, model=0.1, overhead=0.1, instances=1)
    counted.publish(cloudwatch)
    stamps = Counter(one["Timestamp"] for one in cloudwatch.data)
    assert set(stamps) == {NOON, NOON + timedelta(days=30)}


def test_data_fit_what_put_metric_data_takes():
    counted, cloudwatch = meter(), FakeCloudWatch()
    for number in range(400):
        counted.count(NOON, status=200, model=number / 1000, overhead=0, instances=1)
    counted.publish(cloudwatch)
    assert max(len(one["Values"]) for one in cloudwatch.data) <= 150
    assert cloudwatch.sum("Invocations", **OLD) == 400
    counted.publish(cloudwatch)
    assert cloudwatch.sum("Invocations", **OLD) == 400


@pytest.mark.slow
def test_the_endpoints_metrics_arrive_while_it_serves(sagemaker, account):
    sagemaker.serve()
    for _ in range(3):
        sagemaker.invoke("churn")
    sagemaker.until(lambda: account.clients["cloudwatch"].sum("Invocations", **OLD) == 3)
