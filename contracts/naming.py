"""Names of what changes with a version, short enough for AWS (<= 63) and the same every time."""

from hashlib import sha256

VARIANT = "live"
"""The one production variant. AWS falls back to all-at-once silently when the name changes."""
SHADOW = "shadow"
"""The variant that sees a share of the requests and answers nobody."""
CHALLENGER = "challenger"
"""The variant that answers a share of the requests beside the champion."""


def digest(*parts: str, length: int = 12) -> str:
    """A short digest of ``parts``, for names that must be the same when a step is repeated."""
    return sha256("\n".join(parts).encode()).hexdigest()[:length]


def run_id(model: str, environment: str, cause_id: str) -> str:
    """The execution's name, the same for every delivery of the same cause."""
    return f"{model}-{environment}-{digest(cause_id)}"


def ingestion_id(model: str, environment: str, cause_id: str) -> str:
    """The name of an ingestion's execution; its jobs add the day."""
    return f"{model}-{environment}-data-{digest(cause_id, length=8)}"


def batch_id(model: str, environment: str, cause_id: str) -> str:
    """What one batch is called, the same for every delivery of the same cause."""
    return f"{model}-{environment}-batch-{digest(cause_id, length=8)}"


def batch_model(deployment_name: str) -> str:
    """The Model of transform jobs where the deployment's own is gone."""
    return f"{deployment_name}-batch"


def job_name(run: str, step: str, attempt: int) -> str:
    """A job of a run: ``churn-dev-1a2b3c4d5e6f-train-0``; a redrive or retry counts up."""
    return f"{run}-{step}-{attempt}"


def endpoint(model: str, environment: str) -> str:
    return f"{model}-{environment}"


def package_group(model: str, environment: str) -> str:
    return f"{model}-{environment}"


def deployment(model: str, environment: str, version: int, promotion: str) -> str:
    """The Model, EndpointConfig and alarms of one promotion of one version."""
    return f"{model}-{environment}-v{version}-{digest(promotion, length=8)}"


_TRIAL = "-trial"


def trial(deployment_name: str) -> str:
    """The Model and EndpointConfig by which a candidate is tried beside the champion."""
    return f"{deployment_name}{_TRIAL}"


def is_trial(config: str) -> bool:
    return config.endswith(_TRIAL)


def rollback_alarm(deployment_name: str, symptom: str) -> str:
    return f"{deployment_name}-{symptom}"
