"""How answers look in a terminal; with ``--json`` they are one JSON document instead."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from contracts import moment
from contracts.ledger import LedgerEntry
from perennial.executions import Execution


def as_json(document: Any) -> None:
    print(json.dumps(document, default=_plain, indent=1, allow_nan=False))


def _plain(value: object) -> str:
    return moment.render(value) if isinstance(value, datetime) else str(value)


def facts(pairs: Iterable[tuple[str, str]]) -> None:
    from rich.table import Table

    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in pairs:
        grid.add_row(name, value)
    _print(grid)


def rows(
    title: str,
    headings: Sequence[str],
    content: Iterable[Sequence[str]],
    *,
    unbroken: Sequence[str] = (),
) -> None:
    from rich import box
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for heading in headings:
        table.add_column(heading, overflow="fold", no_wrap=heading in unbroken)
    for row in content:
        table.add_row(*row)
    _print(table)


def ledger(entries: Iterable[LedgerEntry], *, order: str = "newest first") -> None:
    rows(
        f"ledger, {order}",
        ("at", "kind", "subject", "summary"),
        ((moment.render(e.at), e.kind.value, e.subject, e.summary) for e in entries),
    )


def progress(line: str) -> None:
    """Beside the answer, so that ``--json`` stays one document."""
    print(line, file=sys.stderr, flush=True)


def execution_line(execution: Execution | None) -> str:
    if execution is None:
        return "none yet"
    why = f"  {execution.error}: {execution.cause}" if execution.error else ""
    return f"{execution.name} {execution.status}, since {moment.render(execution.started)}{why}"


def _print(renderable: object) -> None:
    from rich.console import Console

    Console(soft_wrap=False).print(renderable)
