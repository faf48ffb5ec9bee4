"""Settings of every test."""

from hypothesis import settings

# A busy machine is no reason to fail: time is a matter of benchmarks.
settings.register_profile("untimed", parent=settings.get_profile("default"), deadline=None)
settings.load_profile("untimed")
