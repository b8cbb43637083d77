"""Read a run's validation report; refused data is quarantined and ends the run."""

import logging
from collections.abc import Mapping
from functools import cache
from typing import Any

from contracts import layout
from contracts.environment import Variable
from contracts.ledger import LedgerEntry, LedgerKind
from contracts.run import RunRequest, parse_request
from contracts.snapshot import parse_snapshot
from contracts.validation import parse_report
from lambdas.adapters import wiring
from lambdas.adapters.documents import Documents
from lambdas.adapters.ledger import Ledger
from lambdas.data_gate.decision import DataRejected, Refused, message, refused_files
from lambdas.data_gate.quarantine import Quarantine

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)


def lambda_handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    judge_data(
        parse_request(event["request"]),
        snapshot_uri=event["snapshot"]["uri"],
        reports_bucket=wiring.setting(Variable.REPORTS_BUCKET),
        documents=wiring.documents(),
        quarantine=_quarantine(),
        ledger=wiring.ledger(),
    )
    return dict(event["snapshot"])


def judge_data(
    request: RunRequest,
    *,
    snapshot_uri: str,
    reports_bucket: str,
    documents: Documents,
    quarantine: Quarantine,
    ledger: Ledger,
) -> dict[str, str]:
    key = f"{layout.validation_prefix(request.model, request.run_id)}report.json"
    uri = layout.s3_uri(reports_bucket, key)
    report = parse_report(documents.read_json(uri))
    snapshot = parse_snapshot(documents.read_json(snapshot_uri))
    refused = refused_files(report, snapshot, request)
    if not refused:
        logger.info("%s data accepted: %d files", request.run_id, len(snapshot.files))
        return {"verdict": "accepted"}
    keys = [quarantine.move(one, snapshot, request) for one in refused]
    ledger.append(_line(request, refused, keys, uri))
    logger.info("%s data refused: %s", request.run_id, message(refused))
    raise DataRejected(message(refused))


def _line(
    request: RunRequest, refused: tuple[Refused, ...], keys: list[str], report_uri: str
) -> LedgerEntry:
    return LedgerEntry(
        model=request.model,
        at=request.as_of,
        kind=LedgerKind.DATA_REFUSED,
        subject=request.run_id,
        summary=f"{request.run_id} refused {len(refused)} file(s): {message(refused)}",
        details={
            "report_uri": report_uri,
            **{f"file_{i}": key for i, key in enumerate(keys)},
            **{f"sha256_{i}": one.file.sha256 for i, one in enumerate(refused)},
        },
    )


@cache
def _quarantine() -> Quarantine:
    return Quarantine(wiring.client("s3"), wiring.documents())
