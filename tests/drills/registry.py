"""Which drill trips which alarm: tests/infra sees that none is missing."""

from lambdas.promotion.symptoms import Symptom
from tests.drills.alarm_names import INCIDENT, WARNING, candidate_s

_SERVING, _LOOP = "test_serving_drills.py", "test_loop_drills.py"
_CANDIDATES = "test_candidate_drills.py"

DRILLS: dict[str, str] = {
    "Invocation5XXErrors": f"{_SERVING}::test_a_version_that_fails_is_rolled_back",
    INCIDENT: f"{_SERVING}::test_a_version_that_fails_is_rolled_back",
    "ModelLatency": f"{_SERVING}::test_a_version_that_is_slow_is_rolled_back",
    "Invocation4XXErrors": f"{_SERVING}::test_refused_callers_mend_their_requests",
    WARNING: f"{_SERVING}::test_refused_callers_mend_their_requests",
    "CPUUtilization": f"{_SERVING}::test_a_full_instance_is_replaced",
    "MemoryUtilization": f"{_SERVING}::test_a_full_instance_is_replaced",
    "DiskUtilization": f"{_SERVING}::test_a_full_instance_is_replaced",
    "ChampionMismatches": f"{_LOOP}::test_a_deleted_endpoint_is_woken",
    "CaptureGap": f"{_LOOP}::test_deleted_captures_are_brought_back",
    "DriftedFeatureShare": f"{_LOOP}::test_other_requests_ask_for_a_retraining",
    "dead letters of a model": f"{_LOOP}::test_an_event_that_failed_is_sent_again",
    "dead letters of operations": f"{_LOOP}::test_an_end_that_nobody_was_told_is_told",
    **{
        candidate_s(symptom): f"{_CANDIDATES}::test_a_bad_candidate_is_sent_away"
        for symptom in Symptom
    },
}
"""The alarm's name (``alarm_names``), and the test."""
