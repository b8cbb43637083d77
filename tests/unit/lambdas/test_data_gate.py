import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import pytest

from contracts import layout
from contracts.errors import ContractError
from contracts.run import Purpose, RunRequest
from contracts.snapshot import Accepted, Snapshot, SnapshotFile
from contracts.validation import DatasetReport, FileReport, ValidationReport, Violation
from lambdas.adapters.documents import Documents, render
from lambdas.adapters.ledger import Ledger
from lambdas.adapters.snapshots import Snapshots
from lambdas.adapters.state import StateTable
from lambdas.data_gate.decision import DataRejected
from lambdas.data_gate.handler import judge_data
from lambdas.data_gate.quarantine import Quarantine
from tests.unit.lambdas.examples import request

RUN = request().run_id
VALIDATION = f"churn/runs/{RUN}/validation/"
QUARANTINE = f"churn/quarantine/{RUN}/"
SCHEMAS = {"labels": "1", "purchases": "2"}


class Site:
    """A data bucket before the gate, and what validation wrote about it."""

    def __init__(
        self,
        s3: Any,
        documents: Documents,
        ledger: Ledger,
        ledger_table: Any,
        state: StateTable,
    ) -> None:
        self._s3, self.documents, self._ledger = s3, documents, ledger
        self._ledger_table = ledger_table
        self.snapshots = Snapshots(documents, state, model="churn")
        self.files: list[SnapshotFile] = []
        self.taken: dict[str, Any] = {}

    def add(self, name: str, content: bytes = b"x") -> SnapshotFile:
        dataset = name.partition("/")[0]
        key = f"churn/incoming/{name}"
        version = self._s3.put_object(Bucket="data", Key=key, Body=content)["VersionId"]
        file = SnapshotFile(
            dataset=dataset,
            key=key,
            version_id=version,
            sha256=sha256(content).hexdigest(),
            size=len(content),
        )
        self.files.append(file)
        return file

    def report(
        self,
        refused: dict[str, list[str]] | None = None,
        aside: dict[str, Sequence[int]] | None = None,
        **changes: Any,
    ) -> Snapshot:
        """Take the snapshot, and report files ``refused`` with reasons and rows set ``aside``."""
        refused, aside = refused or {}, aside or {}
        files = tuple(sorted(self.files, key=lambda file: file.key))
        snapshot = Snapshot(model="churn", bucket="data", files=files, schemas=SCHEMAS)
        staged = changes.get("staged", {})
        self.taken = {**self.snapshots.write(snapshot, staged=staged), "profile": "s3://r/p.json"}
        for key in aside:
            name = layout.set_aside_name(*key.removeprefix("churn/incoming/").split("/", 1))
            self._s3.put_object(Bucket="reports", Key=VALIDATION + name, Body=b"row,rule\n")
        report = ValidationReport(
            run_id=changes.get("run_id", RUN),
            as_of="1997-07-01T00:00:00Z",
            snapshot_digest=changes.get("digest", snapshot.digest),
            stop_on_refused=changes.get("stop", False),
            files=tuple(
                _file(file, refused.get(file.key, []), aside.get(file.key, ()))
                for file in self.files
                if file.key not in changes.get("unjudged", ())
            ),
            datasets=tuple(
                DatasetReport(
                    dataset=name,
                    rows=5,
                    violations=tuple(map(_violation, changes.get("broken", {}).get(name, []))),
                )
                for name in changes.get("datasets", SCHEMAS)
            ),
        )
        self.documents.write("reports", f"{VALIDATION}report.json", render(report.document()))
        return snapshot

    def judge(self, asked: RunRequest | None = None) -> dict[str, Any]:
        return judge_data(
            asked or request(),
            self.taken,
            reports_bucket="reports",
            documents=self.documents,
            snapshots=self.snapshots,
            quarantine=Quarantine(self._s3, self.documents, reports_bucket="reports"),
            ledger=self._ledger,
        )

    def accepted_before(self, answer: dict[str, Any]) -> None:
        """Have another run accept what this one did, some time ago."""
        self.snapshots.accept(
            Accepted(
                digest=answer["digest"],
                uri=answer["uri"],
                profile_uri="s3://reports/before/profile.json",
                run_id="before",
                as_of="1997-07-01T00:00:00Z",
            )
        )

    def keys(self, prefix: str) -> list[str]:
        found = self._s3.list_objects_v2(Bucket="data", Prefix=prefix).get("Contents", [])
        return [item["Key"].removeprefix(prefix) for item in found]

    def lines(self) -> list[dict[str, Any]]:
        return self._ledger_table.scan()["Items"]


