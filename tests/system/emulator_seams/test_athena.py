"""SQL over CSV files in S3, asked for by a job's own process."""

import sys
import textwrap
import threading
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.client import RunningAccount
from tests.system.emulator_seams.conftest import ROLE

pytestmark = pytest.mark.system

_TABLE = """
CREATE EXTERNAL TABLE shop.purchases (customer string, bought date, amount double, gift boolean)
ROW FORMAT DELIMITED FIELDS TERMINATED BY ','
LOCATION 's3://lake/purchases/'
TBLPROPERTIES ('skip.header.line.count' = '1')
"""
_QUERY = """
SELECT customer, sum(amount) AS spent, max(bought) AS last, bool_or(gift) AS gift
FROM shop.purchases WHERE bought < DATE '1998-01-01' GROUP BY customer ORDER BY customer
"""


@pytest.fixture(scope="module")
def lake(account: RunningAccount) -> None:
    s3 = account.client("s3")
    s3.create_bucket(Bucket="lake")
    header = "customer,bought,amount,gift\n"
    first = header + "ann,1997-01-01,11.5,true\nbob,1997-02-03,,false\n"
    s3.put_object(Bucket="lake", Key="purchases/1.csv", Body=first.encode())
    second = header + "ann,1997-03-01,1,false\nann,1998-05-01,100,true\n"
    s3.put_object(Bucket="lake", Key="purchases/2.csv", Body=second.encode())
    account.client("glue").create_database(DatabaseInput={"Name": "shop"})


def asked(account: RunningAccount, query: str, *, to: str = "s3://lake/results") -> dict[str, Any]:
    athena = account.client("athena")
    started = athena.start_query_execution(
        QueryString=query, ResultConfiguration={"OutputLocation": to}
    )["QueryExecutionId"]
    while True:
        told = athena.get_query_execution(QueryExecutionId=started)["QueryExecution"]
        if told["Status"]["State"] not in ("QUEUED", "RUNNING"):
            return told
        threading.Event().wait(0.02)


@pytest.fixture(scope="module")
def table(account: RunningAccount, lake: None) -> None:
    made = asked(account, _TABLE)
    assert made["Status"]["State"] == "SUCCEEDED", made["Status"]


def test_a_job_s_query_is_answered_with_real_rows(
    account: RunningAccount, table: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("sources")
    (root / "prog").mkdir()
    (root / "prog" / "main.py").write_text(
        textwrap.dedent(
            """
            import os, sys, time, boto3
            athena, s3 = boto3.client("athena"), boto3.client("s3")
            started = athena.start_query_execution(
                QueryString=os.environ["QUERY"],
                ResultConfiguration={"OutputLocation": "s3://lake/results/"},
            )["QueryExecutionId"]
            while True:
                told = athena.get_query_execution(QueryExecutionId=started)["QueryExecution"]
                if told["Status"]["State"] not in ("QUEUED", "RUNNING"):
                    break
                time.sleep(0.05)
            uri = told["ResultConfiguration"]["OutputLocation"]
            bucket, key = uri.removeprefix("s3://").split("/", 1)
            body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
            out = os.path.join(os.environ["SAGEMAKER_BASE_DIR"], "processing/output/rows.csv")
            open(out, "wb").write(body)
            """
        )
    )
    account.client("ecr").create_repository(repositoryName="queries")
    image = account.register_image(
        "queries",
        "v1",
        root=root,
        sources=["prog"],
        entrypoint=[sys.executable, "-m", "prog.main"],
    )
    sagemaker = account.client("sagemaker")
    output = {"S3Uri": "s3://lake/rows", "LocalPath": "/opt/ml/processing/output"}
    sagemaker.create_processing_job(
        ProcessingJobName="query",
        RoleArn=ROLE,
        AppSpecification={"ImageUri": image["uri"]},
        Environment={"QUERY": _QUERY},
        ProcessingOutputConfig={
            "Outputs": [{"OutputName": "rows", "S3Output": {**output, "S3UploadMode": "EndOfJob"}}]
        },
        ProcessingResources={
            "ClusterConfig": {
                "InstanceCount": 1,
                "InstanceType": "ml.m5.large",
                "VolumeSizeInGB": 1,
            }
        },
    )
    while True:
        told = sagemaker.describe_processing_job(ProcessingJobName="query")
        if told["ProcessingJobStatus"] in ("Completed", "Failed"):
            break
        threading.Event().wait(0.05)
    assert told["ProcessingJobStatus"] == "Completed", told
    rows = account.client("s3").get_object(Bucket="lake", Key="rows/rows.csv")["Body"].read()
    assert rows.decode() == (
        '"customer","spent","last","gift"\n'
        '"ann","12.5","1997-03-01","true"\n'
        '"bob",,"1997-02-03","false"\n'
    )
    assert {"athena"} <= {call.service for call in account.calls("query")}


def test_rows_come_from_the_api_too(account: RunningAccount, table: None) -> None:
    told = asked(account, "SELECT count(*) AS n FROM shop.purchases")
    athena = account.client("athena")
    results = athena.get_query_results(QueryExecutionId=told["QueryExecutionId"])["ResultSet"]
    assert results["Rows"] == [{"Data": [{"VarCharValue": "n"}]}, {"Data": [{"VarCharValue": "4"}]}]


def test_a_query_that_cannot_be_answered_fails_with_the_reason(
    account: RunningAccount, lake: None
) -> None:
    told = asked(account, "SELECT * FROM shop.nothing")
    assert told["Status"]["State"] == "FAILED"
    assert "nothing" in told["Status"]["StateChangeReason"]
    told = asked(account, "SELECT 1", to="s3://no-such-bucket/x")
    assert told["Status"]["State"] == "FAILED"
    assert "NoSuchBucket" in told["Status"]["StateChangeReason"]


def test_what_is_not_emulated_is_refused_by_name(account: RunningAccount, lake: None) -> None:
    with pytest.raises(ClientError, match="does not emulate athena:INSERT statements"):
        asked(account, "INSERT INTO shop.purchases VALUES ('x')")
    with pytest.raises(ClientError, match="does not emulate glue:StartJobRun"):
        account.client("glue").start_job_run(JobName="x")
