import sys
from pathlib import Path

import pytest

from infra import bundles


@pytest.fixture(autouse=True)
def _own_staging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundles, "STAGING", tmp_path / "bundles")


def names(package: str) -> set[str]:
    return {str(path.relative_to(bundles.ROOT)) for path in bundles.sources(package)}


def packages() -> list[str]:
    return sorted(
        path.name
        for path in (bundles.ROOT / "lambdas").iterdir()
        if (path / "__init__.py").is_file() and path.name != "adapters"
    )


@pytest.mark.parametrize("package", packages())
def test_a_bundle_holds_no_other_handler(package: str) -> None:
    allowed = (f"lambdas/{package}/", "lambdas/adapters/", "contracts/", "drift/", "quality/")
    strange = {
        name
        for name in names(package)
        if name != "lambdas/__init__.py" and not name.startswith(allowed)
    }
    assert strange == set()


def test_only_who_judges_distributions_carries_the_mathematics_of_drift() -> None:
    carrying = {
        package
        for package in packages()
        if any(name.startswith("drift/") for name in names(package))
    }
    assert carrying <= {"drift_check", "promotion"}


ROOMS = {"contracts", "drift", "lambdas", "quality"}


def imported_by(package: str) -> set[str]:
    return {
        name.partition(".")[0]
        for path in bundles.sources(package)
        for name in bundles.imports(path)
    }


@pytest.mark.parametrize("package", packages())
def test_a_bundle_needs_nothing_but_the_standard_library_numpy_and_boto3(package: str) -> None:
    allowed = {*sys.stdlib_module_names, "boto3", "botocore", "numpy", *ROOMS}
    assert imported_by(package) <= allowed


NOT_YET = pytest.mark.xfail(reason="infra/bundles.py does not ship quality/ yet", strict=True)


@pytest.mark.parametrize(
    "package",
    [pytest.param(name, marks=NOT_YET if name == "quality_check" else ()) for name in packages()],
)
def test_a_bundle_holds_every_room_that_it_imports(package: str) -> None:
    held = {name.partition("/")[0] for name in names(package)}
    assert imported_by(package) & ROOMS <= held


def test_the_model_card_lies_at_the_root_of_the_bundle() -> None:
    card = bundles.ROOT / "ml" / "workloads" / "churn" / "card.toml"
    staged = bundles.stage("gate", entry="handler", card=card)
    assert (staged / "card.toml").read_bytes() == card.read_bytes()


def test_a_bundle_holds_its_package_and_what_that_imports_and_nothing_else() -> None:
    staged = bundles.stage("gate", entry="handler", card=None)
    held = {str(path.relative_to(staged)) for path in staged.rglob("*") if path.is_file()}
    assert held == names("gate")


def test_another_card_is_another_bundle(tmp_path: Path) -> None:
    card = tmp_path / "card.toml"
    card.write_text("[model]\n")
    first = bundles.stage("gate", entry="handler", card=card)
    card.write_text("[model]\nname = 'other'\n")
    assert bundles.stage("gate", entry="handler", card=card) != first


def test_a_handler_that_does_not_exist_is_named() -> None:
    with pytest.raises(bundles.BundleError, match=r"handler gate\.nothing must be a file"):
        bundles.stage("gate", entry="nothing", card=None)


def test_staging_twice_changes_nothing() -> None:
    first = bundles.stage("gate", entry="handler", card=None)
    before = {path: path.stat().st_mtime_ns for path in first.rglob("*")}
    assert bundles.stage("gate", entry="handler", card=None) == first
    assert {path: path.stat().st_mtime_ns for path in first.rglob("*")} == before
