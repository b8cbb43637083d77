"""What ends a promotion: each class's name is the execution's error."""


class PromotionRefused(Exception):
    """The version must not be deployed; nothing was touched."""


class CandidateUnfit(PromotionRefused):
    """It is not what was registered, or callers could not use it: it is rejected as well."""


class CandidateFailedSmokeTest(Exception):
    """It did not start or answered wrongly, alone and before any caller could reach it."""


class CandidateRolledBack(Exception):
    """The endpoint went back to what served before, by the candidate's fault: it is rejected."""


class SmokeTestBroken(Exception):
    """The smoke test could not be made; nothing is known of the candidate. Redrive tries again."""


class DeploymentFailed(Exception):
    """The platform lacked something (capacity, a quota, access). Redrive tries again."""


class SilentRollback(Exception):
    """The endpoint serves another configuration, and nothing says why. Redrive tries again."""


class EndpointBusy(Exception):
    """The endpoint, or another promotion of it, was waited for as long as may be."""


class EndpointUnsettled(Exception):
    """The endpoint is neither on the candidate nor back: nobody may conclude anything yet."""


class ProbesUnanswered(Exception):
    """The candidate serves but does not answer its probes as it must."""
