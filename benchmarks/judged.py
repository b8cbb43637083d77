"""Two trained models, judged by the platform's own evaluation and gate, and by naive rules."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from benchmarks.customers import Customers, Floats
from contracts import card as cards
from contracts import moment
from contracts.card import ModelCard
from contracts.evaluation import EvaluationReport, HoldOut, Score
from contracts.run import Cause, CauseKind, Champion, Purpose, RunRequest
from lambdas.gate.decision import Verdict, judge
from ml.evaluation.calibration import calibration_error
from ml.evaluation.contest import Contest
from ml.evaluation.metrics import of_rows
from ml.training.rows import LabelledRows
from ml.workloads.churn import model

CARD_PATH = Path(__file__).parents[1] / "ml" / "workloads" / "churn" / "card.toml"
HOLDOUT_ROWS = 23_570
"""As churn's: all its customers."""
TRAINING_ROWS = 20_000
AS_OF = "1998-05-01T00:00:00Z"
SNAPSHOT = date(1998, 3, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """Who would have promoted the candidate."""

    gain: float
    width: float
    promoted: Mapping[str, bool]


def card() -> ModelCard:
    """Churn's card, of whose gate the limit and the gain remain: what is measured here."""
    found = cards.load(CARD_PATH)
    unasked = {
        "max_calibration_error": None,
        "max_latency_ms": None,
        "max_artifact_mib": None,
    }
    return replace(found, gate=replace(found.gate, slices=(), **unasked))


def trained(customers: Customers, asked: ModelCard, rows: np.ndarray) -> Floats:
    """Train churn's model on the customers; return its scores of ``rows``."""
    with threadpool_limits(limits=1):
        fitted = model.build(asked.hyperparameters).fit(
            customers.rows, customers.labels.astype(np.int64)
        )
        return fitted.predict_proba(rows)[:, 1]


def decide(holdout: Customers, candidate: Floats, champion: Floats, asked: ModelCard) -> Decisions:
    """Judge as a run does: interval by ml.evaluation, report as in JSON, verdict by the gate."""
    report = _report(holdout, candidate, champion, asked)
    gain = report.gain
    if gain is None:
        raise RuntimeError("two models give a gain")
    unasking = replace(asked, gate=replace(asked.gate, min_gain=0.0))
    return Decisions(
        gain=gain.value,
        width=gain.high - gain.low,
        promoted={
            "gate": _approved(report, asked),
            "gate with min_gain 0": _approved(report, unasking),
            "candidate >= champion": gain.value >= 0,
            "point estimate >= min_gain": gain.value >= asked.gate.min_gain,
        },
    )


def _report(
    holdout: Customers, candidate: Floats, champion: Floats, asked: ModelCard
) -> EvaluationReport:
    names = [f"feature_{number}" for number in range(holdout.rows.shape[1])]
    rows = LabelledRows(
        snapshot_date=SNAPSHOT,
        features=pd.DataFrame(holdout.rows, columns=names),
        labels=holdout.labels,
    )
    return EvaluationReport(
        run_id="benchmark",
        as_of=AS_OF,
        metric=asked.evaluation.metric,
        holdout=HoldOut(
            rows=len(rows.labels),
            positives=rows.positives,
            snapshot_date=SNAPSHOT.isoformat(),
            sha256="0",
        ),
        candidate=_score("candidate", rows, candidate, asked),
        champion=_score("champion", rows, champion, asked),
        gain=Contest(card=asked, rows=rows, new=candidate, old=champion).gain(),
        slices=(),
    )


def _score(name: str, rows: LabelledRows, scores: Floats, asked: ModelCard) -> Score:
    return Score(
        artifact_uri=name,
        artifact_sha256=name,
        manifest_sha256=name,
        artifact_bytes=1,
        metrics=of_rows(asked.task, rows, scores),
        calibration_error=calibration_error(asked.task, rows.labels, scores),
        latency_ms=1.0,
    )


CHAMPION = Champion(
    model_package_arn="champion",
    version=1,
    model_data_url="champion",
    artifact_sha256="champion",
    manifest_sha256="champion",
    baseline_uri="champion",
    promoted_at=AS_OF,
    deployment="champion",
)
REQUEST = RunRequest(
    run_id="benchmark",
    model="churn",
    environment="dev",
    purpose=Purpose.RETRAIN,
    as_of=moment.parse(AS_OF),
    cause=Cause(kind=CauseKind.PERSON, id="benchmark", detail="benchmark"),
    fencing_token=1,
    image_uri="image",
    image_digest="image",
    code_uri="code",
    code_commit="unknown",
    champion=CHAMPION,
)
METADATA = {"artifact_sha256": "candidate", "manifest_sha256": "candidate"}


def _approved(report: EvaluationReport, asked: ModelCard) -> bool:
    judgement = judge(report.document(), REQUEST, METADATA, asked, champion_now=CHAMPION)
    beside_the_gain = [
        one.name
        for one in judgement.criteria
        if not one.passed and not one.name.endswith("gain, lower bound")
    ]
    if beside_the_gain or not judgement.criteria:
        raise RuntimeError(f"the evidence itself was refused: {judgement.reason}")
    return judgement.verdict is Verdict.APPROVED
