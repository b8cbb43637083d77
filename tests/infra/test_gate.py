"""What the gate may do in AWS: look at the champion pointer, and not move it."""

from tests.infra.support import Templates, listed, statements, text_of


def test_the_gate_may_read_the_champion_pointer_and_write_nothing_of_the_state(
    prod: Templates,
) -> None:
    def on_state(arn: object) -> bool:
        return "State" in text_of(arn)

    allowed = [
        action
        for name, statement in statements(prod)
        if "GateRole" in name.replace("DataGate", "")
        and any(on_state(arn) for arn in listed(statement["Resource"]))
        for action in listed(statement["Action"])
    ]
    assert allowed
    assert set(allowed) == {"dynamodb:GetItem"}
