"""A gate that asks for everything, and evidence that passes it: what tests of the gate vary."""

from dataclasses import replace
from typing import Any

from contracts.card import Gate, ModelCard, Slice
from contracts.run import Champion, RunRequest
from lambdas.gate.decision import Judgement, judge
from tests.unit.lambdas import examples
from tests.unit.lambdas.examples import CHAMPION, METADATA, compared, interval, request

# Tests of the gate have a gate of their own: the churn model's may change.
CARD: ModelCard = replace(
    examples.CARD,
    label_window_days=60,
    evaluation=replace(
        examples.CARD.evaluation,
        metric="auc",
        min_holdout_rows=500,
        min_class_rows=50,
        bootstrap_samples=1000,
    ),
    gate=replace(
        examples.CARD.gate,
        limit=0.6,
        min_gain=0.0,
        confidence=0.95,
        slices=(),
        max_calibration_error=None,
        max_latency_ms=None,
        max_artifact_mib=None,
    ),
)
NEW = Slice(
    name="new", feature="tenure_days", minimum=None, maximum=90, tolerance=0.01, min_rows=100
)
OLD = Slice(
    name="old", feature="tenure_days", minimum=90, maximum=None, tolerance=0.01, min_rows=100
)


def asking(card: ModelCard = CARD, **changes: Any) -> ModelCard:
    """The card with its gate changed."""
    gate: Gate = replace(card.gate, **changes)
    return replace(card, gate=gate)


STRICT = asking(
    min_gain=0.005,
    slices=(NEW, OLD),
    max_calibration_error=0.05,
    max_latency_ms=2.0,
    max_artifact_mib=10.0,
)


def slice_score(name: str, low: Any = -0.005, rows: Any = 300) -> dict[str, Any]:
    gain = interval(0.02, low=low, high=0.05)
    return {"name": name, "rows": rows, "candidate": 0.72, "champion": 0.70, "gain": gain}


def whole() -> dict[str, Any]:
    """Evidence against CHAMPION that passes STRICT."""
    return {**compared(low=0.01), "slices": [slice_score("new"), slice_score("old")]}


def against_champion(document: object, card: ModelCard = CARD, **changes: Any) -> Judgement:
    facts = {**METADATA, **changes}
    return judge(document, request(champion=CHAMPION), facts, card, champion_now=CHAMPION)


def first(document: object, card: ModelCard = CARD) -> Judgement:
    return judge(document, request(), METADATA, card, champion_now=None)


def asked(ask: RunRequest, document: object, now: Champion | None = None) -> Judgement:
    """Judge what was asked; the champion that serves now is ``now``, or that of the request."""
    return judge(document, ask, METADATA, CARD, champion_now=now or ask.champion)
