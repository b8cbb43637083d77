"""All that a job's process sees of its surroundings: none of the account's own variables."""

from emulator.images import Image
from emulator.ports import Account
from emulator.sagemaker.jobs.contract import Contract, located
from emulator.sagemaker.jobs.job import Job

_SYSTEM_PATH = ("/usr/local/bin", "/usr/bin", "/bin")


def environment_of(
    job: Job, image: Image, contract: Contract, account: Account, access_key: str
) -> dict[str, str]:
    """Return the variables: a later source overrides an earlier, and where AWS is overrides all."""
    places = {"HOME": job.folder / "home", "TMPDIR": job.folder / "tmp"}
    for place in places.values():
        place.mkdir()
    asked = job.request.get("Environment", {})
    return {
        "PATH": ":".join([*map(str, image.path), *_SYSTEM_PATH]),
        "LANG": "C.UTF-8",
        # An image never changes, so bytecode is not written into it.
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        **{name: str(place) for name, place in places.items()},
        **image.environment,
        **contract.environment(job),
        **{name: located(value, job.ml) for name, value in asked.items()},
        "SAGEMAKER_BASE_DIR": str(job.ml),
        "AWS_REGION": account.region,
        "AWS_DEFAULT_REGION": account.region,
        "AWS_ENDPOINT_URL": account.endpoint_url,
        "AWS_ACCESS_KEY_ID": access_key,
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
