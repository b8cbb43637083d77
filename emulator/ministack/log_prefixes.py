"""FilterLogEvents by ``logStreamNamePrefix``: the streams of one variant, job or function only.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
"""

from collections.abc import Mapping
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import cloudwatch_logs

from emulator.ministack.seams import Seam

SEAMS = (
    Seam(path="ministack.services.cloudwatch_logs:_filter_log_events", parameters=("data",)),
    Seam(path="ministack.services.cloudwatch_logs:_log_groups"),
    "ministack.core.responses:error_response_json",
    "ministack.services.cloudwatch_logs:_resolve_log_group_name",
)

_NONE = [""]
"""A stream that no group has: MiniStack takes an empty list for all streams."""


def install() -> None:
    original = cloudwatch_logs._filter_log_events

    def filtered(data: Mapping[str, Any]) -> Any:
        prefix = data.get("logStreamNamePrefix")
        if prefix is None:
            return original(data)
        if data.get("logStreamNames"):
            message = "logStreamNames and logStreamNamePrefix cannot both be specified."
            return error_response_json("InvalidParameterException", message, 400)
        group = cloudwatch_logs._resolve_log_group_name(data)
        streams = cloudwatch_logs._log_groups.get(group, {"streams": {}})["streams"]
        named = [name for name in list(streams) if name.startswith(prefix)]
        return original({**data, "logStreamNames": named or _NONE})

    cloudwatch_logs._filter_log_events = filtered
