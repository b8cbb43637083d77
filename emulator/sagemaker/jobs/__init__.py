"""Training and Processing jobs: an image's entry point as a process under SageMaker's contract.

What stands in for what. A container's ``/opt/ml`` is the folder ``SAGEMAKER_BASE_DIR`` names (the
training toolkit's own variable for that prefix); a path below it in the command's arguments or in
the request's environment is given to the process as the real one.

Time. Timestamps are the account's, which may be advanced by days while a process runs for
seconds. A limit on running time is therefore measured in the process's own, real seconds: a job
is stopped when *it* has run longer than MaxRuntimeInSeconds, and TrainingTimeInSeconds says how
long it ran. Advancing the clock never kills a job. A limit a demo sets is thus a real one.

Stopping sends SIGTERM, and SIGKILL after a grace of ten seconds; AWS waits 120.

Unproven against AWS (no page says it): the wording of FailureReason for a Processing job that
exceeds its limit or lacks its input; that a failed training job's ``model`` folder stays behind;
what share of its time a spot job is billed for, the StatusMessages of Interrupted and
MaxWaitTimeExceeded, the refusal of a missing MaxWaitTimeInSeconds, how soon a checkpoint is stored.

https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo.html
https://docs.aws.amazon.com/sagemaker/latest/dg/build-your-own-processing-container.html
"""

from emulator.sagemaker.jobs.job import Kind
from emulator.sagemaker.jobs.room import Jobs

__all__ = ["Jobs", "Kind"]
