"""The one message that people get when an execution ends."""

from dataclasses import dataclass

from contracts import moment
from lambdas.settlement.execution import Execution
from lambdas.settlement.failure import Failure, explain

_JOB_STEPS = ("Validate", "Train", "Evaluate")
_RUNBOOKS = {
    "DataRejected": ("data-rejected", "correct the named rows at the source and upload the file"),
    "CandidateRolledBack": ("candidate-rolled-back", "read why; the champion kept serving"),
    "PromotionRefused": (
        "promotion-refused",
        "the version is not what the registry says",
    ),
    "NoModelData": ("no-model-data", "upload the files of the named dataset"),
    "States.Timeout": ("run-timed-out", "see what hung, then redrive the execution"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    subject: str
    text: str
    summary: str
    """One sentence, for the ledger."""


def compose(execution: Execution, step: str | None) -> Notice:
    """Name outcome, model, run, cause, failed step, execution, runbook and what to do next."""
    lines = {
        "Model": f"{execution.model} ({execution.environment})",
        "Run": execution.name + (f", redrive {execution.redrive}" if execution.redrive else ""),
        "Asked by": _asked_by(execution),
    }
    if execution.status == "SUCCEEDED":
        outcome = str(execution.output.get("outcome", "succeeded"))
        summary = f"{execution.workflow.value} {outcome}"
        lines |= {"Reason": str(execution.output.get("reason", "none given"))}
    else:
        failure = explain(execution.error, execution.failure)
        runbook, advice = _help(execution, failure, step)
        at = f" at {step}" if step else ""
        summary = f"{execution.workflow.value} {execution.status.lower().replace('_', ' ')}{at}"
        lines |= {
            "Failed step": step or "not known",
            "Error": failure.error,
            "Cause": failure.text,
            "Runbook": f"docs/runbooks/{runbook}.md",
            "Next": advice,
        }
    lines |= {"Execution": execution.arn, "At": moment.render(execution.at)}
    about = lines.get("Cause") or lines.get("Reason") or ""
    text = "\n".join([f"{summary}.", "", *(f"{name}: {value}" for name, value in lines.items())])
    subject = f"[{execution.environment}] {execution.model}: {summary}"
    return Notice(subject=_subject(subject), text=text, summary=f"{summary}: {about}")


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
    if step in _JOB_STEPS:
        return "job-failed", "read the job's log, correct the cause, then redrive the execution"
    return "run-failed", "correct the cause, then redrive the execution"


def _asked_by(execution: Execution) -> str:
    cause = execution.cause
    return "not known" if cause is None else f"{cause.kind}: {cause.detail}"


def _subject(text: str) -> str:
    """SNS takes ASCII without line breaks, fewer than 100 characters.

    https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
    """
    ascii_only = text.encode("ascii", "replace").decode()
    return " ".join(ascii_only.split())[:99]
