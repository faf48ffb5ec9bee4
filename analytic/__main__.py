"""``python -m analytic``."""

from analytic.packages import run_main

run_main("analytic.cli")
