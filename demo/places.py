"""Where the demo finds the project and keeps what it makes."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
HOME = PROJECT / ".perennial"
WORKLOADS = PROJECT / "ml" / "workloads"

DATA = HOME / "data"
"""Fetched and split once; kept between demos."""
DEMO = HOME / "demo"
"""Of the last demo: account, logs, report."""
ACCOUNT = DEMO / "account"
REPORT = DEMO / "report.html"
TIMINGS = DEMO / "timings.json"

DEV_PYTHON = PROJECT / ".venv" / "bin" / "python"
ML_BIN = HOME / "env" / "ml" / "bin"
TORCH_BIN = HOME / "env" / "torch" / "bin"
PIP_PYTHON = HOME / "uv" / "bin" / "python"
CDK = HOME / "cdk" / "node_modules" / ".bin" / "cdk"
NODE = HOME / "cdk" / "node"
