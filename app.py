"""Synthesize one environment: ``cdk synth -c env=dev``."""

from aws_cdk import App

from infra import platform, settings

app = App()
environment = settings.load(
    app.node.try_get_context("env") or "dev", notify=app.node.try_get_context("notify") or ""
)
platform.build(app, environment, platform.model_folders())
app.synth()
