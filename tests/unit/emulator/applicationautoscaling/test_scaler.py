import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from emulator.applicationautoscaling.policy import Direction, Policy
from emulator.applicationautoscaling.scaler import Reading, Scaler
from emulator.applicationautoscaling.target import Resource, Target
from emulator.applicationautoscaling.variants import Capacity

START = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
RESOURCE = Resource(endpoint="churn", variant="live")


class World:
    """One target between 1 and 10 instances, its policies, and what their alarms say."""

    def __init__(self, count):
        self.time = START
        self.count = count
        self.in_service = True
        self.fails = None
        self.readings = {}
        self.policies = []
        self.target = Target(
            resource=RESOURCE, arn="arn", role="role", created=START, least=1, most=10
        )
        self.scaler = Scaler(self, self, self, lambda _target: self.policies)

    def now(self):
        return self.time

    def capacity(self, _resource):
        return Capacity(count=self.count, in_service=self.in_service, failure=None)

    def order(self, _resource, count):
        if self.fails is not None:
            raise ClientError({"Error": {"Code": "X", "Message": self.fails}}, "Update")
        self.count = count

    def read(self, name):
        return self.readings.get(name)

    def policy(self, name, **configuration):
        made = Policy(
            name=name,
            arn=f"arn-{name}",
            resource=RESOURCE,
            created=START,
            configuration={"TargetValue": 100.0} | configuration,
            alarms={side: f"{name}-{side}" for side in Direction},
        )
        self.policies.append(made)
        return made

    def ring(self, policy, direction, *values, ringing=True):
        policy.ringing.add(direction)
        self.readings[policy.alarms[direction]] = Reading(ringing=ringing, values=values)

    def consider(self):
        self.scaler.consider(self.target)
        end = time.monotonic() + 5
        while self.target.acting:
            assert time.monotonic() < end
            threading.Event().wait(0.005)
        return self.count


def test_any_policy_may_scale_out_and_the_highest_wish_counts():
    world = World(2)
    world.ring(world.policy("a"), Direction.OUT, 150.0)
    world.ring(world.policy("b"), Direction.OUT, 240.0)
    world.policy("c")
    assert world.consider() == 5
    assert world.scaler.activities[0].cause == (
        "monitor alarm b-AlarmHigh in state ALARM triggered policy b"
    )


def test_all_policies_must_be_ready_to_scale_in():
    world = World(4)
    first, second = world.policy("a"), world.policy("b")
    world.ring(first, Direction.IN, 0.0)
    assert world.consider() == 4
    world.ring(second, Direction.IN, 0.0)
    assert world.consider() == 3


def test_a_policy_that_does_not_scale_in_has_no_say_in_it():
    world = World(4)
    world.ring(world.policy("a"), Direction.IN, 0.0)
    world.policy("b", DisableScaleIn=True)
    assert world.consider() == 3
    alone = World(4)
    alone.ring(alone.policy("a", DisableScaleIn=True), Direction.IN, 0.0)
    assert alone.consider() == 4


def test_an_alarm_that_has_ended_moves_nothing_and_is_not_looked_at_again():
    world = World(2)
    policy = world.policy("a")
    world.ring(policy, Direction.OUT, 500.0, ringing=False)
    assert world.consider() == 2
    assert policy.ringing == set()
    assert world.target.retry is None


def test_scaling_in_waits_for_its_cool_down_and_scaling_out_does_not():
    world = World(4)
    policy = world.policy("a", ScaleInCooldown=300)
    world.ring(policy, Direction.IN, 0.0)
    assert world.consider() == 3
    assert world.target.retry == START + timedelta(minutes=1)
    world.time += timedelta(minutes=1)
    assert world.consider() == 3
    assert world.target.retry == START + timedelta(seconds=300)
    world.ring(policy, Direction.OUT, 200.0)
    assert world.consider() == 6
    world.ring(policy, Direction.OUT, ringing=False)
    world.time = START + timedelta(seconds=301)
    assert world.consider() == 5


def test_while_scaling_out_cools_down_what_was_added_counts_as_not_there_yet():
    world = World(2)
    policy = world.policy("a", ScaleOutCooldown=300)
    world.ring(policy, Direction.OUT, 200.0)
    assert world.consider() == 4
    world.time += timedelta(minutes=1)
    assert world.consider() == 4
    world.ring(policy, Direction.OUT, 300.0)
    assert world.consider() == 6
    world.time += timedelta(seconds=301)
    world.ring(policy, Direction.OUT, 130.0)
    assert world.consider() == 8


def test_the_bounds_hold_and_at_a_bound_nothing_is_looked_at_again():
    world = World(9)
    policy = world.policy("a")
    world.ring(policy, Direction.OUT, 900.0)
    assert world.consider() == 10
    world.time += timedelta(minutes=1)
    assert world.consider() == 10
    assert world.target.retry is None


def test_scaling_waits_a_minute_at_a_time_while_the_endpoint_changes():
    world = World(2)
    world.in_service = False
    world.ring(world.policy("a"), Direction.OUT, 200.0)
    assert world.consider() == 2
    assert world.target.retry == START + timedelta(minutes=1)
    assert not world.scaler.activities
    world.in_service = True
    assert world.consider() == 4


@pytest.mark.parametrize(
    ("member", "direction"),
    [
        ("DynamicScalingOutSuspended", Direction.OUT),
        ("DynamicScalingInSuspended", Direction.IN),
    ],
)
def test_a_suspended_direction_does_not_move(member, direction):
    world = World(2)
    world.ring(world.policy("a"), direction, 900.0 if direction is Direction.OUT else 0.0)
    world.target.bound({"SuspendedState": {member: True}})
    assert world.consider() == 2
    world.target.bound({"SuspendedState": {member: False}})
    assert world.consider() != 2


def test_an_order_that_is_refused_is_a_failed_activity_and_is_tried_again():
    world = World(2)
    world.fails = "Cannot update in-progress endpoint"
    world.ring(world.policy("a"), Direction.OUT, 200.0)
    assert world.consider() == 2
    (activity,) = world.scaler.activities
    assert activity.described()["StatusCode"] == "Failed"
    assert "Cannot update in-progress endpoint" in activity.described()["StatusMessage"]
    assert world.target.retry == START + timedelta(minutes=1)


def test_a_capacity_outside_new_bounds_is_brought_within_them():
    world = World(2)
    world.target.bound({"MinCapacity": 3, "MaxCapacity": 4})
    world.scaler.enforce(world.target)
    assert world.consider() == 3
    assert world.scaler.activities[0].cause == "minimum capacity was set to 3"
