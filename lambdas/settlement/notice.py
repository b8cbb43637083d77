"""The one message that people get when an execution ends."""

from collections.abc import Sequence
from dataclasses import dataclass

from contracts import moment
from lambdas.settlement.execution import Execution, Workflow
from lambdas.settlement.failure import Failure, explain
from lambdas.settlement.standing import Paused

_JOB_STEPS = ("Validate", "Train", "Evaluate", "EachDay", "FetchDay", "Score")
_RUNBOOKS = {
    "DataRejected": ("data-rejected", "correct the named rows at the source and upload the file"),
    "CandidateRolledBack": ("candidate-rolled-back", "read why; the champion kept serving"),
    "CandidateFailedSmokeTest": ("candidate-rolled-back", "read why; no caller ever met it"),
    "SmokeTestBroken": ("promotion-failed", "correct what it names, then redrive the execution"),
    "DeploymentFailed": ("promotion-failed", "correct what it names, then redrive the execution"),
    "SilentRollback": ("promotion-failed", "see what else changed the endpoint, then redrive"),
    "EndpointBusy": ("promotion-failed", "see what changes the endpoint, then redrive"),
    "ProbesUnanswered": ("promotion-failed", "read the endpoint's log, then redrive"),
    "PromotionRefused": (
        "promotion-refused",
        "the version is not what the registry says, or a newer run has promoted",
    ),
    "NoChampion": ("batch-failed", "promote a version, then ask again"),
    "UnreadableInput": ("batch-failed", "correct the named file, then ask again"),
    "RowsMissing": ("batch-failed", "see the answers of the named file, then redrive"),
    "NoModelData": ("no-model-data", "upload the files of the named dataset"),
    "States.Timeout": ("run-timed-out", "see what hung, then redrive the execution"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    subject: str
    text: str
    summary: str
    """One sentence, for the ledger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What is known of an end beside the execution itself."""

    step: str | None = None
    log: Sequence[str] = ()
    """The end of the failed job's log."""
    data_refused: Sequence[str] = ()
    """What was quarantined, although the run ended well."""
    paused: Paused | None = None


def compose(execution: Execution, about: Circumstances) -> Notice:
    """Name outcome, model, run, cause, failed step, execution, runbook and what to do next."""
    lines = {
        "Model": f"{execution.model} ({execution.environment})",
        "Run": execution.name + (f", redrive {execution.redrive}" if execution.redrive else ""),
        "Asked by": _asked_by(execution),
    }
    if execution.status == "SUCCEEDED":
        summary = f"{execution.workflow.value} {execution.outcome or 'succeeded'}"
        reason = str(execution.output.get("reason", "none given"))
        lines |= {"Reason": reason, **_quarantined(about)}
    else:
        failure = explain(execution.error, execution.failure)
        at = f" at {about.step}" if about.step else ""
        summary = f"{execution.workflow.value} {execution.status.lower().replace('_', ' ')}{at}"
        reason = failure.text
        lines |= _failed(execution, failure, about)
    if about.paused is not None:
        summary = f"{summary}, and retraining is paused"
        lines |= _pausing(execution, about.paused)
    lines |= {"Execution": execution.arn, "At": moment.render(execution.at)}
    text = [f"{summary}.", "", *(f"{name}: {value}" for name, value in lines.items())]
    if about.log:
        text += ["", "The end of the job's log:", *about.log]
    subject = f"[{execution.environment}] {execution.model}: {summary}"
    return Notice(subject=_subject(subject), text="\n".join(text), summary=f"{summary}: {reason}")


def _failed(execution: Execution, failure: Failure, about: Circumstances) -> dict[str, str]:
    runbook, advice = _help(execution, failure, about.step)
    return {
        "Failed step": about.step or "not known",
        "Error": failure.error,
        "Cause": failure.text,
        "Runbook": _page(runbook),
        "Next": advice,
    }


def _quarantined(about: Circumstances) -> dict[str, str]:
    if not about.data_refused:
        return {}
    runbook, advice = _RUNBOOKS["DataRejected"]
    return {
        "Data refused": "; ".join(about.data_refused),
        "Runbook": _page(runbook),
        "Next": advice,
    }


def _pausing(execution: Execution, paused: Paused) -> dict[str, str]:
    return {
        "Paused": f"{paused.rejected} rejected candidates in a row; nothing starts a run until a "
        "person resumes",
        "Runbook": _page("retraining-paused"),
        "Next": f"see why none was better, then `perennial resume --model {execution.model}`",
    }


def _page(runbook: str) -> str:
    return f"docs/runbooks/{runbook}.md"


def lease_conflict(execution: Execution, holder: str) -> Notice:
    summary = f"redrive of {execution.name} runs beside {holder}"
    text = (
        f"{summary}, which holds the lease of {execution.model}: two runs at once.\n\n"
        f"Execution: {execution.arn}\nRunbook: docs/runbooks/run-failed.md\n"
        "Next: stop one of the two executions\n"
    )
    subject = f"[{execution.environment}] {execution.model}: two runs at once"
    return Notice(subject=_subject(subject), text=text, summary=summary)


def _help(execution: Execution, failure: Failure, step: str | None) -> tuple[str, str]:
    if failure.error in _RUNBOOKS:
        return _RUNBOOKS[failure.error]
    if execution.status == "TIMED_OUT":
        return _RUNBOOKS["States.Timeout"]
    if execution.status == "ABORTED":
        return "run-aborted", "a person stopped it; start another run when ready"
    if _no_instances(failure):
        return "no-instances", "ask for a quota, or name other types in the card; then redrive"
    if step in _JOB_STEPS:
        return "job-failed", "read the job's log, correct the cause, then redrive the execution"
    return "run-failed", "correct the cause, then redrive the execution"


def _no_instances(failure: Failure) -> bool:
    """A quota, a lack of capacity, or spare capacity that never came."""
    quota = failure.error.endswith("ResourceLimitExceededException")
    return quota or "CapacityError: " in failure.text or "max_wait_seconds" in failure.text


def _asked_by(execution: Execution) -> str:
    cause = execution.cause
    if execution.workflow is Workflow.INGESTION:
        return "its schedule, or a person who named days"
    return "not known" if cause is None else f"{cause.kind}: {cause.detail}"


def _subject(text: str) -> str:
    """SNS takes ASCII without line breaks, fewer than 100 characters.

    https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
    """
    ascii_only = text.encode("ascii", "replace").decode()
    return " ".join(ascii_only.split())[:99]
