"""What an environment keeps: its key, buckets, repository and tables, passed as one value."""

from dataclasses import dataclass

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

from contracts.environment import Variable


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    key: kms.Key
    data: s3.Bucket
    artifacts: s3.Bucket
    captures: s3.Bucket
    reports: s3.Bucket
    repository: ecr.Repository
    ledger: dynamodb.Table
    state: dynamodb.Table

    def variables(self) -> dict[str, str]:
        """What a handler is told about them."""
        return {
            Variable.KEY_ARN: self.key.key_arn,
            Variable.DATA_BUCKET: self.data.bucket_name,
            Variable.ARTIFACTS_BUCKET: self.artifacts.bucket_name,
            Variable.CAPTURES_BUCKET: self.captures.bucket_name,
            Variable.REPORTS_BUCKET: self.reports.bucket_name,
            Variable.REPOSITORY_NAME: self.repository.repository_name,
            Variable.LEDGER_TABLE: self.ledger.table_name,
            Variable.STATE_TABLE: self.state.table_name,
        }
