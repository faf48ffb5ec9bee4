"""Settings of every test."""

from hypothesis import HealthCheck, settings

from tests.page import browser, explorer_html, narrow

#: Fixtures of more than one module.
__all__ = ["browser", "explorer_html", "narrow"]

# A busy machine is no reason to fail: time is a matter of benchmarks.
settings.register_profile(
    "untimed", parent=settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("untimed")
