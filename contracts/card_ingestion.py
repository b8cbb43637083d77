"""Where a model's data come from each day, as its card declares it."""

import re
from dataclasses import dataclass
from enum import StrEnum

from contracts.errors import ContractError
from contracts.reading import Table

DAY = "{day}"
"""Stands for the day (``2012-03-01``) in a prefix or a query."""
_LOCATION = re.compile(r"s3://[a-z0-9][a-z0-9.-]{2,62}/[^*?\s]*", re.ASCII)


class SourceKind(StrEnum):
    PREFIX = "prefix"
    """Files below an S3 prefix of the data bucket."""
    QUERY = "query"
    """Rows that Athena answers a SQL query with."""
    CODE = "code"
    """Rows that ``source.py`` of the model's folder returns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One dataset's source; exactly the field of its kind is set."""

    dataset: str
    kind: SourceKind
    prefix: str | None
    """Below ``<model>/raw/``, with ``{day}`` in it."""
    query: str | None
    """With ``{day}`` in it."""
    database: str | None
    """Of the query."""
    reads: tuple[str, ...]
    """``s3://bucket/prefix`` below which the tables of the query have their files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingestion:
    schedule: str
    catch_up_days: int
    """How many days back a missed day is still fetched."""
    sources: tuple[Source, ...]


def read_ingestion(table: Table, datasets: tuple[str, ...]) -> Ingestion:
    table.only("schedule", "catch_up_days", "sources")
    return Ingestion(
        schedule=table.text("schedule", "rate(1 day)"),
        catch_up_days=table.integer("catch_up_days", 7, least=1, most=366),
        sources=tuple(_source(row, datasets) for row in table.tables("sources")),
    )


def _source(row: Table, datasets: tuple[str, ...]) -> Source:
    row.only("dataset", "kind", "prefix", "query", "database", "reads")
    dataset, kind = row.text("dataset"), row.choice("kind", SourceKind)
    if dataset not in datasets:
        raise ContractError(
            f"{row.where}.dataset must be one of {', '.join(datasets)}, got {dataset!r}"
        )
    prefix, query = row.optional_text("prefix"), row.optional_text("query")
    wanted = {SourceKind.PREFIX: prefix, SourceKind.QUERY: query, SourceKind.CODE: DAY}[kind]
    if wanted is None or DAY not in wanted:
        raise ContractError(f"{row.where}.{kind.value} must be a text with {DAY}, got {wanted!r}")
    reads = row.texts("reads", default=())
    wrong = [uri for uri in reads if not _LOCATION.fullmatch(uri)]
    if wrong or bool(reads) != (kind is SourceKind.QUERY):
        raise ContractError(
            f"{row.where}.reads must be texts s3://bucket/prefix/ for a query, and is for no "
            f"other kind, got {list(reads)}"
        )
    return Source(
        dataset=dataset,
        kind=kind,
        prefix=prefix if kind is SourceKind.PREFIX else None,
        query=query if kind is SourceKind.QUERY else None,
        database=row.text("database", "default") if kind is SourceKind.QUERY else None,
        reads=reads,
    )
