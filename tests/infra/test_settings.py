import pytest

from infra.settings import PrivateNetwork, SettingsError, load


def test_an_unknown_environment_is_refused_with_those_that_exist() -> None:
    with pytest.raises(SettingsError, match=r"env must be one of dev, prod, got 'staging'"):
        load("staging")


def test_production_without_a_subscriber_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"at least one subscriber.*got none.*-c notify="):
        load("prod")


def test_a_subscriber_must_be_an_address() -> None:
    with pytest.raises(SettingsError, match=r"e-mail addresses.*got \['oncall'\]"):
        load("dev", notify="oncall")


def test_subscribers_are_separated_by_commas() -> None:
    assert load("prod", notify="a@example.org, b@example.org").notification_emails == (
        "a@example.org",
        "b@example.org",
    )


def test_a_private_network_spans_two_zones() -> None:
    with pytest.raises(SettingsError, match=r"at least 2 subnets.*got \['subnet-1'\]"):
        PrivateNetwork(subnet_ids=("subnet-1",), security_group_ids=("sg-1",))
