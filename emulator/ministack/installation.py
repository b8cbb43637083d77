"""Put the account together: our services and behaviours into MiniStack's tables."""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ministack.core import router

from emulator.account import EmbeddedAccount
from emulator.faults.book import FaultBook
from emulator.images import Images
from emulator.ministack import (
    alarms,
    application_autoscaling,
    async_invocations,
    athena,
    closed,
    cloudformation,
    handler_errors,
    handler_processes,
    integration_faults,
    lambdas,
    log_prefixes,
    missing_images,
    object_encryption,
    object_events,
    scheduler,
    schedules,
    stack_settings,
    stack_settling,
    stepfunctions,
)
from emulator.ministack.seams import Seam
from emulator.sagemaker.service import SageMaker

SEAMS = (
    Seam(path="ministack.app:app", parameters=("scope", "receive", "send")),
    Seam(path="ministack.app:SERVICE_HANDLERS"),
    Seam(path="ministack.core.router:SERVICE_PATTERNS"),
)

# By name: to a type checker, ``ministack`` beside this room is this package.
_app: Any = importlib.import_module("ministack.app")


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What runs beside MiniStack and must be started and stopped with it."""

    sagemaker: SageMaker

    def control(self) -> dict[tuple[str, str], Callable[[Mapping[str, Any]], Any]]:
        """Return the services' own control endpoints."""
        jobs = self.sagemaker.jobs
        return {
            ("POST", "instances"): self.sagemaker.limit_instances,
            ("POST", "instance-size"): self.sagemaker.resize_instances,
            ("POST", "spot-interruptions"): jobs.interrupt_spot,
        }

    def start(self) -> None:
        self.sagemaker.start()

    def stop(self) -> None:
        self.sagemaker.stop()


def application() -> Any:
    """Return MiniStack's ASGI application."""
    return _app.app


def install(
    account: EmbeddedAccount, images: Images, runtimes: lambdas.Runtimes, faults: FaultBook
) -> Services:
    """Install everything; call it once, before the server starts."""
    clock = account.clock
    closed.install()
    athena.install(account)
    handler_errors.install()
    lambdas.install(
        runtimes=runtimes,
        endpoint_url=account.endpoint_url,
        temporary=account.state_dir / "tmp",
    )
    handler_processes.install(faults.callers)
    clock.add_activity(lambdas.busy)
    schedules.install(clock)
    scheduler.install(account)
    evaluator, book = alarms.install(account)
    clock.add_source(evaluator.next_due, evaluator.evaluate_due)
    clock.add_source(book.suppressions.next_due, book.suppressions.pass_time)
    sagemaker = SageMaker(account, images, callers=faults.callers)
    sagemaker.attach(application_autoscaling.install(account, book))
    clock.add_preparation(sagemaker.catch_up)
    _app.SERVICE_HANDLERS["sagemaker"] = sagemaker.handle
    # SageMaker Runtime signs as "sagemaker" too; the service tells them apart by path.
    router.SERVICE_PATTERNS["sagemaker"] = {
        "target_prefixes": ["SageMaker."],
        "host_patterns": [r"sagemaker\."],
        "credential_scope": "sagemaker",
    }
    clock.add_activity(stepfunctions.install(account, sagemaker).busy)
    integration_faults.install(faults)
    cloudformation.install(account, sagemaker)
    stack_settling.install()
    stack_settings.install(account)
    missing_images.install(account)
    log_prefixes.install()
    object_encryption.install(account)
    clock.add_preparation(object_events.install().wait)
    async_invocations.install(account)
    return Services(sagemaker=sagemaker)
