"""Synthesize one environment: ``cdk synth -c env=dev``.

``-c tracking=on`` has training log to SageMaker's managed MLflow, ``-c tracking_uri=…`` to a
server of your own. ``-c models=<folder>`` names another folder of models than ``ml/workloads``:
keep your models in a repository of their own, and this one as it is. ``-c model=<folder>`` leaves
out all models but one.
"""

from aws_cdk import App

from infra import platform, settings

app = App()
environment = settings.load(
    app.node.try_get_context("env") or "dev",
    notify=app.node.try_get_context("notify") or "",
    tracking=app.node.try_get_context("tracking") or "off",
    tracking_uri=app.node.try_get_context("tracking_uri") or "",
)
folders = platform.model_folders(
    app.node.try_get_context("models"), only=app.node.try_get_context("model")
)
platform.build(app, environment, folders)
app.synth()
