"""What goes on by itself while endpoints serve: replacement, logs, metrics, captures."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from emulator.ports import Account
from emulator.sagemaker.endpoints.endpoints import Endpoints
from emulator.sagemaker.endpoints.fleet import Fleet
from emulator.sagemaker.endpoints.instance_size import InstanceSize
from emulator.sagemaker.endpoints.vitals import NAMESPACE, Vitals

_log = logging.getLogger("emulator.endpoints")


class Upkeep:
    """A thread for each, so that a slow upload or ping delays nothing else."""

    def __init__(self, account: Account, endpoints: Endpoints) -> None:
        self._account = account
        self._endpoints = endpoints
        self._vitals = Vitals()
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        jobs = (
            ("endpoint-replace", 0.2, self._replace_lost),
            ("endpoint-ping", 5.0, self._ping),
            ("endpoint-metrics", 1.0, self._publish),
            ("endpoint-capture", 1.0, self._upload),
            ("endpoint-vitals", 1.0, self._measure),
        )
        for name, pause, job in jobs:
            thread = threading.Thread(
                target=self._repeat, args=(pause, job), name=name, daemon=True
            )
            thread.start()
            self._threads.append(thread)

    def resize_instances(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Measure instances as if they were so large, from the next minute on."""
        self._vitals.size = InstanceSize.asked(given)
        return {}

    def catch_up(self) -> None:
        """Publish and upload what there is, so that a jump of the clock overtakes nothing."""
        self._once(self._publish)
        self._once(self._upload)

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(5)
        self._once(self._publish)

    def _repeat(self, pause: float, job: Callable[[], None]) -> None:
        while not self._over.wait(pause):
            self._once(job)

    def _once(self, job: Callable[[], None]) -> None:
        try:
            job()
        except Exception:
            _log.exception("%s failed", threading.current_thread().name)

    def _replace_lost(self) -> None:
        for fleet in self._fleets():
            for pool in fleet.everyone:
                pool.replace_lost()

    def _ping(self) -> None:
        for fleet in self._fleets():
            for pool in fleet.everyone:
                pool.check()

    def _publish(self) -> None:
        for fleet in self._fleets():
            for pool in fleet.everyone:
                pool.flush_logs()
            for meter in fleet.meters:
                self._once(lambda meter=meter: meter.publish(self._account.client("cloudwatch")))

    def _upload(self) -> None:
        for fleet in self._fleets():
            for capture in fleet.captures:
                self._once(capture.flush)

    def _measure(self) -> None:
        now = self._account.clock.now()
        pools = [
            (endpoint.name, pool)
            for endpoint in self._endpoints.all()
            for fleet in endpoint.fleets()
            for pool in fleet.everyone
        ]
        if not pools or not self._vitals.due(now):
            return
        data = self._vitals.take(pools, now)
        if data:
            self._account.client("cloudwatch").put_metric_data(Namespace=NAMESPACE, MetricData=data)

    def _fleets(self) -> Iterator[Fleet]:
        for endpoint in self._endpoints.all():
            yield from endpoint.fleets()
