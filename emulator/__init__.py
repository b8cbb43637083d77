"""An AWS account on this machine: MiniStack, a SageMaker that runs, alarms that evaluate."""
