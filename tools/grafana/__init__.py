"""Dashboards of Grafana for the metrics that the platform publishes to CloudWatch."""
