"""Endpoints that really serve: models, configs, fleets of server processes, deployments.

Each module cites the AWS page it follows. Without a source, so to be compared with a real account:

- the wording of FailureReason after an alarm, a time-out or a missing alarm rolled back an update,
  and that an unknown alarm stops the update rather than the call;
- an alarm that is in ALARM when an update begins stops it before anything is launched;
- an update to the configuration that serves already makes a new fleet;
- a canary or batch given in percent rounds down to whole instances, to one at least;
- with other totals before and after, a rolling deployment lets old instances go in proportion;
- a connection that the container breaks off is a ModelError with OriginalStatusCode 502, and it
  counts in the 5XX metrics, as a timeout does;
- the third crash of a starting container fails the fleet (AWS goes on trying for some time);
- five missed pings in a row replace an instance;
- an invocation that names a variant that is not there (or a shadow), and any change to a Failed
  endpoint, get a validation error worded here;
- while an alarm rolls an update back, the status stays Updating;
- a shadow's captures lie under its own variant name, with the inference id of the request;
- a serverless process ends after ten idle minutes and answers one request at a time; its memory
  is measured, not limited; what serverless excludes is refused in words of ours;
- the wording with which an update that takes an autoscaled variant's instance type is refused.
"""

from collections.abc import Sequence

from emulator.faults.callers import Callers
from emulator.images import Images
from emulator.ports import Account
from emulator.sagemaker.endpoints.configs import EndpointConfigs
from emulator.sagemaker.endpoints.endpoints import Endpoints
from emulator.sagemaker.endpoints.models import Models
from emulator.sagemaker.endpoints.runtime import Runtime
from emulator.sagemaker.endpoints.upkeep import Upkeep


def rooms(account: Account, images: Images, callers: Callers | None = None) -> Sequence[object]:
    """Return what answers for models, configs, endpoints and invocations of ``account``.

    Start in this order, stop in the reverse one; the last, a ``Runtime``, has ``handle_runtime``.
    """
    models = Models(account, images)
    configs = EndpointConfigs(account, models)
    endpoints = Endpoints(account, images, models, configs, callers or Callers())
    return models, configs, endpoints, Upkeep(account, endpoints), Runtime(account, endpoints)
