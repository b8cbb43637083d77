"""Admit causes to retraining: one run at a time, on new data, within the card's limits."""

import time
from collections.abc import Mapping
from functools import cache
from random import uniform
from typing import Any

from contracts import state
from contracts.environment import Variable
from lambdas.adapters import wiring
from lambdas.adapters.images import Images
from lambdas.adapters.leases import Leases
from lambdas.adapters.pauses import Pauses
from lambdas.adapters.rejections import Rejections
from lambdas.admission.answer import Target
from lambdas.admission.causes import read_cause
from lambdas.admission.door import Door
from lambdas.admission.executions import Executions
from lambdas.admission.incoming import IncomingData
from lambdas.admission.pausing import PAUSE, RESUME, Pausing
from lambdas.admission.record import AdmissionRecord
from lambdas.admission.starts import Starts


def lambda_handler(event: Mapping[str, Any], _context: object) -> dict[str, str]:
    if event.get("cause") in (PAUSE, RESUME):
        return _pausing().answer(event)
    return _door().ask(read_cause(event, model=wiring.model_card().name)).document()


@cache
def _door() -> Door:
    card = wiring.model_card()
    leases = Leases(wiring.state_table(), state.lease(card.name))
    return Door(
        target=Target(
            card=card,
            environment=wiring.setting(Variable.ENVIRONMENT),
            code_uri=wiring.setting(Variable.CODE_URI),
            code_commit=wiring.setting(Variable.CODE_COMMIT),
        ),
        leases=leases,
        record=AdmissionRecord(
            wiring.state_table(), card.name, max_rejected=card.admission.max_rejected
        ),
        rejections=Rejections(wiring.state_table(), card.name),
        pauses=Pauses(wiring.state_table(), card.name),
        incoming=IncomingData(
            wiring.client("s3"),
            bucket=wiring.setting(Variable.DATA_BUCKET),
            model=card.name,
            datasets=[dataset.name for dataset in card.datasets],
        ),
        images=Images(wiring.client("ecr"), repository=wiring.setting(Variable.REPOSITORY_NAME)),
        champion=wiring.champion_pointer(),
        executions=Executions(
            wiring.client("stepfunctions"), machine_arn=wiring.setting(Variable.RETRAINING_ARN)
        ),
        starts=Starts(
            model=card.name,
            lease_hours=card.admission.lease_hours,
            leases=leases,
            ledger=wiring.ledger(),
        ),
        pause=lambda: time.sleep(uniform(0.1, 0.4)),  # noqa: S311  jitter
    )


@cache
def _pausing() -> Pausing:
    model = wiring.model_card().name
    return Pausing(
        model=model,
        pauses=Pauses(wiring.state_table(), model),
        rejections=Rejections(wiring.state_table(), model),
        ledger=wiring.ledger(),
    )
