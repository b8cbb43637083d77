"""Images pushed through the account's control endpoint, as ECR shows them."""

from pathlib import Path

import pytest

from emulator.client import AccountError, RunningAccount

pytestmark = pytest.mark.system


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    (tmp_path / "ml").mkdir()
    (tmp_path / "ml" / "train.py").write_text("print('trained')\n")
    return tmp_path


def test_a_pushed_image_has_the_digest_that_ecr_shows(account: RunningAccount, sources: Path):
    ecr = account.client("ecr")
    ecr.create_repository(repositoryName="shown", imageTagMutability="IMMUTABLE")
    for _ in range(2):
        image = account.register_image(
            "shown", "v1", root=sources, sources=["ml"], entrypoint=["python", "-m", "ml.train"]
        )
    shown = ecr.describe_images(repositoryName="shown")["imageDetails"]
    assert [(found["imageDigest"], found["imageTags"]) for found in shown] == [
        (image["digest"], ["v1"])
    ]


def test_an_immutable_tag_refuses_other_content_with_ecr_s_code(
    account: RunningAccount, sources: Path
):
    account.client("ecr").create_repository(
        repositoryName="immutable", imageTagMutability="IMMUTABLE"
    )
    account.register_image("immutable", "v1", root=sources, sources=["ml"], entrypoint=["python"])
    (sources / "ml" / "train.py").write_text("print('retrained')\n")
    with pytest.raises(AccountError) as raised:
        account.register_image(
            "immutable", "v1", root=sources, sources=["ml"], entrypoint=["python"]
        )
    assert raised.value.code == "ImageTagAlreadyExistsException"


def test_an_image_needs_its_repository(account: RunningAccount, sources: Path):
    with pytest.raises(AccountError) as raised:
        account.register_image("absent", "v1", root=sources, sources=["ml"], entrypoint=["x"])
    assert raised.value.code == "RepositoryNotFoundException"


def test_a_control_call_that_is_no_json_is_refused(account: RunningAccount):
    import urllib.error
    import urllib.request

    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(f"{account.endpoint_url}/_emulator/clock", data=b"to=1999")
    with raised.value as answer:
        assert answer.code == 415
