"""Athena as far as it is real here: SELECT over S3 by DuckDB, tables of the Glue Data Catalog.

MiniStack stores results beside the place it reports, makes results up where DuckDB is missing,
and lets statements that write into nothing succeed.
https://docs.aws.amazon.com/athena/latest/ug/querying-finding-output-files.html
"""

import asyncio
import importlib
import json
from typing import Any

from emulator.ministack.seams import Seam
from emulator.ports import Account

SEAMS = (
    Seam(path="ministack.app:SERVICE_HANDLERS.athena", key=True),
    Seam(path="ministack.app:SERVICE_HANDLERS.glue", key=True),
    Seam(path="ministack.services.athena:ATHENA_ENGINE"),
    Seam(path="ministack.services.athena:_execute_query", calls=("_save_query_results",)),
    Seam(path="ministack.services.athena:_executions"),
    Seam(path="ministack.services.athena:_parse_ddl", parameters=("query",)),
    Seam(path="ministack.services.athena:_save_query_results", parameters=("query_id",)),
    Seam(path="ministack.services.athena:_sql_tokens", parameters=("sql",)),
    Seam(path="ministack.services.athena:_start_query_execution", parameters=("data",)),
    Seam(path="ministack.services.athena:_workgroups"),
)

CATALOG = frozenset(
    f"{verb}{noun}"
    for noun in ("Database", "Table", "Partition")
    for verb in ("Create", "Get", "Update", "Delete")
) | {"GetDatabases", "GetTables", "GetPartitions", "BatchCreatePartition"}
"""What of Glue is open: its Data Catalog runs no code, its jobs would."""
_SELECTS = ("select", "with", "values")

_app: Any = importlib.import_module("ministack.app")
Answer = tuple[int, dict[str, str], bytes]


def install(account: Account) -> None:
    """Put Athena right, and open of Glue the catalog only."""
    query, glue = _app.SERVICE_HANDLERS["athena"], _app.SERVICE_HANDLERS["glue"]
    ready = asyncio.Lock()
    patched: list[bool] = []

    async def athena(*request: Any) -> Answer:
        async with ready:
            if not patched:
                # DuckDB takes a tenth of a second to import: only where somebody asks.
                await asyncio.to_thread(_patch, account)
                patched.append(True)
        return await query(*request)

    async def catalog(method: str, path: str, headers: Any, body: bytes, params: Any) -> Answer:
        action = headers.get("x-amz-target", "").rpartition(".")[2]
        if action not in CATALOG:
            return _refused(f"glue:{action}")
        return await glue(method, path, headers, body, params)

    _app.SERVICE_HANDLERS |= {"athena": athena, "glue": catalog}


def _refused(what: str) -> Answer:
    message = f"the embedded account does not emulate {what}"
    body = json.dumps({"__type": "NotImplemented", "message": message}).encode()
    headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-errortype": "NotImplemented"}
    return 501, headers, body


def _patch(account: Account) -> None:
    engine: Any = importlib.import_module("ministack.services.athena")
    start = engine._start_query_execution

    def started(data: dict[str, Any]) -> Answer:
        statement = data.get("QueryString", "")
        word = next((text.lower() for _, text, *_ in engine._sql_tokens(statement)), "")
        if word not in _SELECTS and engine._parse_ddl(statement) is None:
            return _refused(f"athena:{word.upper()} statements")
        location = _location(engine, data)
        if location:
            asked = {**data.get("ResultConfiguration", {}), "OutputLocation": location}
            data = {**data, "ResultConfiguration": asked}
        return start(data)

    async def save(query_id: str) -> None:
        execution = engine._executions[query_id]
        # Not before the result is there: a client reads it as soon as it sees SUCCEEDED.
        execution["Status"]["State"] = "RUNNING"
        uri: str = execution["ResultConfiguration"]["OutputLocation"]
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        content = as_csv(execution["_results"]["columns"], execution["_results"]["rows"])
        await asyncio.to_thread(
            account.client("s3").put_object, Bucket=bucket, Key=key, Body=content.encode()
        )
        execution["Status"]["State"] = "SUCCEEDED"

    engine.ATHENA_ENGINE = "duckdb"
    engine._start_query_execution = started
    engine._save_query_results = save


def _location(engine: Any, data: dict[str, Any]) -> str | None:
    """Return the folder of the results with the slash that MiniStack takes for granted."""
    group = engine._workgroups.get(data.get("WorkGroup", "primary"), {}).get("Configuration", {})
    for configuration in (data.get("ResultConfiguration"), group.get("ResultConfiguration")):
        location = (configuration or {}).get("OutputLocation")
        if location:
            return f"{location.rstrip('/')}/"
    return None


def as_csv(columns: list[str], rows: list[list[Any]]) -> str:
    """Write results as Athena does: every value quoted, a NULL as nothing at all."""
    lines = [columns, *rows]
    return "".join(",".join(_quoted(value) for value in line) + "\n" for line in lines)


def _quoted(value: Any) -> str:
    if value is None:
        return ""
    text = ("true" if value else "false") if isinstance(value, bool) else str(value)
    return '"' + text.replace('"', '""') + '"'
