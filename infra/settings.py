"""What differs between environments, and nothing else."""

from dataclasses import dataclass, replace
from enum import StrEnum

from aws_cdk import RemovalPolicy
from aws_cdk import aws_logs as logs


class SettingsError(ValueError):
    """The settings asked for do not exist or do not hold together."""


class EnvironmentName(StrEnum):
    DEV = "dev"
    PROD = "prod"


class Tracking(StrEnum):
    """Whether SageMaker's managed MLflow keeps what training logs."""

    OFF = "off"
    ON = "on"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateNetwork:
    """Where jobs run when they may not leave the organisation's network."""

    subnet_ids: tuple[str, ...]
    security_group_ids: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.subnet_ids) < 2:
            raise SettingsError(
                "subnet_ids must name at least 2 subnets (in 2 availability zones), "
                f"got {list(self.subnet_ids)}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    name: EnvironmentName
    retain_data: bool
    """Whether deleting a stack leaves data, artifacts and the record behind."""
    subscriber_required: bool
    """Whether someone must be told how runs end."""
    notification_emails: tuple[str, ...] = ()
    log_retention: logs.RetentionDays
    reconcile_minutes: int
    """How often the reconciler looks by itself, beside the events that call it.

    Every five minutes a replayed year would be 105,000 looks, and even one a day a tenth of the
    replay's time (0.03 s each): where years are replayed the events must do, and a look a week
    for what has none.
    """
    idle_endpoints_sleep: bool
    """Whether a card's idle_hours removes its endpoint; production's stays."""
    network: PrivateNetwork | None = None
    tracking: Tracking = Tracking.OFF
    tracking_uri: str | None = None
    """A tracking server of one's own, instead of the managed one."""

    def __post_init__(self) -> None:
        self._check_tracking()
        if not 5 <= self.reconcile_minutes <= 10_080:
            raise SettingsError(
                f"reconcile_minutes must be between 5 and 10080, got {self.reconcile_minutes}"
            )
        if self.subscriber_required and not self.notification_emails:
            raise SettingsError(
                f"environment {self.name} must have at least one subscriber to its notifications, "
                "got none; name one with `-c notify=oncall@your-company` "
                f"(make: `make deploy ENV={self.name} NOTIFY=oncall@your-company`)"
            )
        odd = [email for email in self.notification_emails if "@" not in email]
        if odd:
            raise SettingsError(f"notify must be e-mail addresses, separated by commas, got {odd}")

    def _check_tracking(self) -> None:
        if self.tracking_uri is None:
            return
        if self.tracking is Tracking.ON:
            raise SettingsError(
                "training logs to one place: give tracking=on (managed) or tracking_uri, not both"
            )
        if not self.tracking_uri.startswith(("http://", "https://", "arn:")):
            raise SettingsError(
                f"tracking_uri must begin with http://, https:// or arn:, got {self.tracking_uri!r}"
            )

    @property
    def removal(self) -> RemovalPolicy:
        return RemovalPolicy.RETAIN if self.retain_data else RemovalPolicy.DESTROY


def load(name: str, *, notify: str = "", tracking: str = "off", tracking_uri: str = "") -> Settings:
    """Return the settings of the environment ``name``; ``notify`` is addresses by comma."""
    try:
        environment = EnvironmentName(name)
    except ValueError:
        allowed = ", ".join(EnvironmentName)
        raise SettingsError(f"env must be one of {allowed}, got {name!r}") from None
    emails = tuple(email.strip() for email in notify.split(",") if email.strip())
    settings = (
        _prod(emails)
        if environment is EnvironmentName.PROD
        else replace(DEV, notification_emails=emails)
    )
    return replace(settings, tracking=_tracking(tracking), tracking_uri=tracking_uri or None)


def _tracking(name: str) -> Tracking:
    try:
        return Tracking(name)
    except ValueError:
        allowed = ", ".join(Tracking)
        raise SettingsError(f"tracking must be one of {allowed}, got {name!r}") from None


DEV = Settings(
    name=EnvironmentName.DEV,
    retain_data=False,
    subscriber_required=False,
    log_retention=logs.RetentionDays.TWO_WEEKS,
    reconcile_minutes=10_080,
    idle_endpoints_sleep=True,
)


def _prod(emails: tuple[str, ...]) -> Settings:
    return Settings(
        name=EnvironmentName.PROD,
        retain_data=True,
        subscriber_required=True,
        notification_emails=emails,
        log_retention=logs.RetentionDays.ONE_YEAR,
        reconcile_minutes=5,
        idle_endpoints_sleep=False,
    )
