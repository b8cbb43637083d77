"""The ``SM_*`` variables that the SageMaker training toolkit gives to a training script.

https://github.com/aws/sagemaker-training-toolkit/blob/master/ENVIRONMENT_VARIABLES.md
"""

import json
import os
from collections.abc import Mapping
from typing import Any

from emulator.sagemaker.jobs.contract import HOST, INTERFACE
from emulator.sagemaker.jobs.job import Job


def toolkit_environment(
    job: Job, resource_config: Mapping[str, Any], input_data_config: Mapping[str, Any]
) -> dict[str, str]:
    parameters = {
        name: _decoded(value) for name, value in job.request.get("HyperParameters", {}).items()
    }
    channels = {name: str(job.ml / "input" / "data" / name) for name in sorted(input_data_config)}
    facts: dict[str, Any] = {
        "hosts": [HOST],
        "current_host": HOST,
        "network_interface_name": INTERFACE,
        "num_cpus": os.cpu_count() or 1,
        "num_gpus": 0,
        "num_neurons": 0,
        "log_level": 20,
        "input_dir": str(job.ml / "input"),
        "input_config_dir": str(job.ml / "input" / "config"),
        "output_dir": str(job.ml / "output"),
        "output_data_dir": str(job.ml / "output" / "data"),
        "model_dir": str(job.ml / "model"),
        "resource_config": dict(resource_config),
        "input_data_config": dict(input_data_config),
    }
    whole = facts | {
        "channel_input_dirs": channels,
        "hyperparameters": parameters,
        "job_name": job.name,
    }
    named = facts | {
        "channels": list(channels),
        "hps": parameters,
        "user_args": _arguments(parameters),
        "training_env": whole,
        **{f"channel_{name}": folder for name, folder in channels.items()},
        **{f"hp_{name}": value for name, value in parameters.items()},
    }
    return {f"SM_{name.upper()}": _text(value) for name, value in named.items()}


def _decoded(value: str) -> Any:
    """Return what a hyperparameter's text says as JSON, or the text itself."""
    try:
        return json.loads(value)
    except ValueError:
        return value


def _arguments(parameters: Mapping[str, Any]) -> list[str]:
    return [text for name in sorted(parameters) for text in (f"--{name}", _text(parameters[name]))]


def _text(value: Any) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True)
    return str(value)
