"""The import rules of this repository, and a few more that no tool checks, as tests."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

ML = {"numpy", "pandas", "sklearn", "scipy", "onnxruntime", "pandera"}
OWN = {
    "contracts",
    "demo",
    "drift",
    "emulator",
    "infra",
    "lambdas",
    "ml",
    "perennial",
    "quality",
    "reports",
}

FORBIDDEN = {
    "contracts": {"aws_cdk", "boto3", "botocore", *ML, *OWN - {"contracts"}},
    "drift": {"aws_cdk", "boto3", "botocore", *OWN - {"contracts", "drift"}},
    "quality": {"aws_cdk", "boto3", "botocore", *ML - {"numpy"}, *OWN - {"contracts", "quality"}},
    "infra": {"boto3", "botocore", *ML, *OWN - {"contracts", "infra"}},
    "lambdas": {"aws_cdk", *ML, *OWN - {"contracts", "drift", "lambdas", "quality"}},
    "ml": {"aws_cdk", *OWN - {"contracts", "drift", "ml"}},
    "perennial": {"aws_cdk", *ML, "emulator", "infra", "lambdas", "ml"},
    "emulator": {"aws_cdk", *ML, *OWN - {"emulator"}},
    "reports": {"aws_cdk", "boto3", "emulator", "infra", "lambdas", "ml"},
    "demo": {"aws_cdk", "infra", "lambdas"},
}


def sources(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize(("room", "forbidden"), FORBIDDEN.items(), ids=FORBIDDEN)
def test_no_room_imports_what_it_must_not(room: str, forbidden: set[str]) -> None:
    offences = {
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources(room)
        for name in imports(path)
        if name.partition(".")[0] in forbidden
    }
    assert offences == set()


def test_the_contracts_need_nothing_but_the_standard_library() -> None:
    allowed = {*sys.stdlib_module_names, "contracts"}
    offences = {
        f"{path.name} imports {name}"
        for path in sources("contracts")
        for name in imports(path)
        if name.partition(".")[0] not in allowed
    }
    assert offences == set()


def test_no_handler_imports_another_handlers_package() -> None:
    offences = set()
    for path in sources("lambdas"):
        package = path.relative_to(ROOT / "lambdas").parts[0]
        for name in imports(path):
            parts = name.split(".")
            if parts[0] == "lambdas" and len(parts) > 1 and parts[1] not in (package, "adapters"):
                offences.add(f"{path.relative_to(ROOT)} imports {name}")
    assert offences == set()


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("lambdas/*/decision.py")), ids=lambda path: path.parent.name
)
def test_decisions_are_pure(path: Path) -> None:
    impure = {"boto3", "botocore", "os", "time", "random", "lambdas.adapters"}
    assert {name for name in imports(path) if name.startswith(tuple(impure))} == set()


@pytest.mark.parametrize("room", ["infra", "lambdas", "ml", "drift", "quality", "contracts"])
def test_nothing_that_is_deployed_asks_whether_it_runs_on_this_machine(room: str) -> None:
    """The one difference between the embedded account and AWS is the SDK's endpoint."""
    asking = re.compile(
        r"AWS_ENDPOINT_URL|localhost|127\.0\.0\.1|is_local|ministack", re.IGNORECASE
    )
    offences = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sources(room)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if asking.search(line)
    ]
    assert offences == []


@pytest.mark.parametrize("room", ["infra", "lambdas", "ml", "drift", "quality", "contracts"])
def test_nothing_that_is_deployed_reads_the_wall_clock(room: str) -> None:
    """Time comes from ``as_of``, or from what AWS says happened."""
    offences = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sources(room)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and (node.func.value.id, node.func.attr)
        in {("datetime", "now"), ("datetime", "utcnow"), ("date", "today"), ("time", "time")}
    ]
    assert offences == []


def test_every_module_opens_with_a_sentence() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for room in FORBIDDEN
        for path in sources(room)
        if path.read_text(encoding="utf-8").strip()
        and not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []


def test_every_action_of_the_workflows_is_pinned_to_a_commit() -> None:
    used = [
        line.partition("uses:")[2].strip()
        for path in sorted((ROOT / ".github" / "workflows").glob("*.yml"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if "uses:" in line
    ]
    assert used
    assert [each for each in used if not re.match(r"[\w./-]+@[0-9a-f]{40} # v", each)] == []
