from emulator.cloudwatch.gauge import Gauge


def test_a_level_is_sampled_every_full_minute_from_when_it_is_known() -> None:
    gauge = Gauge()
    for moment, value in ((130.0, 0.0), (150.0, 0.0), (200.0, 2.0)):
        gauge.read(moment, value)
    samples = [(datum.timestamp, datum.maximum) for datum in gauge.samples(0, 300)]
    assert samples == [(180, 0.0), (240, 2.0), (300, 2.0)]
    assert gauge.moments(0) == [120, 180, 180, 240]


def test_a_level_that_was_never_read_has_no_samples() -> None:
    assert list(Gauge().samples(0, 600)) == []