def _file(file: SnapshotFile, reasons: list[str], aside: Sequence[int]) -> FileReport:
    said = [*reasons, *(f"row {row} is bad" for row in aside)]
    return FileReport(
        dataset=file.dataset,
        key=file.key,
        sha256=file.sha256,
        rows=5,
        first="1997-01-01",
        last="1997-01-31",
        refused=bool(reasons),
        set_aside=tuple(aside),
        violations=tuple(_violation(text) for text in said),
    )


def _violation(message: str) -> Violation:
    return Violation(rule="range", column="amount", row=3, value="-1", message=message)


@pytest.fixture
def site(
    s3: Any, documents: Documents, ledger: Ledger, ledger_table: Any, state_table: StateTable
) -> Site:
    return Site(s3, documents, ledger, ledger_table, state_table)


def test_accepted_data_stays_where_it_is_and_is_the_last_accepted_snapshot(site: Site) -> None:
    site.add("labels/a.csv")
    site.add("purchases/b.csv")
    taken = site.report()

    answer = site.judge()

    assert site.keys("churn/incoming/") == ["labels/a.csv", "purchases/b.csv"]
    assert site.lines() == []
    assert set(answer) == {*site.taken, "quarantined"}
    assert (answer["files"], answer["quarantined"]) == (2, 0)
    assert answer["profile"] == site.taken["profile"]
    accepted = site.snapshots.read(answer["uri"])
    assert answer["digest"] == accepted.digest != taken.digest
    assert [(file.rows, file.first, file.last) for file in accepted.files] == [
        (5, "1997-01-01", "1997-01-31")
    ] * 2
    last = site.snapshots.last_accepted()
    assert last is not None
    assert (last.digest, last.uri, last.run_id) == (answer["digest"], answer["uri"], RUN)
    assert last.profile_uri == f"s3://reports/{VALIDATION}profile.json"


def test_every_refused_file_is_moved_with_its_reason_and_the_run_goes_on_without(
    site: Site,
) -> None:
    one, two = site.add("labels/sub/a.csv", b"bad"), site.add("purchases/b.csv")
    site.add("purchases/good.csv")
    site.add("labels/good.csv")
    site.report({one.key: ["a.csv: amount, row 3: range"], two.key: ["b.csv: empty", "b.csv: x"]})

    answer = site.judge()

    assert site.keys("churn/incoming/") == ["labels/good.csv", "purchases/good.csv"]
    assert site.keys(QUARANTINE) == [
        "labels/sub/a.csv",
        "labels/sub/a.csv.reason.json",
        "purchases/b.csv",
        "purchases/b.csv.reason.json",
    ]
    assert site.documents.read(f"s3://data/{QUARANTINE}labels/sub/a.csv") == b"bad"
    reason = json.loads(site.documents.read(f"s3://data/{QUARANTINE}labels/sub/a.csv.reason.json"))
    assert reason["run_id"] == RUN
    assert reason["source"] == {
        "key": one.key,
        "version_id": one.version_id,
        "sha256": one.sha256,
    }
    assert reason["violations"][0]["message"] == "a.csv: amount, row 3: range"
    assert answer["quarantined"] == 2
    assert [file.key[15:] for file in site.snapshots.read(answer["uri"]).files] == [
        "labels/good.csv",
        "purchases/good.csv",
    ]
    assert site.documents.read_json(answer["manifests"]["labels"]) == [
        {"prefix": "s3://data/churn/incoming/labels/"},
        "good.csv",
    ]
    [line] = site.lines()
    assert line["kind"] == "data_refused"
    assert line["summary"] == f"{RUN} refused 2 file(s): a.csv: amount, row 3: range (2 more)"


def test_rows_that_are_set_aside_are_kept_with_their_rules_and_nobody_learns_from_them(
    site: Site,
) -> None:
    file = site.add("labels/sub/a.csv")
    site.add("purchases/b.csv")
    site.report(aside={file.key: (2, 4)})

    answer = site.judge()

    assert site.keys("churn/incoming/") == ["labels/sub/a.csv", "purchases/b.csv"]
    assert site.keys(QUARANTINE) == ["labels/sub/a.csv.rows.csv"]
    assert answer["quarantined"] == 1
    labels, purchases = site.snapshots.read(answer["uri"]).files
    assert (labels.set_aside, purchases.set_aside) == ((2, 4), ())
    [line] = site.lines()
    assert line["summary"] == f"{RUN} set aside 2 row(s): row 2 is bad (1 more)"


def test_rows_that_were_set_aside_before_are_not_told_of_again(site: Site) -> None:
    file = site.add("labels/a.csv")
    site.add("purchases/b.csv")
    site.report(aside={file.key: (2,)})
    first = site.judge()
    site.accepted_before(first)
    site.add("purchases/c.csv")
    site.report(aside={file.key: (2,)})

    answer = site.judge()

    assert answer["quarantined"] == 0
    assert site.snapshots.read(answer["uri"]).files[0].set_aside == (2,)
    site.report(aside={file.key: (2, 3)})
    assert site.judge()["quarantined"] == 1


