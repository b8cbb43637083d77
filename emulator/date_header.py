"""The Date of every answer: the wall's, beside the account's own time under its own name.

AWS's SDKs compare ``Date`` with the machine's clock, take a difference for a skewed clock and
repeat the call; the SDK for JavaScript does so for each refused call, which cost the CDK CLI 40 s
a time. So ``Date`` stays true to the machine, and ``x-account-time`` says what time it is here.
"""

from email.utils import formatdate
from typing import Any

from emulator.account_clock import AccountClock
from emulator.control import Application, Receive, Scope, Send
from emulator.moved_time import real_time

ACCOUNT_TIME = b"x-account-time"


def dated(application: Application, clock: AccountClock) -> Application:
    """Give every HTTP answer of ``application`` both times."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def date(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                now = formatdate(real_time(), usegmt=True).encode()
                kept = [pair for pair in message.get("headers", ()) if pair[0].lower() != b"date"]
                account_time = clock.now().strftime("%Y-%m-%dT%H:%M:%SZ").encode()
                message = {
                    **message,
                    "headers": [*kept, (b"date", now), (ACCOUNT_TIME, account_time)],
                }
            await send(message)

        await application(scope, receive, date)

    return answer
