"""Whether a model that was built again is the recorded one, and what differs when it is not."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any

from contracts import artifact
from contracts.archive import Contents
from contracts.record import Provenance, Record, parse_provenance

KEPT = (artifact.MANIFEST, artifact.PROVENANCE, artifact.GOLDEN)
TOLERANCE = 1e-4
"""Of the same requests' scores; where they are above 1, of the largest one."""
_LEARNED = {artifact.MODEL, artifact.GOLDEN, artifact.METRICS}
"""Files in which a framework that is not bit-exact may differ."""


class Outcome(StrEnum):
    SAME = "the same"
    SAME_PREDICTIONS = "the same predictions"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    field: str
    recorded: str
    now: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """Of the golden requests that both artifacts hold."""

    requests: int
    largest_difference: float
    allowed: float

    @property
    def same(self) -> bool:
        return self.largest_difference <= self.allowed


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    outcome: Outcome
    summary: str
    recorded_manifest: str
    manifest: str
    files: Mapping[str, tuple[str | None, str | None]]
    """sha256 of each file that differs, recorded and now."""
    reasons: tuple[Reason, ...]
    """What the new artifact was made from that the recorded one was not."""
    predictions: Predictions | None

    def document(self) -> dict[str, Any]:
        return asdict(self)


def compare(record: Record, built: Contents, recorded_golden: bytes | None) -> Comparison:
    """``recorded_golden``: of the recorded artifact, None when that is gone."""
    files = {name: digest for name, digest in built.files.items() if name != artifact.MANIFEST}
    differ = {
        name: (record.manifest.get(name), files.get(name))
        for name in sorted({*record.manifest, *files})
        if record.manifest.get(name) != files.get(name)
    }
    made = parse_provenance(json.loads(built.kept[artifact.PROVENANCE]))
    reasons = _reasons(record.provenance, made)
    predictions = _predictions(recorded_golden, built.kept.get(artifact.GOLDEN))
    manifest = artifact.Manifest(files=files).sha256
    outcome = _outcome(set(differ), predictions)
    return Comparison(
        outcome=outcome,
        summary=_summary(outcome, manifest, tuple(differ), reasons, predictions),
        recorded_manifest=artifact.Manifest(files=record.manifest).sha256,
        manifest=manifest,
        files=differ,
        reasons=reasons,
        predictions=predictions if differ else None,
    )


def golden_of(record: Record, contents: Contents) -> bytes | None:
    """Return the recorded artifact's golden answers, unless they are no longer the recorded."""
    content = contents.kept.get(artifact.GOLDEN)
    if content is None or sha256(content).hexdigest() != record.manifest.get(artifact.GOLDEN):
        return None
    return content


def _outcome(differ: set[str], predictions: Predictions | None) -> Outcome:
    """Provenance is a file of the manifest: from other inputs nothing counts as the same."""
    if not differ:
        return Outcome.SAME
    if differ <= _LEARNED and predictions is not None and predictions.same:
        return Outcome.SAME_PREDICTIONS
    return Outcome.DIFFERENT


def _summary(
    outcome: Outcome,
    manifest: str,
    differ: tuple[str, ...],
    reasons: tuple[Reason, ...],
    predictions: Predictions | None,
) -> str:
    if outcome is Outcome.SAME:
        return f"the same: sha256 {manifest} of the manifest"
    answers = (
        "predictions cannot be compared"
        if predictions is None
        else f"scores of {predictions.requests} golden requests differ by "
        f"{predictions.largest_difference:.2g} at most, allowed is {predictions.allowed:.2g}"
    )
    if outcome is Outcome.SAME_PREDICTIONS:
        return (
            f"the same inputs, and the same predictions ({answers}); not the same bytes in "
            f"{', '.join(differ)}: this framework is not bit-exact"
        )
    because = ", ".join(f"{each.field} is {each.now}, not {each.recorded}" for each in reasons)
    return f"different in {', '.join(differ)}: {because or 'from the same inputs'}; {answers}"


def _reasons(recorded: Provenance, now: Provenance) -> tuple[Reason, ...]:
    before, after = _flat(recorded), _flat(now)
    return tuple(
        Reason(field=name, recorded=before.get(name, "absent"), now=after.get(name, "absent"))
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    )


def _flat(provenance: Provenance) -> dict[str, str]:
    fields = provenance.document()
    parameters = fields.pop("hyperparameters")
    return {
        **{name: str(value) for name, value in fields.items()},
        **{f"hyperparameter {name}": str(value) for name, value in parameters.items()},
    }


def _predictions(recorded: bytes | None, now: bytes | None) -> Predictions | None:
    """The rows were chosen by their scores, so that two artifacts need not hold the same ones."""
    if recorded is None or now is None:
        return None
    before, after = _answers(recorded), _answers(now)
    common = [row for row in before if row in after]
    if 2 * len(common) < len(before):
        return None
    scores = [before[row] for row in common]
    return Predictions(
        requests=len(common),
        largest_difference=max(abs(before[row] - after[row]) for row in common),
        allowed=TOLERANCE * max(1.0, *(abs(score) for score in scores)),
    )


def _answers(golden: bytes) -> dict[tuple[float, ...], float]:
    document = json.loads(golden)
    return {
        tuple(row): score for row, score in zip(document["rows"], document["scores"], strict=True)
    }
