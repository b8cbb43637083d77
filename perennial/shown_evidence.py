"""How versions are accounted for in a terminal: history, explanation, difference, re-creation."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from contracts import moment
from contracts.record import Record
from perennial import shown
from perennial.difference import Change, Difference
from perennial.explanation import Data, Explanation
from perennial.history import Tenure
from perennial.recreation.recreate import Recreation

_SHORT = 12
_NONE = "–"


def history(found: Sequence[Tenure]) -> None:
    shown.rows(
        "what served, newest first",
        ("version", "from", "to", "metric", "gain", "data", "approved by", "asked for by", "ended"),
        (_tenure(tenure) for tenure in found),
        unbroken=("from", "to", "metric"),
    )


def explanation(found: Explanation) -> None:
    shown.facts(_explained(found))
    if found.verdict is not None:
        shown.rows(
            f"gate: {found.verdict['verdict']}",
            ("criterion", "value", "bound", "outcome"),
            (_criterion(each) for each in found.verdict["criteria"]),
        )
    if found.record is not None:
        shown.rows(
            f"data: snapshot {found.record.snapshot_digest[:_SHORT]}",
            ("dataset", "files", "rows", "set aside", "from", "to"),
            (_data(each) for each in found.data),
        )
        print("made from")
        shown.facts(_inputs(found.record))
    shown.ledger(found.history, order="oldest first")


def difference(found: Difference) -> None:
    title = f"{found.before} to {found.after}"
    sections = {
        "data": found.data,
        "code": found.code,
        "image": found.image,
        "hyperparameters": found.hyperparameters,
        "metrics": found.metrics,
        "verdict": found.verdict,
    }
    same = [name for name, changes in sections.items() if not changes]
    for name, changes in sections.items():
        if changes:
            shown.rows(f"{name}, {title}", ("what", "before", "after"), _changes(name, changes))
    shown.facts(
        [
            *([("the same", ", ".join(same))] if same else []),
            *(("not compared", each) for each in found.unknown),
        ]
    )


def recreation(found: Recreation) -> None:
    compared = found.comparison
    shown.facts(
        [
            ("version", f"{found.version}, of {found.run_id}"),
            ("built again by", found.training_job),
            ("artifact", found.model_data_url),
            ("recorded manifest", compared.recorded_manifest),
            ("manifest now", compared.manifest),
            ("outcome", compared.summary),
        ]
    )


def _tenure(tenure: Tenure) -> tuple[str, ...]:
    value = _NONE if tenure.value is None else f"{tenure.metric} {tenure.value:.4f}"
    gain = tenure.gain
    return (
        str(tenure.version),
        moment.render(tenure.since),
        "now" if tenure.until is None else moment.render(tenure.until),
        value,
        _NONE
        if gain is None
        else f"{gain['value']:+.4f} [{gain['low']:+.4f}, {gain['high']:+.4f}]",
        (tenure.snapshot_digest or _NONE)[:_SHORT],
        tenure.approved_by or _NONE,
        tenure.why,
        tenure.ended or _NONE,
    )


def _explained(found: Explanation) -> Iterable[tuple[str, str]]:
    package, record = found.package, found.record
    if package is None:
        yield "run", f"{found.run_id}, without a version"
    else:
        yield "version", f"{package.version.version} ({package.version.approval})"
        since = f"yes, since {found.serves_since}"
        yield "serves now", since if found.serves else "no"
        yield "why", package.reason or _NONE
        yield "approved by", package.approved_by or "nobody"
        yield "artifact", package.model_data_url
    if found.execution is not None:
        yield "execution", shown.execution_line(found.execution)
    if record is None:
        yield "record", "none: the run ended before it was recorded"
    else:
        yield "record", f"verified, sha256 {record.sha256}"
        yield "run", f"{record.run_id} as of {record.as_of}, asked for by {record.cause}"
        yield "metrics", ", ".join(f"{name} {value:.6g}" for name, value in record.metrics.items())


def _inputs(record: Record) -> Iterable[tuple[str, str]]:
    made = record.provenance
    yield "code", f"{record.code_uri}, commit {record.code_commit}, files {made.code_sha256}"
    yield "image", f"{record.image_digest}, commit {made.image_commit}"
    yield "lock", f"{made.lock_sha256}, Python {made.python}"
    parameters = ", ".join(f"{name}={value}" for name, value in made.hyperparameters.items())
    yield "hyperparameters", f"{parameters}; {made.threads} thread(s)"
    yield "training job", record.training_job
    yield "champion to beat", str(record.champion_version or "none: the first model")


def _data(each: Data) -> tuple[str, ...]:
    rows = "not counted" if each.rows is None else str(each.rows)
    span = (each.first or _NONE, each.last or _NONE)
    return (each.dataset, str(each.files), rows, str(each.set_aside), *span)


def _criterion(each: Mapping[str, Any]) -> tuple[str, ...]:
    outcome = "passed" if each.get("passed") else "broken"
    return (*(str(each.get(name, _NONE)) for name in ("name", "value", "bound")), outcome)


def _changes(section: str, changes: Iterable[Change]) -> Iterable[tuple[str, str, str]]:
    """Digests of files are long, and their beginnings tell them apart."""
    digests = section in ("data", "code")
    for change in changes:
        before, after = change.before or "absent", change.after or "absent"
        if digests and change.what != "commit":
            before, after = before[:_SHORT], after[:_SHORT]
        yield change.what, before, after
