"""Rows from a SQL query: Athena runs it, and leaves the answer in S3 as CSV.

https://docs.aws.amazon.com/athena/latest/ug/querying-finding-output-files.html
"""

from collections.abc import Callable
from typing import Any

from contracts.layout import split_s3_uri
from ml.refusal import Refusal

PAUSE_SECONDS = 2
ASKED = 900
"""Half an hour: Athena's own limit for a query."""


class Athena:
    def __init__(
        self, athena: Any, s3: Any, *, pause: Callable[[float], object], asked: int = ASKED
    ) -> None:
        self._athena = athena
        self._s3 = s3
        self._pause = pause
        self._asked = asked

    def rows(self, query: str, *, database: str, results: str) -> bytes:
        """Return the answer as CSV with a header."""
        started = self._athena.start_query_execution(
            QueryString=query,
            QueryExecutionContext={"Database": database},
            ResultConfiguration={"OutputLocation": results},
        )["QueryExecutionId"]
        bucket, key = split_s3_uri(self._ended(started, query))
        return self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    def _ended(self, execution: str, query: str) -> str:
        for _ in range(self._asked):
            told = self._athena.get_query_execution(QueryExecutionId=execution)["QueryExecution"]
            state = told["Status"]["State"]
            if state == "SUCCEEDED":
                return told["ResultConfiguration"]["OutputLocation"]
            if state in ("FAILED", "CANCELLED"):
                reason = told["Status"].get("StateChangeReason", "no reason given")
                raise Refusal(f"Athena's query {execution} {state.lower()}: {reason} ({query})")
            self._pause(PAUSE_SECONDS)
        self._athena.stop_query_execution(QueryExecutionId=execution)
        raise Refusal(
            f"Athena's query {execution} is not answered after "
            f"{self._asked * PAUSE_SECONDS} s ({query})"
        )
