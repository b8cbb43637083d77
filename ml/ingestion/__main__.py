"""Ingest one day of a model's data: ``python -m ml.ingestion``, as a processing job.

The ExitMessage is one sentence about the day, also when all went well.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeProcessingJob.html
"""

import os
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import boto3

from contracts import moment
from contracts.ingestion import DayOutcome, DayRecord
from ml.code_archive import unpack
from ml.ingestion.athena import Athena
from ml.ingestion.day import Ingestion
from ml.ingestion.sources import Sources
from ml.ingestion.store import Store
from ml.places import Places, of_container, required
from ml.refusal import Refusal, run
from ml.validation.schema import Schemas


def main() -> int:
    places = of_container()
    return run(lambda: ingest(places, os.environ, boto3.client), places.message)


def ingest(places: Places, variables: Mapping[str, str], client: Any) -> None:
    """``client`` makes a boto3 client of a service by its name."""
    as_of = moment.parse(required(variables, "PERENNIAL_AS_OF"))
    day = _day(required(variables, "PERENNIAL_DAY"))
    with tempfile.TemporaryDirectory() as room:
        workload = unpack(places.processing_input("code"), Path(room))
        if workload.card.ingestion is None:
            raise Refusal(f"the card of {workload.card.name} has no [ingestion]")
        s3 = client("s3")
        store = Store(s3, required(variables, "PERENNIAL_DATA_BUCKET"))
        ingestion = Ingestion(
            schemas=Schemas(workload.card, as_of),
            sources=Sources(
                card=workload.card,
                store=store,
                athena=lambda: Athena(client("athena"), s3, pause=time.sleep),
                module=workload.module,
            ),
            listed=workload.card.ingestion.sources,
            store=store,
            run_id=required(variables, "PERENNIAL_RUN_ID"),
        )
        record, changed = ingestion.ingest(day)
    message = sentence(record, changed=changed)
    places.message.parent.mkdir(parents=True, exist_ok=True)
    places.message.write_text(message, encoding="utf-8")
    print(message, flush=True)


def sentence(record: DayRecord, *, changed: bool) -> str:
    """Say what came of the day; the workflow looks for ``quarantined``."""
    rows = ", ".join(f"{count} rows of {name}" for name, count in sorted(record.rows.items()))
    text = f"{record.day}: {rows}"
    if not changed:
        return f"{record.day}: nothing new at its sources"
    if record.version > 1:
        text += f", version {record.version} as its sources changed"
    if record.refused or record.set_aside:
        text += f", quarantined {record.refused} files and {record.set_aside} rows"
    if record.outcome is DayOutcome.WAITING:
        text += ", waiting for a source"
    return text


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refusal(f"PERENNIAL_DAY must be a date such as 2012-03-01, got {text!r}") from None


if __name__ == "__main__":
    sys.exit(main())
