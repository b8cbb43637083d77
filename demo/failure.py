"""What stops the demo: one plain sentence, evidence where there is any, and the next step."""


class DemoFailed(Exception):
    def __init__(self, message: str, *, next_step: str, evidence: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step
        self.evidence = evidence
