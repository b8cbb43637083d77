"""Endpoints that really serve: models, configs, fleets of server processes, deployments."""

from collections.abc import Sequence

from emulator.images import Images
from emulator.ports import Account
from emulator.sagemaker.endpoints.configs import EndpointConfigs
from emulator.sagemaker.endpoints.endpoints import Endpoints
from emulator.sagemaker.endpoints.models import Models
from emulator.sagemaker.endpoints.runtime import Runtime
from emulator.sagemaker.endpoints.upkeep import Upkeep


def rooms(account: Account, images: Images) -> Sequence[object]:
    """Return what answers for models, configs, endpoints and invocations of ``account``.

    Start in this order, stop in the reverse one; the last, a ``Runtime``, has ``handle_runtime``.
    """
    models = Models(account, images)
    configs = EndpointConfigs(account, models)
    endpoints = Endpoints(account, images, models, configs)
    return models, configs, endpoints, Upkeep(account, endpoints), Runtime(account, endpoints)
