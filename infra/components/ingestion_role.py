"""What the job that fetches a day may do: read the card's sources, write the model's data."""

from aws_cdk import Aws
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from contracts.card_ingestion import Ingestion, Source, SourceKind
from infra.components.model import Model
from infra.components.permissions import allow, allow_key, allow_listing, allow_objects, arn
from infra.components.sagemaker_roles import allow_network_interfaces, allow_running
from infra.components.service_role import ServiceRole

_BELOW = "ingestion stays below its model's own prefixes"
_TABLES = "a query may read any table of the card's database, at the places that the card names"


class IngestionRole(ServiceRole):
    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        model: Model,
        ingestion: Ingestion,
        code: s3_assets.Asset,
    ) -> None:
        super().__init__(scope, construct_id, service="sagemaker")
        data = model.stores.data
        kinds = {source.kind for source in ingestion.sources}
        answers = [model.passing] if SourceKind.QUERY in kinds else []
        written = [model.incoming, model.quarantine, model.ingested, *answers]
        raw = [model.raw] if SourceKind.PREFIX in kinds else []
        allow_objects(self, "s3:GetObject", bucket=data, prefixes=[*written, *raw], because=_BELOW)
        allow_objects(self, "s3:PutObject", bucket=data, prefixes=written, because=_BELOW)
        allow_objects(
            self,
            "s3:DeleteObject",
            bucket=data,
            prefixes=[model.incoming, model.ingested],
            because=_BELOW,
        )
        allow_listing(self, bucket=data, prefixes=[*written, *raw])
        allow(self, "s3:GetObject", on=[code.bucket.arn_for_objects(code.s3_object_key)])
        allow(self, "s3:ListBucket", on=[code.bucket.bucket_arn])
        allow_key(self, model.stores.key)
        allow_running(self, model, log_groups=["ProcessingJobs"])
        if model.settings.network is not None:
            allow_network_interfaces(self)
        for source in ingestion.sources:
            if source.kind is SourceKind.QUERY:
                self._allow_query(source)
        if SourceKind.QUERY in kinds:
            self._allow_results(model)

    def _allow_results(self, model: Model) -> None:
        """What Athena does in the caller's name where it leaves its answers.

        https://docs.aws.amazon.com/athena/latest/ug/querying.html
        """
        data = model.stores.data
        on_bucket = ("s3:GetBucketLocation", "s3:ListBucketMultipartUploads")
        allow(self, *on_bucket, on=[data.bucket_arn])
        allow_objects(
            self,
            "s3:AbortMultipartUpload",
            "s3:ListMultipartUploadParts",
            bucket=data,
            prefixes=[model.passing],
            because=_BELOW,
        )

    def _allow_query(self, source: Source) -> None:
        """https://docs.aws.amazon.com/athena/latest/ug/fine-grained-access-to-glue-resources.html."""
        allow(
            self,
            "athena:StartQueryExecution",
            "athena:GetQueryExecution",
            "athena:StopQueryExecution",
            on=[arn(self, "athena", "workgroup/primary")],
        )
        database = str(source.database)
        allow(
            self,
            "glue:GetDatabase",
            "glue:GetTable",
            "glue:GetTables",
            "glue:GetPartition",
            "glue:GetPartitions",
            on=[
                f"arn:{Aws.PARTITION}:glue:{Aws.REGION}:{Aws.ACCOUNT_ID}:catalog",
                arn(self, "glue", f"database/{database}"),
                arn(self, "glue", f"table/{database}/*"),
            ],
            because=_TABLES,
        )
        for uri in source.reads:
            bucket, _, prefix = uri.removeprefix("s3://").partition("/")
            place = f"arn:{Aws.PARTITION}:s3:::{bucket}"
            allow(self, "s3:GetObject", on=[f"{place}/{prefix}*"], because=_TABLES)
            allow(self, "s3:ListBucket", "s3:GetBucketLocation", on=[place])
