"""The state table: the few facts that change in place, one item each, by name."""

KEY = "item"
"""The table's partition key (text); it has no sort key."""


def lease(model: str) -> str:
    """Who retrains the model now (lambdas.adapters.leases)."""
    return f"lease#{model}"


def promotion_lease(model: str) -> str:
    """Which promotion may move the model's endpoint now."""
    return f"promotion#{model}"


def admission(model: str) -> str:
    """The last run that was admitted, and the data that the last finished run had."""
    return f"admission#{model}"


def rejections(model: str) -> str:
    """The runs whose candidates were rejected since the last promotion or resumption."""
    return f"rejections#{model}"


def paused(model: str) -> str:
    """A person's pause of the model's runs and promotions: ``by``, ``reason``, ``since``."""
    return f"paused#{model}"


def asleep(model: str) -> str:
    """The deployment whose endpoint was removed while idle: ``deployment``, ``since``."""
    return f"asleep#{model}"


def reconciliation(model: str) -> str:
    """What the last comparison of pointer, registry and endpoint said (lambdas.reconciler)."""
    return f"reconciliation#{model}"


def champion(model: str) -> str:
    """The champion pointer: the fields of contracts.run.Champion."""
    return f"champion#{model}"


def batch(batch_id: str) -> str:
    """Which execution scores a batch: ``execution``."""
    return f"batch#{batch_id}"


def drift(model: str) -> str:
    """Up to when drift checks have read the captures, of which version, and the last verdict."""
    return f"drift#{model}"


def quality(model: str) -> str:
    """Up to when quality checks have judged the answers, and the last verdict."""
    return f"quality#{model}"


def settled(execution_arn: str, redrive: int, status: str) -> str:
    """The claim that makes one end of one execution one notification."""
    return f"settled#{execution_arn}#{redrive}#{status}"


def accepted(model: str) -> str:
    """The last snapshot that validation accepted: contracts.snapshot.Accepted."""
    return f"accepted#{model}"
