from hashlib import sha256
from typing import Any

import pytest

from contracts import moment
from contracts.errors import ContractError
from contracts.ledger import LedgerEntry, LedgerKind
from contracts.run import Champion
from lambdas.adapters.champion import ChampionPointer
from lambdas.adapters.documents import DocumentMissing, Documents, render
from lambdas.adapters.ledger import Ledger
from lambdas.adapters.state import StateTable
from tests.unit.lambdas.examples import CHAMPION


def test_a_document_is_written_once(documents: Documents) -> None:
    assert documents.write_once("reports", "a.json", b"1") == b"1"
    assert documents.write_once("reports", "a.json", b"2") == b"1"
    assert documents.read("s3://reports/a.json") == b"1"


def test_a_missing_document_is_named(documents: Documents) -> None:
    with pytest.raises(DocumentMissing, match=r"^there is no object s3://reports/none.json$"):
        documents.read_json("s3://reports/none.json")


def test_a_broken_document_is_named(documents: Documents) -> None:
    documents.write("reports", "broken.json", b"{")

    with pytest.raises(ContractError, match=r"^s3://reports/broken.json is not JSON: "):
        documents.read_json("s3://reports/broken.json")


def test_a_hash_names_size_and_version_too(documents: Documents, s3: Any) -> None:
    content = b"x" * (3 << 20)
    version = s3.put_object(Bucket="data", Key="k", Body=content)["VersionId"]

    hashed = documents.hash("data", "k")

    assert hashed.sha256 == sha256(content).hexdigest()
    assert (hashed.size, hashed.version_id) == (len(content), version)


def test_no_document_holds_a_number_that_json_lacks() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        render({"auc": float("nan")})


def test_the_champion_pointer_comes_back_as_it_was_set(state_table: StateTable) -> None:
    pointer = ChampionPointer(state_table, "churn")
    assert pointer.read() is None

    pointer.move(CHAMPION, token=1)

    found: Champion | None = pointer.read()
    assert found == CHAMPION


def test_a_ledger_line_is_appended_once_and_never_changed(
    ledger: Ledger, ledger_table: Any
) -> None:
    line = LedgerEntry(
        model="churn",
        at=moment.parse("1997-07-01T00:00:00Z"),
        kind=LedgerKind.RUN_STARTED,
        subject="run",
        summary="first",
        details={},
    )

    assert ledger.append(line)
    assert not ledger.append(line)

    [found] = ledger_table.scan()["Items"]
    assert found["entry"] == "1997-07-01T00:00:00Z#run_started#run"
