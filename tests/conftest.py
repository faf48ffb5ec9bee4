"""Settings of every test."""

from hypothesis import HealthCheck, settings

# A busy machine is no reason to fail: time is a matter of benchmarks.
settings.register_profile(
    "untimed", parent=settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("untimed")
