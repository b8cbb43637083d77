"""How the state of a model looks in a terminal: what serves first, what moves, then the rest."""

from collections.abc import Iterator

from contracts import moment
from contracts.card_serving import ServingMode
from perennial.endpoint import ABSENT
from perennial.shown import execution_line, facts, rows
from perennial.status import Alarm, Status
from perennial.targets import Target


def status(state: Status) -> None:
    facts(_lines(state))
    if state.targets:
        rows(
            "to roll back to, the last that served first",
            ("version", "served from", "kept", "ready"),
            (_target(target) for target in state.targets),
        )
    rows(
        "registry, newest first",
        ("version", "approval", "created"),
        ((str(v.version), v.approval, moment.render(v.created)) for v in state.versions),
    )


def _lines(state: Status) -> Iterator[tuple[str, str]]:
    yield "model", f"{state.model} in {state.environment}"
    yield "account's time", moment.render(state.now)
    yield "champion", _champion(state)
    yield from _endpoint(state)
    yield "paused", _paused(state)
    yield "lease", state.lease_owner or "free"
    yield "last run", execution_line(state.last_run)
    yield "last promotion", execution_line(state.last_promotion)
    on = [alarm for alarm in state.watched if alarm.is_on]
    yield "alarms on", f"{len(on)} of {len(state.watched)}"
    for alarm in on:
        yield "", f"{alarm.runbook}  {_alarm(alarm)}"
    for alarm in state.alarms:
        if alarm not in state.candidate_alarms and alarm not in on:
            yield "alarm", _alarm(alarm)


def _champion(state: Status) -> str:
    champion = state.champion
    if champion is None:
        return "none yet"
    serving = f"version {champion.version}, promoted {champion.promoted_at}"
    if not state.agrees and not state.endpoint.changing:
        serving += f"  ! endpoint serves {state.endpoint.config or 'nothing'}"
    return serving


def _endpoint(state: Status) -> Iterator[tuple[str, str]]:
    endpoint = state.endpoint
    yield "mode", state.mode
    if state.mode != ServingMode.BATCH or endpoint.status != ABSENT:
        yield "endpoint", f"{endpoint.name}: {endpoint.status}"
    if endpoint.failure:
        yield "failure", endpoint.failure
    for variant in endpoint.variants:
        weight = "" if variant.weight is None else f"weight {variant.weight:g}, "
        count = (
            "serverless"
            if variant.instances is None
            else f"{variant.instances} of {variant.wanted} instances"
        )
        yield f"variant {variant.name}", f"{weight}{count}"
    if endpoint.has_instances:
        yield "scaling", "fixed" if state.scaling is None else state.scaling.line()
    if endpoint.pending is not None:
        since = "" if endpoint.pending.since is None else moment.render(endpoint.pending.since)
        stage = endpoint.pending.stage or "under way"
        yield "deployment", f"{endpoint.pending.config}: {stage}, since {since}"
        for alarm in state.candidate_alarms:
            yield "", _alarm(alarm)


def _paused(state: Status) -> str:
    lines: list[str] = []
    if state.paused is not None:
        lines.append(state.paused.line())
    if state.most_rejected is not None and state.rejected >= state.most_rejected:
        lines.append(f"runs only: {state.rejected} rejected candidates in a row")
    return "; ".join(lines) or "no"


def _alarm(alarm: Alarm) -> str:
    """With its name, which is long, not among the headings, whose width it would take."""
    return f"{alarm.name} {alarm.state}  {alarm.reason}"


def _target(target: Target) -> tuple[str, str, str, str]:
    ready = "yes" if target.ready else "; ".join(target.gone)
    kept = "yes" if target.kept else "no longer"
    return str(target.version), moment.render(target.since), kept, ready