def test_a_card_may_stop_at_the_first_refused_file(site: Site) -> None:
    bad = site.add("labels/a.csv")
    site.add("labels/good.csv")
    site.add("purchases/b.csv")
    site.report({bad.key: ["broken"]}, stop=True)

    with pytest.raises(DataRejected, match=r"^broken$"):
        site.judge()

    assert site.keys("churn/incoming/") == ["labels/good.csv", "purchases/b.csv"]
    assert site.snapshots.last_accepted() is None


def test_a_broken_rule_of_a_dataset_ends_the_run(site: Site) -> None:
    site.add("labels/a.csv")
    site.add("purchases/b.csv")
    site.report(broken={"purchases": ["dataset purchases: too old (rule: max_age_days)"]})

    with pytest.raises(DataRejected, match=r"^dataset purchases: too old \(rule: max_age_days\)$"):
        site.judge()

    assert site.keys("churn/incoming/") == ["labels/a.csv", "purchases/b.csv"]
    assert site.snapshots.last_accepted() is None
    [line] = site.lines()
    assert line["summary"].startswith(f"{RUN} refused the data: dataset purchases: too old")


def test_nothing_is_learned_again_because_of_a_file_that_was_refused(site: Site) -> None:
    site.add("labels/a.csv")
    site.add("purchases/b.csv")
    site.report()
    site.accepted_before(site.judge())
    bad = site.add("purchases/c.csv")
    site.report({bad.key: ["broken"]})

    with pytest.raises(DataRejected, match=r"^broken; nothing else is new$"):
        site.judge()

    assert site.keys("churn/incoming/") == ["labels/a.csv", "purchases/b.csv"]
    site.add("purchases/d.csv")
    site.report({bad.key: ["broken"]})
    assert site.judge()["files"] == 3


def test_judging_again_after_a_crash_ends_the_same(site: Site) -> None:
    bad = site.add("labels/a.csv")
    site.add("labels/good.csv")
    site.add("purchases/b.csv")
    site.report({bad.key: ["broken"]})

    assert site.judge() == site.judge()

    assert site.keys("churn/incoming/") == ["labels/good.csv", "purchases/b.csv"]
    assert len(site.keys(QUARANTINE)) == 2
    assert len(site.lines()) == 1


def test_a_corrected_file_that_came_meanwhile_is_kept(site: Site) -> None:
    bad = site.add("labels/a.csv", b"bad")
    site.add("labels/good.csv")
    site.add("purchases/b.csv")
    site.report({bad.key: ["broken"]})
    site.add("labels/a.csv", b"corrected")

    site.judge()

    assert site.documents.read("s3://data/churn/incoming/labels/a.csv") == b"corrected"
    assert site.documents.read(f"s3://data/{QUARANTINE}labels/a.csv") == b"bad"


def test_a_backfill_moves_nothing_and_is_nobody_s_last_accepted_snapshot(site: Site) -> None:
    bad = site.add("labels/a.csv", b"bad")
    site.add("labels/good.csv")
    site.add("purchases/b.csv")
    staged = {"labels": "_passing/churn/staged/d/labels/"}
    site.report({bad.key: ["broken"]}, staged=staged)
    past = request(purpose=Purpose.BACKFILL)

    answer = site.judge(past)

    assert site.documents.read("s3://data/churn/incoming/labels/a.csv") == b"bad"
    assert site.snapshots.last_accepted() is None
    assert site.documents.read_json(answer["manifests"]["labels"]) == [
        {"prefix": "s3://data/_passing/churn/staged/d/labels/"},
        "good.csv",
    ]
    assert answer["manifests"]["labels"].startswith("s3://data/_passing/churn/staged/")
    site.accepted_before(answer)
    assert site.judge(past) == answer


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"run_id": "other"}, "validation report must be of run"),
        ({"digest": "other"}, "validation report must be of snapshot"),
        (
            {"unjudged": ("churn/incoming/labels/a.csv",)},
            "validation report does not judge churn/incoming/labels/a.csv",
        ),
        ({"datasets": ["labels"]}, "validation report must judge the datasets"),
    ],
)
def test_a_report_about_something_else_lets_nothing_through(
    site: Site, changes: dict[str, Any], message: str
) -> None:
    site.add("labels/a.csv")
    site.add("purchases/b.csv")
    site.report(**changes)

    with pytest.raises(ContractError, match=message):
        site.judge()
    assert site.snapshots.last_accepted() is None
