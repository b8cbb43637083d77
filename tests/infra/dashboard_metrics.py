"""The metrics that a dashboard may name: ours, and those that AWS documents."""

from contracts import metrics

OURS = {
    value
    for name, value in vars(metrics).items()
    if name.isupper() and name not in ("NAMESPACE", "MODEL", "ENVIRONMENT", "FEATURE", "DEPLOYMENT")
}
EXISTING: dict[str, set[str]] = {
    metrics.NAMESPACE: OURS,
    # https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
    "AWS/SageMaker": {
        "Invocations",
        "InvocationsPerInstance",
        "Invocation4XXErrors",
        "Invocation5XXErrors",
        "ModelLatency",
        "OverheadLatency",
    },
    "/aws/sagemaker/Endpoints": {"CPUUtilization", "MemoryUtilization", "DiskUtilization"},
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    "AWS/SQS": {"ApproximateNumberOfMessagesVisible"},
    # https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
    "AWS/States": {"ExecutionsSucceeded", "ExecutionsFailed"},
    # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
    "AWS/Lambda": {"Errors"},
    # https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html
    "AWS/SNS": {"NumberOfNotificationsFailed"},
}


def unknown(namespace: str, metric: str) -> str | None:
    if metric in EXISTING.get(namespace, ()):
        return None
    return f"{namespace} {metric}"
