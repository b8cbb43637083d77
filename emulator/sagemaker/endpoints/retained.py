"""What an update keeps of the running endpoint (RetainAllVariantProperties)."""

from dataclasses import replace

from emulator.sagemaker.endpoints.configs import EndpointConfig
from emulator.sagemaker.endpoints.fleet import Fleet
from emulator.sagemaker.operations import Request


def retained(request: Request, config: EndpointConfig, running: Fleet) -> EndpointConfig:
    """Return ``config`` with the running instance counts, weights and capture, where asked for.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateEndpoint.html
    """
    if not request.get("RetainAllVariantProperties", False):
        return config
    left_out = {
        one["VariantPropertyType"] for one in request.get("ExcludeRetainedVariantProperties", [])
    }
    sizes = {
        pool.variant.name: (
            None if "DesiredInstanceCount" in left_out else pool.desired,
            None if "DesiredWeight" in left_out else pool.weight,
        )
        for pool in running.everyone
    }
    config = config.resized(sizes)
    if "DataCaptureConfig" in left_out:
        return config
    return replace(config, capture=running.config.capture)
