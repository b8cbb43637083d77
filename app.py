"""Synthesize one environment: ``cdk synth -c env=dev``.

``-c models=<folder>`` names another folder of models than ``ml/workloads``: keep your models in a
repository of their own, and this one as it is.
"""

from aws_cdk import App

from infra import platform, settings

app = App()
environment = settings.load(
    app.node.try_get_context("env") or "dev", notify=app.node.try_get_context("notify") or ""
)
platform.build(app, environment, platform.model_folders(app.node.try_get_context("models")))
app.synth()
