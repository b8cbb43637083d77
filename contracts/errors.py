"""How a bad document is refused: by naming the thing, the value and what is allowed."""


class ContractError(ValueError):
    """A document (card, report, event) does not have the agreed shape."""
