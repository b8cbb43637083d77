"""What to do with an account that was left running."""

from demo.timeline import Timeline
from emulator.client import RunningAccount


def keep(account: RunningAccount, endpoint: str, row: str, timeline: Timeline) -> None:
    """Let the account outlive the demo, and print how to look around in it and how to end it."""
    account.detach()
    exports = "\n".join(f"export {name}={value}" for name, value in account.environment().items())
    timeline.say("kept", "the account runs on; in this folder:")
    print(
        f"""
{exports}
.venv/bin/python -m perennial status
.venv/bin/python -m perennial ledger --limit 20
.venv/bin/python -m perennial explain 1

# any AWS SDK or command line works; ask the endpoint about one customer
.venv/bin/python -c "import boto3; print(boto3.client('sagemaker-runtime').invoke_endpoint(\
EndpointName='{endpoint}', ContentType='text/csv', Body=b'{row}')['Body'].read())"

# let a week pass
curl -s -H 'content-type: application/json' -d '{{"advance_seconds": 604800}}' \
{account.endpoint_url}/_emulator/clock

# stop it
kill {account.pid}"""
    )
