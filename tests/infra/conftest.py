"""Templates of one environment, synthesized once for all tests, without the policy checks."""

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Before aws_cdk is imported: jsii starts its Node process then.
os.environ.setdefault("JSII_NODE", str(ROOT / ".perennial" / "cdk" / "node"))
os.environ.setdefault("JSII_RUNTIME_PACKAGE_CACHE_ROOT", str(ROOT / ".perennial" / "cdk" / "jsii"))
os.environ.setdefault("CDK_VALIDATION", "false")

import pytest  # noqa: E402

from tests.infra.support import Templates, synthesize  # noqa: E402


@pytest.fixture(scope="session")
def dev() -> Templates:
    return synthesize("dev")


@pytest.fixture(scope="session")
def prod() -> Templates:
    return synthesize("prod", notify="oncall@example.org")
