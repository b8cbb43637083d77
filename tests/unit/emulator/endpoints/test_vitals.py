import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from emulator.sagemaker.endpoints.instance_size import InstanceSize
from emulator.sagemaker.endpoints.vitals import NAMESPACE, Vitals, usage_of


def test_what_a_process_started_counts_too():
    child = "b = bytearray(60_000_000); print(flush=True); input()"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    with subprocess.Popen(
        [sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        used = usage_of(process.pid)
        process.communicate(b"\n")
    assert used is not None
    assert used.memory > 60_000_000
    assert used.cpu > 0


def test_a_process_that_ended_uses_nothing():
    with subprocess.Popen([sys.executable, "-S", "-c", ""]) as process:
        process.wait()
    assert usage_of(process.pid) is None
    assert usage_of(None) is None


def test_a_minute_is_measured_once_and_jumped_minutes_never():
    vitals = Vitals()
    now = datetime(1998, 4, 1, 10, 59, 30, tzinfo=UTC)
    moments = [now, now + timedelta(seconds=20), now + timedelta(seconds=40)]
    moments += [now + timedelta(days=365)] * 2
    assert [vitals.due(moment) for moment in moments] == [True, False, True, True, False]


def test_a_small_instance_is_full_sooner(tmp_path):
    (tmp_path / "log").write_bytes(bytes(3 << 20))
    small = InstanceSize.asked({"core": 0.25, "memory_mib": 8, "disk_mib": 4})
    assert small.cpu_percent(1, 2) == 200
    assert small.memory_percent(4 << 20) == 50
    assert 75 <= small.disk_percent(tmp_path) < 80
    whole = InstanceSize.asked({"core": None})
    assert whole.cpu_percent(1, 2) == 50
    assert 0 < whole.disk_percent(tmp_path / "gone") <= 100


@pytest.mark.parametrize(
    ("given", "said"),
    [({"cores": 1}, "not cores"), ({"core": 0}, "more than 0, got 0"), ({"disk_mib": -1}, "-1")],
)
def test_a_size_that_no_instance_has_is_refused(given, said):
    with pytest.raises(ValueError, match=said):
        InstanceSize.asked(given)


@pytest.mark.slow
def test_each_instance_of_a_variant_is_measured(sagemaker, account):
    sagemaker.serve(instances=2)
    cloudwatch = account.clients["cloudwatch"]

    def measured(name):
        return [
            datum
            for datum in cloudwatch.data
            if datum["Namespace"] == NAMESPACE and datum["MetricName"] == name
        ]

    sagemaker.until(lambda: measured("MemoryUtilization"))
    account.clock.advance(60)
    sagemaker.until(lambda: measured("CPUUtilization"))
    for name, least, most in (
        ("CPUUtilization", 0, 100 * os.cpu_count()),
        ("MemoryUtilization", 0.01, 100),
        ("DiskUtilization", 0.01, 100),
    ):
        datum = measured(name)[-1]
        assert datum["Dimensions"] == [
            {"Name": "EndpointName", "Value": "churn"},
            {"Name": "VariantName", "Value": "AllTraffic"},
        ]
        assert len(datum["Values"]) == 2
        assert all(least <= value <= most for value in datum["Values"])
