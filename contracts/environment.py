"""Environment variables that the stacks set and the handlers read."""

from enum import StrEnum


class Variable(StrEnum):
    ENVIRONMENT = "PERENNIAL_ENVIRONMENT"
    """``dev`` or ``prod``."""
    CARD = "PERENNIAL_CARD"
    """The model card's path below LAMBDA_TASK_ROOT: ``card.toml``."""
    DATA_BUCKET = "PERENNIAL_DATA_BUCKET"
    ARTIFACTS_BUCKET = "PERENNIAL_ARTIFACTS_BUCKET"
    CAPTURES_BUCKET = "PERENNIAL_CAPTURES_BUCKET"
    REPORTS_BUCKET = "PERENNIAL_REPORTS_BUCKET"
    LEDGER_TABLE = "PERENNIAL_LEDGER_TABLE"
    STATE_TABLE = "PERENNIAL_STATE_TABLE"
    TOPIC_ARN = "PERENNIAL_TOPIC_ARN"
    RETRAINING_ARN = "PERENNIAL_RETRAINING_ARN"
    """The retraining state machine."""
    REPOSITORY_NAME = "PERENNIAL_REPOSITORY_NAME"
    """The ECR repository of the one image; admission resolves its newest digest."""
    CODE_URI = "PERENNIAL_CODE_URI"
    """The model's code archive: an S3 object named by its hash."""
    CODE_COMMIT = "PERENNIAL_CODE_COMMIT"
    """The last git commit that touched the model's folder, or ``unknown``."""
    ENDPOINT_ROLE_ARN = "PERENNIAL_ENDPOINT_ROLE_ARN"
    KEY_ARN = "PERENNIAL_KEY_ARN"
    """The environment's KMS key, for what handlers write and endpoints store."""
