import asyncio
import json
from collections import Counter

import pytest

from .test_deployments import baking, models_seen, rolling


def there(sagemaker):
    """Return how many instances of each model run now."""
    endpoint = sagemaker.rooms[2].serving("churn")
    return Counter(
        pool.variant.model_name
        for fleet in endpoint.fleets()
        for pool in fleet.pools
        for one in pool.ready
        if not one.exited
    )


def test_instances_turn_over_in_batches_and_no_request_fails(sagemaker, account):
    sagemaker.serve("one", instances=4)
    over = asyncio.Event()

    async def client():
        answered = Counter()
        while not over.is_set():
            status, _, body = await sagemaker.ask("churn")
            answered[status] += 1
            assert status == 200, body
        return answered

    async def clients():
        return sum(await asyncio.gather(*(client() for _ in range(4))), Counter())

    load = asyncio.run_coroutine_threadsafe(clients(), sagemaker.loop)
    sagemaker.update("two", instances=4, deployment=rolling(size=25, wait=60))
    seen = []
    for done in (1, 2, 3, 4):
        whole = "full capacity " if done == 4 else ""
        sagemaker.until(lambda d=done, w=whole: f"on {w}of {d} instance" in baking(sagemaker))
        seen.append((dict(there(sagemaker)), models_seen(sagemaker, 200)["two"]))
        account.clock.advance(61)
    assert sagemaker.wait("InService")["EndpointConfigName"] == "two"
    sagemaker.loop.call_soon_threadsafe(over.set)
    assert load.result(20)[200] > 100
    assert [counts for counts, _ in seen] == [
        {"one": 4, "two": 1},
        {"one": 3, "two": 2},
        {"one": 2, "two": 3},
        {"one": 1, "two": 4},
    ]
    shares = [share for _, share in seen]
    assert shares == sorted(shares)
    assert 15 < shares[0] < 70
    assert there(sagemaker) == {"two": 4}


@pytest.mark.parametrize("back", [None, 1])
def test_an_alarm_brings_the_old_instances_back(sagemaker, account, back):
    alarms = account.clients["cloudwatch"].alarms
    alarms |= {"errors": "OK"}
    sagemaker.serve("one", instances=4)
    deployment = rolling(size=2, kind="INSTANCE_COUNT", wait=60, back=back, alarms=("errors",))
    sagemaker.update("two", instances=4, deployment=deployment)
    sagemaker.until(lambda: "of 2 instance" in baking(sagemaker))
    account.clock.advance(61)
    sagemaker.until(lambda: "full capacity of 4 instance" in baking(sagemaker))
    assert there(sagemaker) == {"one": 2, "two": 4}
    alarms["errors"] = "ALARM"
    described = sagemaker.wait("InService")
    assert described["EndpointConfigName"] == "one"
    assert described["FailureReason"].endswith("went into ALARM: errors.")
    assert there(sagemaker) == {"one": 4}
    assert models_seen(sagemaker) == {"one": 60}
    launched = [
        event.detail["PendingDeploymentSummary"]["ProductionVariants"][0]["VariantStatus"][0]
        for event in account.events
        if "Deployment" in event.type and "Launching" in json.dumps(event.detail)
    ]
    last = [stage["StatusMessage"] for stage in launched[2:]]
    assert last == (
        ["Launching 2 instance(s)."] if back is None else ["Launching 1 instance(s)."] * 2
    )


def test_a_rollback_that_fails_leaves_a_mix_until_the_next_update(sagemaker, account):
    alarms = account.clients["cloudwatch"].alarms
    alarms |= {"errors": "OK"}
    sagemaker.serve("one", instances=2)
    deployment = rolling(size=50, wait=60, alarms=("errors",))
    sagemaker.update("two", instances=2, deployment=deployment)
    sagemaker.until(lambda: "of 1 instance" in baking(sagemaker))
    account.clock.advance(61)
    sagemaker.until(lambda: "full capacity of 2 instance" in baking(sagemaker))
    (pool,) = sagemaker.rooms[2].serving("churn").fleet.pools
    pool._make = lambda: (_ for _ in ()).throw(OSError("no capacity"))
    alarms["errors"] = "ALARM"
    described = sagemaker.wait("UpdateRollbackFailed")
    assert "The rollback failed as well: no capacity" in described["FailureReason"]
    assert set(models_seen(sagemaker)) == {"one", "two"}
    alarms["errors"] = "OK"
    sagemaker.update("three", instances=2)
    assert sagemaker.wait("InService")["EndpointConfigName"] == "three"
    assert there(sagemaker) == {"three": 2}


def test_several_variants_do_not_roll_but_go_all_at_once(sagemaker):
    variants = []
    for name in ("a", "b"):
        sagemaker.model(name)
        variants.append(
            {
                "VariantName": name,
                "ModelName": name,
                "InstanceType": "ml.m5.large",
                "InitialInstanceCount": 2,
            }
        )
    for config in ("ab", "again"):
        sagemaker.call(
            "CreateEndpointConfig", EndpointConfigName=config, ProductionVariants=variants
        )
    sagemaker.call("CreateEndpoint", EndpointName="churn", EndpointConfigName="ab")
    sagemaker.wait("InService")
    sagemaker.call(
        "UpdateEndpoint",
        EndpointName="churn",
        EndpointConfigName="again",
        DeploymentConfig=rolling(wait=3600),
    )
    assert sagemaker.wait("InService")["EndpointConfigName"] == "again"
