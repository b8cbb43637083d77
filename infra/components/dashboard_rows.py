"""A dashboard that is filled row by row."""

from collections.abc import Sequence

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra.jsii_types import implementing

_WIDTH = 24
"""Columns of a dashboard: the CloudFormation type's grid."""

Graph = tuple[str, Sequence[cloudwatch.IMetric]]


class Rows(Construct):
    def __init__(self, scope: Construct, construct_id: str, *, name: str) -> None:
        super().__init__(scope, construct_id)
        self._dashboard = cloudwatch.Dashboard(self, "Resource", dashboard_name=name)

    def alarms(self, title: str, alarms: Sequence[cloudwatch.AlarmBase]) -> None:
        widget = cloudwatch.AlarmStatusWidget(
            title=title, alarms=[implementing(alarm) for alarm in alarms], width=_WIDTH, height=3
        )
        self._dashboard.add_widgets(implementing(widget))

    def graphs(self, *graphs: Graph) -> None:
        """Add graphs side by side."""
        self._dashboard.add_widgets(
            *(
                implementing(
                    cloudwatch.GraphWidget(
                        title=title,
                        left=[implementing(metric) for metric in metrics],
                        width=_WIDTH // len(graphs),
                    )
                )
                for title, metrics in graphs
            )
        )
