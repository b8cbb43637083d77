"""Read a run's validation report: quarantine what it refused, answer with what is accepted."""

import logging
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from contracts import layout, moment
from contracts.environment import Variable
from contracts.ledger import LedgerEntry, LedgerKind
from contracts.run import Purpose, RunRequest, parse_request
from contracts.snapshot import Accepted
from contracts.validation import parse_report
from lambdas.adapters import wiring
from lambdas.adapters.documents import Documents
from lambdas.adapters.ledger import Ledger
from lambdas.adapters.snapshots import Snapshots
from lambdas.data_gate.decision import DataRejected, Judgement, judge
from lambdas.data_gate.quarantine import Quarantine

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)

_NAMED = 50
"""So many quarantined files are named in the ledger; the report has them all."""


def lambda_handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    return judge_data(
        parse_request(event["request"]),
        event["snapshot"],
        reports_bucket=wiring.setting(Variable.REPORTS_BUCKET),
        documents=wiring.documents(),
        snapshots=_snapshots(),
        quarantine=_quarantine(),
        ledger=wiring.ledger(),
    )


def judge_data(
    request: RunRequest,
    taken: Mapping[str, Any],
    *,
    reports_bucket: str,
    documents: Documents,
    snapshots: Snapshots,
    quarantine: Quarantine,
    ledger: Ledger,
) -> dict[str, Any]:
    """``taken`` is what the Snapshot step answered; the answer has the same fields."""
    evidence = layout.validation_prefix(request.model, request.run_id)
    report_uri = layout.s3_uri(reports_bucket, f"{evidence}report.json")
    report, snapshot = parse_report(documents.read_json(report_uri)), snapshots.read(taken["uri"])
    last = snapshots.last_accepted()
    judged = judge(report, snapshot, request, before=snapshots.accepted_files(last), last=last)
    keys = [
        *(quarantine.move(one, snapshot, request) for one in judged.refused),
        *(quarantine.set_aside(one, snapshot, request) for one in judged.set_aside),
    ]
    if judged.why:
        ledger.append(_line(request, judged, keys, report_uri))
    logger.info("%s data: %s", request.run_id, judged.why or "accepted whole")
    if judged.rejected:
        raise DataRejected(judged.why)
    answer = snapshots.write(judged.accepted, staged=snapshots.staged(taken["manifests"]))
    if request.purpose is Purpose.RETRAIN:
        snapshots.accept(
            Accepted(
                digest=answer["digest"],
                uri=answer["uri"],
                profile_uri=layout.s3_uri(reports_bucket, f"{evidence}profile.json"),
                run_id=request.run_id,
                as_of=moment.render(request.as_of),
            )
        )
    return {**answer, "profile": taken["profile"], "quarantined": len(keys)}


def _line(
    request: RunRequest, judged: Judgement, keys: Sequence[str], report_uri: str
) -> LedgerEntry:
    rows = sum(len(one.report.set_aside) for one in judged.set_aside)
    what = " and ".join(
        text
        for text, count in (
            (f"refused {len(judged.refused)} file(s)", len(judged.refused)),
            (f"set aside {rows} row(s)", rows),
        )
        if count
    )
    everything = (*judged.refused, *judged.set_aside)[:_NAMED]
    return LedgerEntry(
        model=request.model,
        at=request.as_of,
        kind=LedgerKind.DATA_REFUSED,
        subject=request.run_id,
        summary=f"{request.run_id} {what or 'refused the data'}: {judged.why}",
        details={
            "report_uri": report_uri,
            **{f"file_{i}": key for i, key in enumerate(keys[:_NAMED])},
            **{f"sha256_{i}": one.file.sha256 for i, one in enumerate(everything)},
        },
    )


@cache
def _snapshots() -> Snapshots:
    return Snapshots(wiring.documents(), wiring.state_table(), model=wiring.model_card().name)


@cache
def _quarantine() -> Quarantine:
    return Quarantine(
        wiring.client("s3"),
        wiring.documents(),
        reports_bucket=wiring.setting(Variable.REPORTS_BUCKET),
    )
