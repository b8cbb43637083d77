import json
from typing import Any

import pytest

from contracts.errors import ContractError
from contracts.snapshot import Snapshot, SnapshotFile
from contracts.validation import FileReport, ValidationReport, Violation
from lambdas.adapters.documents import Documents, render
from lambdas.adapters.ledger import Ledger
from lambdas.data_gate.decision import DataRejected
from lambdas.data_gate.handler import judge_data
from lambdas.data_gate.quarantine import Quarantine
from tests.unit.lambdas.examples import request

URI = "s3://data/churn/snapshots/d/snapshot.json"
REPORT = f"churn/runs/{request().run_id}/validation/report.json"


class Site:
    def __init__(self, s3: Any, documents: Documents, ledger: Ledger, ledger_table: Any) -> None:
        self._s3, self.documents, self._ledger = s3, documents, ledger
        self._ledger_table = ledger_table
        self.files: list[SnapshotFile] = []

    def add(self, name: str, content: bytes = b"x") -> SnapshotFile:
        dataset = name.partition("/")[0]
        key = f"churn/incoming/{name}"
        version = self._s3.put_object(Bucket="data", Key=key, Body=content)["VersionId"]
        file = SnapshotFile(
            dataset=dataset, key=key, version_id=version, sha256=f"sha-{name}", size=1
        )
        self.files.append(file)
        return file

    def report(self, broken: dict[str, list[str]], **changes: Any) -> None:
        snapshot = Snapshot(model="churn", bucket="data", files=tuple(self.files), schemas={})
        self.documents.write("data", "churn/snapshots/d/snapshot.json", render(snapshot.document()))
        report = ValidationReport(
            run_id=changes.get("run_id", request().run_id),
            as_of="1997-07-01T00:00:00Z",
            snapshot_digest=changes.get("digest", snapshot.digest),
            files=tuple(
                FileReport(
                    dataset=file.dataset,
                    key=file.key,
                    sha256=file.sha256,
                    rows=1,
                    violations=tuple(_violation(text) for text in broken.get(file.key, [])),
                )
                for file in self.files
                if file.key not in changes.get("unjudged", ())
            ),
        )
        self.documents.write("reports", REPORT, render(report.document()))

    def judge(self) -> dict[str, str]:
        return judge_data(
            request(),
            snapshot_uri=URI,
            reports_bucket="reports",
            documents=self.documents,
            quarantine=Quarantine(self._s3, self.documents),
            ledger=self._ledger,
        )

    def keys(self, prefix: str) -> list[str]:
        found = self._s3.list_objects_v2(Bucket="data", Prefix=prefix).get("Contents", [])
        return [item["Key"].removeprefix(prefix) for item in found]

    def lines(self) -> list[dict[str, Any]]:
        return self._ledger_table.scan()["Items"]


def _violation(message: str) -> Violation:
    return Violation(rule="range", column="amount", row=3, value="-1", message=message)


@pytest.fixture
def site(s3: Any, documents: Documents, ledger: Ledger, ledger_table: Any) -> Site:
    return Site(s3, documents, ledger, ledger_table)


QUARANTINE = f"churn/quarantine/{request().run_id}/"


def test_accepted_data_stays_where_it_is(site: Site) -> None:
    site.add("labels/a.csv")
    site.report({})

    assert site.judge() == {"verdict": "accepted"}
    assert site.keys("churn/incoming/") == ["labels/a.csv"]
    assert site.lines() == []


def test_every_refused_file_is_moved_with_its_reason_and_the_others_stay(site: Site) -> None:
    one, two = site.add("labels/sub/a.csv", b"bad"), site.add("purchases/b.csv")
    site.add("purchases/good.csv")
    site.report({one.key: ["a.csv: amount, row 3: range"], two.key: ["b.csv: empty", "b.csv: x"]})

    with pytest.raises(DataRejected) as end:
        site.judge()

    assert str(end.value) == "a.csv: amount, row 3: range (2 more)"
    assert site.keys("churn/incoming/") == ["purchases/good.csv"]
    assert site.keys(QUARANTINE) == [
        "labels/sub/a.csv",
        "labels/sub/a.csv.reason.json",
        "purchases/b.csv",
        "purchases/b.csv.reason.json",
    ]
    assert site.documents.read(f"s3://data/{QUARANTINE}labels/sub/a.csv") == b"bad"
    reason = json.loads(site.documents.read(f"s3://data/{QUARANTINE}labels/sub/a.csv.reason.json"))
    assert reason["source"]["version_id"] == one.version_id
    assert reason["violations"][0]["message"] == "a.csv: amount, row 3: range"
    [line] = site.lines()
    assert line["kind"] == "data_refused"


def test_refusing_again_after_a_crash_ends_the_same(site: Site) -> None:
    bad = site.add("labels/a.csv")
    site.report({bad.key: ["broken"]})
    for _ in range(2):
        with pytest.raises(DataRejected, match=r"^broken$"):
            site.judge()

    assert site.keys("churn/incoming/") == []
    assert len(site.keys(QUARANTINE)) == 2
    assert len(site.lines()) == 1


def test_a_corrected_file_that_came_meanwhile_is_kept(site: Site) -> None:
    bad = site.add("labels/a.csv", b"bad")
    site.report({bad.key: ["broken"]})
    site.add("labels/a.csv", b"corrected")

    with pytest.raises(DataRejected):
        site.judge()

    assert site.documents.read("s3://data/churn/incoming/labels/a.csv") == b"corrected"
    assert site.documents.read(f"s3://data/{QUARANTINE}labels/a.csv") == b"bad"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"run_id": "other"}, "validation report must be of run"),
        ({"digest": "other"}, "validation report must be of snapshot"),
        (
            {"unjudged": ("churn/incoming/labels/a.csv",)},
            "validation report does not judge churn/incoming/labels/a.csv",
        ),
    ],
)
def test_a_report_about_something_else_lets_nothing_through(
    site: Site, changes: dict[str, Any], message: str
) -> None:
    site.add("labels/a.csv")
    site.report({}, **changes)

    with pytest.raises(ContractError, match=message):
        site.judge()
