"""The ledger table, appended to and never changed."""

from typing import Any

from botocore.exceptions import ClientError

from contracts.ledger import LedgerEntry


class Ledger:
    def __init__(self, table: Any) -> None:
        """``table`` is a boto3 DynamoDB Table resource."""
        self._table = table

    def append(self, entry: LedgerEntry) -> bool:
        """Write the line once; a step that is repeated finds it and leaves it as it was."""
        try:
            self._table.put_item(
                Item=entry.item(),
                ConditionExpression="attribute_not_exists(#entry)",
                ExpressionAttributeNames={"#entry": "entry"},
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                return False
            raise
        return True
