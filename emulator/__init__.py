"""An AWS account on this machine: MiniStack, with a SageMaker that runs and alarms that evaluate."""
